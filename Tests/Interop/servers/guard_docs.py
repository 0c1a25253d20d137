"""Writes the tables of docs/guard.md anew: python -m servers.guard_docs, in Tests/Interop."""

import re
import sys
import tempfile
from pathlib import Path

import program

from . import KINDS, start
from .base import ROOT, ServerError

PAGE = ROOT / "docs" / "guard.md"


def guard(*words, environment: dict[str, str] | None = None) -> str:
    with tempfile.TemporaryDirectory() as folder:
        done = program.run(
            "guard", "--format", "markdown", "-q", "-o", Path(folder) / "results", *words,
            environment=environment,
        )  # fmt: skip
    if done.code != 0:
        raise ServerError(f"guard ended with {done.code}: {done.err}")
    return done.out.strip()


def on(kind: str) -> str:
    with tempfile.TemporaryDirectory(prefix="server-") as folder:
        with start(kind, Path(folder)) as server:
            table = guard(
                "--target", server.url, "--bucket", server.bucket, "--signer", "local",
                environment=server.environment,
            )  # fmt: skip
            return f"{server.version}.\n\n{table}"


def main(kinds: list[str]) -> None:
    text = PAGE.read_text()
    for kind in kinds:
        print(kind, file=sys.stderr)
        table = guard() if kind == "embedded" else on(kind)
        marks = (f"<!-- begin {kind} -->", f"<!-- end {kind} -->")
        pattern = re.compile(re.escape(marks[0]) + ".*?" + re.escape(marks[1]), re.DOTALL)
        text, count = pattern.subn(lambda _: f"{marks[0]}\n{table}\n{marks[1]}", text)
        if count != 1:
            raise ServerError(f"{PAGE} has no place for {kind}")
    PAGE.write_text(text)


main(sys.argv[1:] or ["embedded", *KINDS])
