"""Faults on demand, and whether every upload is accounted for."""

import json
import subprocess
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import program
from account import Account, Run
from endpoint import Endpoint
from section import Section

TITLE = "Faults on demand"
INTRODUCTION = """Each fault at a role of `serve` ([faults.md](faults.md)), under each strategy that goes there, with 8
clients of the closed model and with 200 arrivals per second of the open model, without and with `--retry standard`.
*Started* are the rows of `samples.csv`; *succeeded* and *failed* are so in `samples.csv`, `summary.csv`, `timeline.csv` and
`histograms.csv`. *Objects* are those that the bucket lists afterwards. *Explained* are the objects of failed uploads: by
`serve --log` they were stored and the answer was lost or a later step failed. *Accounted* is yes when no upload is missing or
counted twice, objects are successes and explained ones, and no upload took longer than its requests' time-outs."""

UPLOADS = 24
JOBS = 12
IDLE_TIMEOUT_S = 1.5
LONG = "2500ms"
EVERYWHERE = [
    "presigned-put", "presigned-post", "presigned-multipart", "proxy-json", "proxy-binary",
    "edge-redirect", "accelerated-put",
]  # fmt: skip
VARIANTS = [(model, retry) for retry in ("none", "standard") for model in ("closed", "open")]
# At roles other than the store.
FEWER_VARIANTS = [("closed", "none"), ("open", "standard")]
ONLY = {"edge": ["edge-redirect"], "accelerate": ["accelerated-put"]}
FAULTS = [
    "store:503=20%", "store:500=20%", "store:reset=20%", "store:reset", f"store:stall={LONG}@20%",
    "store:slow-read=1MiB/s@20%", "store:slow-read=24KiB/s@20%", f"store:stall-answer={LONG}@20%",
    "store:corrupt-etag=20%", "store:reset-answer=20%", "store:reset-answer", "store:truncate=20%",
    "store:close-after-headers=20%",
    "gateway:429=20%", "gateway:500=20%", "gateway:reset=20%", f"gateway:stall={LONG}@20%",
    f"gateway:stall-answer={LONG}@20%", "gateway:reset-answer=20%", "gateway:truncate=20%",
    "gateway:close-after-headers=20%",
    "edge:503=20%", "edge:reset=20%", f"edge:stall={LONG}@20%", "edge:truncate=20%",
    "accelerate:503=20%", "accelerate:reset=20%", f"accelerate:stall={LONG}@20%",
    "accelerate:reset-answer=20%", "accelerate:truncate=20%",
    "store:503=5%,reset=5%,reset-answer=5%,truncate=5%;gateway:500=5%,reset-answer=5%;edge:503=5%;accelerate:reset=5%",
]  # fmt: skip


@dataclass
class Sum:
    """All runs of one fault."""

    runs: int = 0
    started: int = 0
    succeeded: int = 0
    failed: Counter = field(default_factory=Counter)
    objects: int = 0
    explained: int = 0
    wrong: list[str] = field(default_factory=list)

    def add(self, account: Account | None, name: str) -> None:
        self.runs += 1
        if account is None:
            self.wrong.append(name)
            return
        self.started += account.started
        self.succeeded += account.succeeded
        self.failed += account.failed
        self.objects += account.objects
        self.explained += account.explained
        self.wrong += [f"{name}: {reason}" for reason in account.wrong]

    def row(self, fault: str) -> list[str]:
        failed = ", ".join(f"{count} {name}" for name, count in self.failed.most_common())
        return [
            f"`{fault}`", str(self.runs), str(self.started), str(self.succeeded), failed or "–",
            str(self.objects), str(self.explained), "NO" if self.wrong else "yes",
        ]  # fmt: skip


class Served:
    """A `serve` with a fault, and a run against it."""

    def __init__(self, folder: Path, fault: str):
        self.folder, self.fault = folder, fault
        self.log = folder / "log.jsonl"
        self.endpoint = Endpoint(
            folder, "--fault", fault, "--seed", "7", "--store", "memory:1GiB", "--log", self.log
        )

    def run(self, strategy: str, model: str, retry: str) -> Run:
        results = self.folder / f"{strategy}-{model}-{retry}"
        load = ["-c", "8"] if model == "closed" else ["-r", "200"]
        ready = self.endpoint.ready
        done = program.run(
            "run", "--target", ready["store"], "--gateway", ready["gateway"], "--edge", ready["edge"],
            "--accelerate", ready["accelerate"], "--bucket", ready["bucket"], "--region", ready["region"],
            "--scenarios", strategy, "--size", "64KiB", *load, "-n", UPLOADS, "--rounds", "1",
            "--warmup", "0s", "--retry", retry, "--idle-timeout", f"{IDLE_TIMEOUT_S}s", "-q", "-o", results,
            environment={"UPLOADBENCH_TOKEN": ready["token"]},
        )  # fmt: skip
        # 1: no upload succeeded.
        if done.code not in (0, 1) or json.loads((results / "run.json").read_text())["status"] != "complete":
            raise AssertionError(f"run ended with {done.code}: {done.text[-500:]}")
        keys, lines = self._settle(results)
        return Run(strategy, results, lines, keys, UPLOADS, IDLE_TIMEOUT_S, outlasts(self.fault))

    def _settle(self, results: Path) -> tuple[set[str], list[dict]]:
        """What a client no longer waits for comes to its end all the same."""
        gave_up = "timed-out" in (results / "samples.csv").read_text()
        time.sleep(2.5 if outlasts(self.fault) else 0)
        before = None
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and before != (now := (self.endpoint.keys(), self._lines())):
            before = now
            time.sleep(1.5 if gave_up else 0.4)
        return now

    def _lines(self) -> list[dict]:
        """Without listings, which are this check's own."""
        lines = map(json.loads, self.log.read_text().splitlines())
        return [line for line in lines if line["method"] != "GET"]


def outlasts(fault: str) -> bool:
    """Does a request that it delays take longer than the time-out?"""
    return LONG in fault or "24KiB" in fault


def variants(fault: str) -> list[tuple[str, str]]:
    return VARIANTS if fault.startswith("store:") else FEWER_VARIANTS


def strategies(fault: str) -> list[str]:
    return ONLY.get(fault.split(":")[0], EVERYWHERE)


def accounts(folder: Path, fault: str, model: str, retry: str) -> list[tuple[str, Account | None]]:
    """One `serve` for each run: what clients of a run gave up on cannot reach into the next."""
    return [account(folder, fault, strategy, model, retry) for strategy in strategies(fault)]


def account(folder: Path, fault: str, strategy: str, model: str, retry: str) -> tuple[str, Account | None]:
    """None of a run that did not come to its end."""
    name = f"{fault}, {strategy}, {model}, retry {retry}"
    place = folder / strategy
    place.mkdir(parents=True)
    try:
        served = Served(place, fault)
        with served.endpoint:
            return name, Account(served.run(strategy, model, retry))
    except (AssertionError, OSError, subprocess.TimeoutExpired) as error:
        return f"{name}: {error}", None


def measure(binary: str, folder: Path) -> Section:
    program.BINARY = binary
    sums = {fault: Sum() for fault in FAULTS}
    # Most of the time is spent waiting for time-outs and between attempts. The longest go first.
    with ThreadPoolExecutor(max_workers=JOBS) as pool:
        jobs = [
            (fault, pool.submit(accounts, folder / f"{FAULTS.index(fault)}-{model}-{retry}", fault, model, retry))
            for fault in sorted(FAULTS, key=lambda fault: not outlasts(fault))
            for model, retry in variants(fault)
        ]
        for fault, job in jobs:
            for name, account in job.result():
                sums[fault].add(account, name)
    columns = ["fault", "runs", "started", "succeeded", "failed", "objects", "explained", "accounted"]
    failures = [reason for total in sums.values() for reason in total.wrong]
    return Section(columns, [total.row(fault) for fault, total in sums.items()], failures)
