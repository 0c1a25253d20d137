"""Starts the program under test in a clean environment."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BINARY = os.environ.get("UPLOADBENCH", str(ROOT / ".build/debug/uploadbench"))

# What the machine's owner may have set and what no check may depend on.
INHERITED_SETTINGS = [
    name
    for name in os.environ
    if name.startswith(("AWS_", "UPLOADBENCH_")) or name.lower().endswith("_proxy")
]

# Cases made by others that the Swift tests read too.
VECTORS = ROOT / "Tests/PresignTests/Fixtures"

TIME_LIMIT_S = 120


@dataclass
class Ended:
    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return self.out + self.err


def clean_environment(**settings: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in INHERITED_SETTINGS}
    fixed = {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
        "NO_PROXY": "*",
    }
    return kept | fixed | settings


def run(*words, environment: dict[str, str] | None = None, stdin: str = "", cwd=None) -> Ended:
    """Runs the program to its end."""
    done = subprocess.run(
        [BINARY, *map(str, words)],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT_S,
        cwd=cwd,
        env=clean_environment(**(environment or {})),
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def start(*words, environment: dict[str, str] | None = None, **pipes) -> subprocess.Popen:
    """Starts the program; the caller ends it."""
    return subprocess.Popen(
        [BINARY, *map(str, words)], env=clean_environment(**(environment or {})), **pipes
    )


def tool(*words, environment: dict[str, str] | None = None, stdin: bytes | None = None) -> Ended:
    """Runs another client, such as curl or the AWS CLI."""
    done = subprocess.run(
        [str(word) for word in words],
        input=stdin,
        capture_output=True,
        timeout=TIME_LIMIT_S,
        env=clean_environment(**(environment or {})),
    )
    return Ended(
        done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
    )
