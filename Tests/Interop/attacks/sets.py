"""The groups, as the checks and `make torture` try them."""

from . import bodies, floods, heads, parts, requests
from .cases import ROLES, Case, Tally, try_group, watched
from .wire import exchange


def groups(endpoint, scale: int = 1) -> dict[str, list[Case]]:
    """Cases by group, with the sizes that `scale` times."""
    upload = endpoint.s3().create_multipart_upload(Bucket=endpoint.bucket, Key="xml")["UploadId"]
    return {
        "two lengths, transfer codings": heads.both_lengths(),
        "syntax of heads": heads.lines(),
        "hosts and absolute targets": heads.hosts(),
        "large heads": heads.floods(scale),
        "chunks": bodies.chunks(endpoint, scale),
        "aws-chunked": bodies.aws_chunked(endpoint, scale),
        "multipart/form-data": parts.forms(endpoint, scale),
        "policy documents": parts.policies(endpoint),
        "JSON": bodies.json_documents(endpoint, scale),
        "Base64 and content types": bodies.images(endpoint),
        "XML": bodies.xml_documents(endpoint, upload, scale),
        "signatures": requests.signatures(endpoint),
        "numbers and ranges": requests.numbers(endpoint),
        "keys and paths": requests.paths(endpoint),
    }


def over_tls(scale: int = 1) -> dict[str, list[Case]]:
    """What does not depend on the end of a connection, which TLS has in a way of its own."""
    ended = ("end", "half", "nothing", "one byte", "Expect and no body")
    plain = {
        "two lengths, transfer codings": heads.both_lengths(), "syntax of heads": heads.lines(),
        "hosts and absolute targets": heads.hosts(), "large heads": heads.floods(scale),
    }  # fmt: skip
    return {
        f"{name}, TLS": [case for case in cases if not any(word in case.name for word in ended)]
        for name, cases in plain.items()
    }


def file_names(endpoint) -> Tally:
    """`${filename}` becomes a name, never a path; what is stored is what the answer says."""

    def attack(tally: Tally) -> None:
        form = parts.Form(endpoint, [["starts-with", "$key", "form/"]])
        for name, key, what in parts.file_names(endpoint):
            file = parts.file_part(b"named", f'; filename="{name}"')
            [answer] = exchange(endpoint.store, parts.post(endpoint, form.body([("key", "form/${filename}")], file)))
            tally.statuses[answer.status] += 1
            if answer.status != 204 or endpoint.stored(key) != b"named":
                tally.failures.append(f"file name {what}: {answer.status}")

    return watched(endpoint, "`${filename}`", attack)


def crowds(endpoint, scale: int = 1) -> list[Tally]:
    return [
        watched(endpoint, "pipelines without a reader", lambda tally: floods.pipelines(endpoint, tally, 100_000 * scale, 8 * 1024)),
        watched(endpoint, "uploads cut at each point", lambda tally: floods.half_closed(endpoint, tally, min(scale, 8))),
        watched(endpoint, "random bytes, TLS records", lambda tally: floods.garbage(endpoint, tally, 60 * scale)),
        watched(endpoint, "slow clients", lambda tally: floods.slow(endpoint, tally, 50 * scale)),
    ]  # fmt: skip


__all__ = ["ROLES", "crowds", "file_names", "groups", "over_tls", "try_group"]
