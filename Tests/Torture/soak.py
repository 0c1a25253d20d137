"""Long and large: half an hour of load, huge bodies, and very many samples; keeps a record of each.

Usage: soak.py BINARY [--minutes M] [--service-time HOW] [--samples N] [--only PART…]

The load is 80% of what a closed model gets through on this machine just before, open model, Poisson arrivals, all
strategies in turn, three rounds. Ends with 1 when memory or descriptors grow, an upload fails, or a body does not
pass in bounded memory.
"""

import argparse
import csv
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import processes
from section import Section, keep
from torture import commit, machine

STRATEGIES = "presigned-put,presigned-post,presigned-multipart,proxy-json,proxy-binary,edge-redirect"
ROUNDS = 3
LOOK_S = 5
# What may come and go in a process that is not growing: caches, a thread's heap, a table that doubles.
FLAT_KIB = 2048
FEW_DESCRIPTORS = 8
BODY_LIMIT_KIB = 320 * 1024


class Watch:
    """Samples a run and the endpoint that it started until the run ends."""

    def __init__(self, words: list[str]):
        self.looks: list[dict] = []
        self.started = time.monotonic()
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.peaks = {"run": 0, "serve": 0}

    def wait(self, look_s: float) -> tuple[str, str]:
        while True:
            try:
                out, err = self.process.communicate(timeout=look_s)
            except subprocess.TimeoutExpired:
                self.look()
                continue
            if self.process.returncode != 0:
                sys.exit(f"run ended with {self.process.returncode}:\n{out}{err}")
            return out, err

    def look(self) -> None:
        pids = {"run": self.process.pid}
        pids |= {"serve": child for child in processes.children(self.process.pid)}
        found = {"seconds": time.monotonic() - self.started}
        for role, pid in pids.items():
            rss, peak = processes.field(pid, "VmRSS"), processes.field(pid, "VmHWM")
            count = processes.descriptors(pid)
            if rss is None or peak is None or count is None:
                return
            found[role] = (rss, count)
            self.peaks[role] = max(self.peaks[role], peak)
        if "serve" in found:
            self.looks.append(found)


def slope_per_hour(looks: list[dict], role: str) -> float:
    """Least squares over resident memory, KiB per hour."""
    times = [look["seconds"] / 3600 for look in looks]
    return statistics.linear_regression(times, [look[role][0] for look in looks]).slope


def run_words(binary: str, folder: Path, *more) -> list[str]:
    return [
        binary, "run", "--link", "loopback", "--warmup", "0s", "-q", "-o", str(folder), *map(str, more),
    ]  # fmt: skip


def capacity(binary: str, folder: Path, service: list[str]) -> float:
    """Uploads per second of the slowest strategy under a closed model."""
    words = run_words(
        binary, folder, "--scenarios", STRATEGIES, "--size", "16KiB", "-c", 32, "-d", "5s", "--rounds", 1,
        "--samples", "none", *service,
    )  # fmt: skip
    subprocess.run(words, check=True, capture_output=True)
    with open(folder / "summary.csv") as file:
        return min(float(row["achieved_per_s"]) for row in csv.DictReader(file))


def soak(binary: str, folder: Path, minutes: float, service: list[str], section: Section) -> None:
    highest = capacity(binary, folder / "capacity", service)
    rate = round(0.8 * highest, 1)
    cells = ROUNDS * len(STRATEGIES.split(","))
    seconds = minutes * 60 / cells
    watch = Watch(
        run_words(
            binary, folder / "soak", "--scenarios", STRATEGIES, "--size", "16KiB", "-r", rate,
            "--arrivals", "poisson", "-d", f"{seconds:.0f}s", "--rounds", ROUNDS, *service,
        )  # fmt: skip
    )
    watch.wait(LOOK_S)
    with open(folder / "soak/summary.csv") as file:
        rows = list(csv.DictReader(file))
    uploads = sum(int(row["uploads"]) for row in rows)
    errors = sum(int(row["errors"]) + int(row["overflow"] or 0) for row in rows)
    section.rows.append([
        f"soak, {minutes:g} min", f"{rate:g} uploads/s, 80% of {highest:.0f}/s; {uploads:,} uploads",
        f"{errors} failed or not started", "ok" if errors == 0 else "WRONG",
    ])  # fmt: skip
    if errors:
        section.failures.append(f"the soak had {errors} errors")
    judge_growth(watch, section)


def judge_growth(watch: Watch, section: Section) -> None:
    """The first round fills the caches: judged are the other two."""
    end = watch.looks[-1]["seconds"]
    steady = [look for look in watch.looks if look["seconds"] > end / ROUNDS]
    half = len(steady) // 2
    for role in ("run", "serve"):
        before = statistics.median(look[role][0] for look in steady[:half])
        after = statistics.median(look[role][0] for look in steady[half:])
        slope = slope_per_hour(steady, role)
        # A burst of arrivals opens connections, which are kept a while: the fewest tell of a leak.
        first = min(look[role][1] for look in steady[:half])
        last = min(look[role][1] for look in steady[half:])
        most = max(look[role][1] for look in steady)
        is_flat = after - before <= FLAT_KIB and last <= first + FEW_DESCRIPTORS
        section.rows.append([
            f"memory of {role}", f"{before / 1024:.1f} MiB in the second round, {after / 1024:.1f} in the third;"
            f" slope {slope / 1024:+.2f} MiB/h; peak {watch.peaks[role] / 1024:.1f} MiB",
            f"descriptors: at least {first}, then {last}; at most {most}", "flat" if is_flat else "GROWS",
        ])  # fmt: skip
        if not is_flat:
            section.failures.append(f"{role} grows: {before} KiB, {after} KiB; descriptors {first}, {last}")


def bodies(binary: str, folder: Path, section: Section) -> None:
    for scenario, size in (("presigned-put", "5GiB"), ("presigned-multipart", "20GiB")):
        watch = Watch(
            run_words(binary, folder / scenario, "--scenarios", scenario, "--size", size, "-n", 1, "-c", 1,
                      "--rounds", 1)
        )  # fmt: skip
        watch.wait(0.05)
        with open(folder / scenario / "samples.csv") as file:
            sample = next(csv.DictReader(file))
        peaks = {role: peak / 1024 for role, peak in watch.peaks.items()}
        is_right = sample["outcome"] == "ok" and max(watch.peaks.values()) < BODY_LIMIT_KIB
        section.rows.append([
            f"{size} by {scenario}", f"{int(sample['bytes_sent']):,} bytes sent in {int(sample['upload_us']) / 1e6:.1f} s",
            f"peak: run {peaks['run']:.0f} MiB, serve {peaks['serve']:.0f} MiB", "ok" if is_right else "WRONG",
        ])  # fmt: skip
        if not is_right:
            section.failures.append(f"{size} by {scenario}: {sample['outcome']}, peaks {peaks}")


def volume(count: int, folder: Path, section: Section) -> None:
    """The Swift test of the recording path, in a release build, with `count` samples."""
    report = folder / "volume.json"
    words = [
        "swift", "test", "-c", "release", "-Xswiftc", "-enable-testing", "--scratch-path", ".build-release-tests",
        "--filter", "RecordingVolumeTests",
    ]  # fmt: skip
    environment = os.environ | {"SAMPLE_COUNT": str(count), "SAMPLE_REPORT": str(report)}
    done = subprocess.run(words, capture_output=True, text=True, env=environment)
    if done.returncode != 0 or not report.exists():
        section.failures.append(f"the recording path: {done.stdout[-2000:]}{done.stderr[-2000:]}")
        return
    figures = json.loads(report.read_text())
    section.rows.append([
        f"{count:,} samples", f"recorded at {figures['record_ns']:.0f} ns each into histograms and samples.csv"
        f" ({figures['file_bytes'] / 1e9:.1f} GB), read back at {figures['read_ns']:.0f} ns each",
        f"peak memory grew by {figures['peak_growth_kib'] / 1024:.1f} MiB", "ok",
    ])  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--service-time", help="what limits the capacity; default: the machine")
    parser.add_argument("--samples", type=int, default=100_000_000)
    parser.add_argument("--only", nargs="+", choices=["bodies", "soak", "volume"], default=["bodies", "soak", "volume"])
    given = parser.parse_args()
    service = ["--service-time", given.service_time] if given.service_time else []
    binary = os.path.abspath(given.binary)
    parts = {
        "bodies": lambda folder, section: bodies(binary, folder, section),
        "soak": lambda folder, section: soak(binary, folder, given.minutes, service, section),
        "volume": lambda folder, section: volume(given.samples, folder, section),
    }
    failures = []
    for name in given.only:
        section = Section(["what", "how much", "memory and descriptors", ""], [])
        if name == "soak" and service:
            section.notes.append(f"What sets the capacity is an emulated service time: `{given.service_time}`.")
        with tempfile.TemporaryDirectory() as folder:
            parts[name](Path(folder), section)
        print(section.markdown(), flush=True)
        keep(name, section, measured_on=str(date.today()), commit=commit(), machine=machine())
        failures += section.failures
    for failure in failures:
        print(f"FAILED {failure}", file=sys.stderr)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
