"""Writes the tables of docs/servers.md anew, by doctor and by guard: python -m servers.doctor_docs, in Tests/Interop."""

import csv
import json
import re
import sys
import tempfile
from pathlib import Path

import botocore.exceptions

import program

from . import KINDS, start
from .base import ROOT, ServerError

PAGE = ROOT / "docs" / "servers.md"
ORIGIN = "https://app.example"
STRATEGIES = "presigned-put,presigned-post,presigned-multipart"
# Of this machine and the moment, not of a server.
LEFT_OUT = re.compile(r"(store|gateway|edge|accelerate)-(dns|tcp|tls|clock)|credentials|rate")


def doctor(server, **settings: str) -> tuple[dict, int]:
    words = ["doctor", "--format", "json", "--origin", ORIGIN, "--scenarios",
             STRATEGIES]  # fmt: skip
    environment = {}
    if server:
        words += ["--target", server.url, "--bucket", server.bucket]
        environment = server.environment
    done = program.run(*words, environment=environment | settings)
    try:
        return json.loads(done.out), done.code
    except json.JSONDecodeError:
        raise ServerError(f"doctor ended with {done.code}: {done.text}") from None


def allow_pages(server) -> None:
    """Rules as doctor's advice has them, so that the table says what a server can."""
    rule = {
        "AllowedOrigins": [ORIGIN], "AllowedMethods": ["PUT", "POST"], "AllowedHeaders": ["*"],
        "ExposeHeaders": ["ETag"], "MaxAgeSeconds": 3600,
    }  # fmt: skip
    try:
        server.s3().put_bucket_cors(Bucket=server.bucket, CORSConfiguration={"CORSRules": [rule]})
    except botocore.exceptions.ClientError as error:
        print(f"{server.name}: {error}", file=sys.stderr)


def table(reports: dict[str, dict]) -> str:
    """A row per check, a column per server, and below what was seen where it is not a pass."""
    checks = {
        name: {check["id"]: check for check in report["checks"] if not LEFT_OUT.fullmatch(check["id"])}
        for name, report in reports.items()
    }
    ids = list(dict.fromkeys(id for found in checks.values() for id in found))
    lines = ["| check | " + " | ".join(reports) + " |", "|---" * (len(reports) + 1) + "|"]
    notes = []
    for id in ids:
        row = [checks[name][id]["outcome"] if id in checks[name] else "" for name in reports]
        lines.append(f"| {id} | " + " | ".join(row) + " |")
    for name, found in checks.items():
        other = [check for check in found.values() if check["outcome"] != "pass"]
        if other:
            notes += ["", f"**{name}**", ""]
            notes += [f"- {check['id']}: {plain(check['detail'])}" for check in other]
    return "\n".join(lines + notes)


def guard(server) -> dict[tuple[str, str], str]:
    """What became of each upload that should be refused, signed here."""
    place = ["--target", server.url, "--bucket", server.bucket] if server else []
    with tempfile.TemporaryDirectory() as folder:
        done = program.run(
            "guard", "-q", "--signer", "local", "--scenarios", STRATEGIES, *place,
            "-o", Path(folder) / "results", environment=server.environment if server else {},
        )  # fmt: skip
        if done.code != 0:
            raise ServerError(f"guard ended with {done.code}: {done.err}")
        rows = csv.DictReader((Path(folder) / "results/guard.csv").read_text().splitlines())
        return {
            (row["scenario"], row["case"]): " ".join(filter(None, (row["outcome"], row["http_status"], row["error_code"])))
            for row in rows
        }


def differences(tables: dict[str, dict]) -> str:
    """The rows in which a server's outcome is another than the embedded endpoint's."""
    first, *others = tables.values()
    lines = ["| strategy | case | " + " | ".join(tables) + " |", "|---" * (len(tables) + 2) + "|"]
    for row, expected in first.items():
        found = [other.get(row, "") for other in others]
        # What a server does not have at all, it does not enforce otherwise.
        outcomes = {text.split(" ")[0] for text in found} - {"not-supported"}
        if outcomes != {expected.split(" ")[0]}:
            lines.append("| " + " | ".join([*row, expected, *found]) + " |")
    return "\n".join(lines)


def put(text: str, name: str, made: str) -> str:
    marks = (f"<!-- begin {name} -->", f"<!-- end {name} -->")
    pattern = re.compile(re.escape(marks[0]) + ".*?" + re.escape(marks[1]), re.DOTALL)
    text, count = pattern.subn(lambda _: f"{marks[0]}\n{made}\n{marks[1]}", text)
    if count != 1:
        raise ServerError(f"{PAGE} has no place for {name}")
    return text


def plain(text: str) -> str:
    """Without what differs from run to run."""
    return re.sub(r"uploadbench/\d{8}t\d{6}z-[0-9a-f]+/", "uploadbench/RUN/", text)


def main(kinds: list[str]) -> None:
    reports, guarded = {}, {}
    for kind in kinds:
        print(kind, file=sys.stderr)
        if kind == "embedded":
            reports["embedded endpoint"], _ = doctor(None)
            guarded["embedded endpoint"] = guard(None)
            continue
        with tempfile.TemporaryDirectory(prefix="server-") as folder, start(kind, Path(folder)) as server:
            allow_pages(server)
            reports[server.version], _ = doctor(server)
            guarded[server.version] = guard(server)
    text = put(PAGE.read_text(), "doctor", table(reports))
    PAGE.write_text(put(text, "guard", differences(guarded)))


if __name__ == "__main__":
    main(sys.argv[1:] or ["embedded", *KINDS])
