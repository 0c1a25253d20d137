"""What guard has to find, written by hand from what AWS documents and what was recorded of it.

One line per case, one cell per strategy: "by status code" for a refusal, "outcome status" otherwise, "-"
where the case does not apply. Acceleration changes nothing of what S3 enforces, so its strategies are held
to the cells of those without. Statuses of the API are those of docs/gateway-api.md.
"""

STRATEGIES = (
    "proxy-json", "proxy-binary", "edge-redirect", "presigned-put", "presigned-post",
    "presigned-multipart",
)  # fmt: skip

# Query authentication: a changed method, path, query or signed header is SignatureDoesNotMatch; an x-amz-
# header that is not signed is AccessDenied ("There were headers present in the request which were not
# signed"), looked for before the signature; so is a request that has expired or is from the future by more
# than 15 minutes ("Request is not yet valid"). POST policies: a condition that fails, a field that is not
# covered and an expired policy are AccessDenied, the size has codes of its own. A policy has no beginning:
# that a form from the future is taken is not recorded anywhere, and follows from "expiration" being the
# only time in it. CORS refuses preflights with AccessForbidden and never the request itself, and
# multipart/form-data is sent without asking.
AWS = """
honest-upload        | stored 201   | stored 201   | stored 201                   | stored 201                   | stored 201                  | stored 201
too-large-by-one     | api 413      | api 413      | stored 201                   | stored 201                   | s3 400 EntityTooLarge       | stored 201
too-large-100x       | api 413      | api 413      | stored 201                   | stored 201                   | s3 400 EntityTooLarge       | stored 201
too-small            | stored 201   | stored 201   | stored 201                   | stored 201                   | s3 400 EntityTooSmall       | stored 201
wrong-type           | stored 201   | stored 201   | s3 403 SignatureDoesNotMatch | s3 403 SignatureDoesNotMatch | s3 403 AccessDenied         | confined 201
lying-type           | api 415      | api 415      | api 415                      | api 415                      | api 415                     | api 415
key-outside-prefix   | confined 201 | confined 201 | s3 403 SignatureDoesNotMatch | s3 403 SignatureDoesNotMatch | s3 403 AccessDenied         | s3 403 SignatureDoesNotMatch
key-dot-dot          | confined 201 | stored 201   | s3 403 SignatureDoesNotMatch | s3 403 SignatureDoesNotMatch | s3 403 AccessDenied         | s3 403 SignatureDoesNotMatch
other-users-key      | confined 201 | api 403      | s3 403 SignatureDoesNotMatch | s3 403 SignatureDoesNotMatch | s3 403 AccessDenied         | s3 403 SignatureDoesNotMatch
overwrite            | confined 201 | stored 201   | stored 201                   | stored 201                   | stored 201                  | stored 201
replay-after-expiry  | -            | -            | s3 403 AccessDenied          | s3 403 AccessDenied          | s3 403 AccessDenied         | s3 403 AccessDenied
replay-before-expiry | -            | -            | stored 201                   | stored 201                   | stored 204                  | s3 404 NoSuchUpload
changed-method       | api 404      | api 404      | s3 403 SignatureDoesNotMatch | s3 403 SignatureDoesNotMatch | s3 403 AccessDenied         | s3 403 SignatureDoesNotMatch
changed-header       | -            | -            | s3 403 SignatureDoesNotMatch | s3 403 SignatureDoesNotMatch | s3 403 AccessDenied         | s3 403 SignatureDoesNotMatch
added-header         | -            | confined 201 | s3 403 AccessDenied          | s3 403 AccessDenied          | -                           | s3 403 AccessDenied
extra-field          | -            | -            | -                            | -                            | s3 403 AccessDenied         | -
file-not-last        | -            | -            | -                            | -                            | s3 400 InvalidArgument      | -
expired-token        | api 401      | api 401      | edge 401                     | api 401                      | api 401                     | api 401
clock-60s-ahead      | -            | -            | stored 200                   | stored 200                   | stored 204                  | stored 200
clock-60s-behind     | -            | -            | stored 200                   | stored 200                   | stored 204                  | stored 200
clock-20min-ahead    | -            | -            | s3 403 AccessDenied          | s3 403 AccessDenied          | stored 204                  | s3 403 AccessDenied
clock-20min-behind   | -            | -            | s3 403 AccessDenied          | s3 403 AccessDenied          | s3 403 AccessDenied         | s3 403 AccessDenied
short-expires        | -            | -            | s3 403 AccessDenied          | s3 403 AccessDenied          | s3 403 AccessDenied         | s3 403 AccessDenied
signed-length        | -            | -            | s3 403 SignatureDoesNotMatch | s3 403 SignatureDoesNotMatch | -                           | s3 403 SignatureDoesNotMatch
if-none-match        | -            | stored 201   | s3 412 PreconditionFailed    | s3 412 PreconditionFailed    | -                           | s3 412 PreconditionFailed
checksum-mismatch    | -            | stored 201   | s3 400 BadDigest             | s3 400 BadDigest             | s3 400 BadDigest            | s3 400 BadDigest
foreign-origin       | stored 201   | stored 200   | s3 403 AccessForbidden       | s3 403 AccessForbidden       | stored 204                  | s3 403 AccessForbidden
"""

# Signed by the client itself, S3 alone: there is no review, the form's policy fixes only the beginning of a
# key where the case is about keys, and the token is the session's.
AWS_SIGNED_LOCALLY = {
    "honest-upload": ("stored 200", "stored 204", "stored 200"),
    "too-large-by-one": ("stored 200", None, "stored 200"),
    "too-large-100x": ("stored 200", None, "stored 200"),
    "too-small": ("stored 200", None, "stored 200"),
    "wrong-type": (None, None, "s3 403 SignatureDoesNotMatch"),
    "lying-type": ("stored 200", "stored 204", "stored 200"),
    # Keys are taken as they are: the beginning is right.
    "key-dot-dot": (None, "stored 204", None),
    "overwrite": ("stored 200", "stored 204", "stored 200"),
    "replay-before-expiry": ("stored 200", "stored 204", None),
    "expired-token": ("s3 400 InvalidToken", "s3 400 InvalidToken", "s3 400 InvalidToken"),
}

# Ceph's RADOS Gateway 16.2.15, where it differs: it takes headers that are not signed and signatures from
# the future, knows no x-amz-checksum-* and no condition on completions, and has no session tokens unless
# its STS is on. Where no CORS is set, its code is AccessDenied.
CEPH = {
    "added-header": ("stored 200", None, "confined 200"),
    "expired-token": ("stored 200", "stored 204", "stored 200"),
    "clock-20min-ahead": ("stored 200", None, "stored 200"),
    "if-none-match": (None, None, "stored 200"),
    "checksum-mismatch": ("stored 200", "stored 204", "stored 200"),
    "foreign-origin": ("s3 403 AccessDenied", None, "s3 403 AccessDenied"),
}

LOCAL = ("presigned-put", "presigned-post", "presigned-multipart")


def through_the_api() -> dict[tuple[str, str], str]:
    table = {}
    for line in AWS.strip().splitlines():
        case, *cells = (cell.strip() for cell in line.split("|"))
        assert len(cells) == len(STRATEGIES), case
        for strategy, cell in zip(STRATEGIES, cells):
            table[strategy, case] = cell
            if strategy.startswith("presigned"):
                table[strategy.replace("presigned", "accelerated"), case] = cell
    return table


def signed_locally(*changes: dict) -> dict[tuple[str, str], str]:
    table = {key: cell for key, cell in through_the_api().items() if key[0] in LOCAL}
    for change in (AWS_SIGNED_LOCALLY, *changes):
        for case, cells in change.items():
            for strategy, cell in zip(LOCAL, cells):
                if cell:
                    table[strategy, case] = cell
    return table


def cell(row: dict[str, str]) -> str:
    """A row of guard.csv in the words of the tables above."""
    if row["outcome"] == "not-applicable":
        return "-"
    first = row["refused_by"] if row["outcome"] == "refused" else row["outcome"]
    return " ".join(filter(None, (first, row["http_status"], row["error_code"])))


def differences(rows: list[dict], expected: dict[tuple[str, str], str]) -> list[str]:
    found = {(row["scenario"], row["case"]): cell(row) for row in rows}
    return [
        f"{' '.join(key)}: {found.get(key)!r}, expected {expected.get(key)!r}"
        for key in sorted(found.keys() | expected.keys())
        if found.get(key) != expected.get(key)
    ]
