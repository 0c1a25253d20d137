"""Builds the fuzz targets and runs them, all at once or as many as there are cores; `make fuzz`.

Usage: fuzz.py [--seconds N] [--jobs N] [--only TARGET…] [--no-build]

Ends with 1 on a finding, with the command that repeats it. New inputs that reach new code are merged into
Tests/Fuzz/corpus; the table goes to Tests/Torture/records/fuzz.json, from which `make torture` writes it into
docs/reliability.md. FUZZ_SECONDS (default 3600) is the wall time of each target.
"""

import argparse
import concurrent.futures
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SCRATCH = ROOT / ".build-fuzz"
BINARY = SCRATCH / "release/uploadbench-fuzz"
FINDINGS = SCRATCH / "findings"
sys.path.insert(0, str(ROOT / "Tests/Torture"))

import torture  # noqa: E402
from section import Section, keep  # noqa: E402

# Inputs that reach the limits of what is parsed are longer than libFuzzer makes them by itself.
LONGEST = {"http": 40_000, "form": 30_000, "policy": 24_000, "batch": 16_000, "results": 16_000}
KEPT_BYTES = 1500
# At the lowest priority a target may wait for the CPU so long that any input looks like a hang. What is slow is run
# again alone, and counts when it takes this much CPU time then.
PATIENCE_S = 300
SLOW_S = 2
COLUMNS = [
    "target", "executions", "per second", "wall s", "CPU s", "edges", "features", "inputs kept",
    "crashes", "hangs", "leaks",
]  # fmt: skip


@dataclass
class Outcome:
    target: str
    log: str
    exit_code: int
    wall_seconds: float
    cpu_seconds: float
    findings: list[Path]

    def count(self, *kinds: str) -> int:
        return sum(path.name.split("-")[0] in kinds for path in self.findings)

    def number(self, pattern: str) -> int:
        found = re.findall(pattern, self.log)
        return int(found[-1]) if found else 0

    def row(self) -> list[str]:
        executions = self.number(r"stat::number_of_executed_units: (\d+)") or self.number(r"#(\d+)\s")
        return [
            self.target, f"{executions:,}", f"{executions / max(self.wall_seconds, 1):.0f}",
            f"{self.wall_seconds:.0f}", f"{self.cpu_seconds:.0f}", str(self.number(r"cov: (\d+)")),
            str(self.number(r"ft: (\d+)")), str(len(list((HERE / "corpus" / self.target).iterdir()))),
            str(self.count("crash", "oom")), str(self.count("timeout", "slow")), str(self.count("leak")),
        ]  # fmt: skip


def targets() -> list[str]:
    text = (HERE / "Targets/FuzzTarget.swift").read_text()
    return re.findall(r"^    case (\w+)$", text, re.MULTILINE)


def build() -> None:
    subprocess.run(
        ["swift", "build", "-c", "release", "--product", "uploadbench-fuzz", "--scratch-path", SCRATCH],
        cwd=ROOT, env=os.environ | {"UPLOADBENCH_FUZZ": "1"}, check=True,
    )  # fmt: skip


def environment(target: str) -> dict[str, str]:
    # Swift's own backtraces take seconds, and libFuzzer has its own.
    return os.environ | {"UPLOADBENCH_FUZZ_TARGET": target, "SWIFT_BACKTRACE": "enable=no"}


def fuzz(target: str, seconds: int) -> Outcome:
    findings = FINDINGS / target
    # One of an earlier run has the same name if it is found again.
    shutil.rmtree(findings, ignore_errors=True)
    findings.mkdir(parents=True)
    corpus = HERE / "corpus" / target
    with tempfile.TemporaryDirectory() as work:
        command = [
            str(BINARY), work, str(corpus), f"-max_total_time={seconds}", f"-timeout={PATIENCE_S}",
            "-rss_limit_mb=1500", "-malloc_limit_mb=256", "-print_final_stats=1",
            f"-artifact_prefix={findings}/", f"-max_len={LONGEST.get(target, 4096)}",
        ]  # fmt: skip
        dictionary = HERE / f"dictionaries/{target}.dict"
        if dictionary.exists():
            command.append(f"-dict={dictionary}")
        started = os.times()
        log, code, usage = run(command, target)
        wall_seconds = os.times().elapsed - started.elapsed
        for path in [*findings.glob("slow-unit-*"), *findings.glob("timeout-*")]:
            if cpu_of(path, target) < SLOW_S:
                path.unlink()
        merge(target, work, corpus)
    cpu_seconds = usage.ru_utime + usage.ru_stime
    return Outcome(target, log, code, wall_seconds, cpu_seconds, sorted(findings.iterdir()))


def run(command: list[str], target: str, suffix: str = "fuzz") -> tuple[str, int, resource.struct_rusage]:
    """What it printed, its exit code, and the CPU time of that one process."""
    with open(SCRATCH / f"{target}.{suffix}.log", "w+b") as log:
        process = subprocess.Popen(
            ["nice", "-n", "19", *command], stdout=log, stderr=log, env=environment(target)
        )
        _, status, usage = os.wait4(process.pid, 0)
        log.seek(0)
        return log.read().decode(errors="replace"), os.waitstatus_to_exitcode(status), usage


def cpu_of(path: Path, target: str) -> float:
    """CPU seconds of one input."""
    _, _, usage = run([str(BINARY), str(path), "-timeout=60"], target, "again")
    return usage.ru_utime + usage.ru_stime


def merge(target: str, work: str, corpus: Path) -> None:
    """Only short inputs are kept, so that the repository stays small; longer ones are made by hand."""
    subprocess.run(
        [BINARY, "-merge=1", f"-max_len={KEPT_BYTES}", f"-artifact_prefix={SCRATCH}/merge-", corpus, work],
        env=environment(target), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=int(os.environ.get("FUZZ_SECONDS", "3600")))
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--only", nargs="+", choices=targets(), default=targets())
    parser.add_argument("--no-build", action="store_true")
    given = parser.parse_args()
    if not given.no_build:
        build()
    with concurrent.futures.ThreadPoolExecutor(given.jobs) as pool:
        outcomes = list(pool.map(lambda name: fuzz(name, given.seconds), given.only))
    section = Section(COLUMNS, [outcome.row() for outcome in outcomes])
    print(section.markdown())
    for outcome in outcomes:
        if outcome.exit_code != 0 and not outcome.findings:
            section.failures.append(
                f"{outcome.target}: ended with {outcome.exit_code}, see {SCRATCH}/{outcome.target}.fuzz.log"
            )
        for path in outcome.findings:
            section.failures.append(
                f"{outcome.target}: UPLOADBENCH_FUZZ_TARGET={outcome.target} SWIFT_BACKTRACE=enable=no {BINARY} {path}"
            )
    if given.only == targets():
        keep(
            "fuzz", section, measured_on=str(date.today()), commit=torture.commit(),
            machine=torture.machine(),
        )  # fmt: skip
    for failure in section.failures:
        print(f"FAILED {failure}", file=sys.stderr)
    sys.exit(1 if section.failures else 0)


if __name__ == "__main__":
    main()
