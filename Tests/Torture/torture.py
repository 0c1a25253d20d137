"""Runs what is to break uploadbench and writes docs/reliability.md.

Usage: torture.py BINARY [--only SECTION…] [--print]

Ends with 1 when something did break. The sections that take an hour or more (`make fuzz`, `make soak`) are not run
here: their last records are shown, with their dates.
"""

import argparse
import importlib
import os
import platform
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

from section import Section, kept

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/reliability.md"
MEASURED = ["faults", "hostile", "interruption"]
RECORDED = {
    "fuzz": ("Fuzzing", "`make fuzz`: libFuzzer with the corpus in `Tests/Fuzz`."),
    "coverage": (
        "What the corpus reaches",
        "`make fuzz-coverage`: lines of the files that each target is there for, run by its own inputs alone. "
        "`Tests/Torture/records/coverage.json` names each region that none runs.",
    ),
    "soak": ("Half an hour of load", "`make soak`: all strategies in turn, open model, Poisson arrivals."),
    "bodies": ("Large bodies", "`make soak`: one upload each, to a store that discards."),
    "volume": ("Many samples", "`make soak`: the recording path of a run, in a release build."),
}
HEAD = """# Reliability

Made by `make torture`; not edited by hand. What each claim of safety rests on is in [SECURITY.md](../SECURITY.md).
"""


def machine() -> str:
    return f"{os.cpu_count()} cores, Linux {platform.release().split('-')[0]}"


def commit() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True
    )
    return done.stdout.strip() or "unknown"


def measure(binary: str, names: list[str]) -> tuple[list[str], list[str]]:
    """The text of each section, and what failed."""
    texts, failures = [], []
    for name in names:
        module = importlib.import_module(name)
        print(f"{name} …", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory() as folder:
            section: Section = module.measure(binary, Path(folder))
        texts.append(f"## {module.TITLE}\n\n{module.INTRODUCTION}\n\n{section.markdown()}")
        failures += [f"{name}: {failure}" for failure in section.failures]
    return texts, failures


def recorded() -> list[str]:
    texts = []
    for name, (title, introduction) in RECORDED.items():
        if found := kept(name):
            section, origin = found
            texts.append(f"## {title}\n\n{introduction} {origin}\n\n{section.markdown()}")
    return texts


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--only", nargs="+", choices=MEASURED, default=MEASURED)
    parser.add_argument("--print", action="store_true", help="print instead of writing the page")
    given = parser.parse_args()
    # Behind the sections: a module of the same name there is another one.
    sys.path.append(str(ROOT / "Tests/Interop"))
    texts, failures = measure(os.path.abspath(given.binary), given.only)
    origin = f"\nMeasured on {date.today()}, commit {commit()}, {machine()}.\n"
    page = "\n".join([HEAD + origin, *texts, *recorded()])
    if given.print or given.only != MEASURED:
        print(page)
    else:
        PAGE.write_text(page)
    for failure in failures:
        print(f"FAILED {failure}", file=sys.stderr)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
