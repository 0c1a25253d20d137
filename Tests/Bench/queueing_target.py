"""A server with a service time, and an open-model run against it."""

import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

BUCKET = "queueing"


class Endpoint:
    """`serve` without a network in between."""

    def __init__(self, binary: str, service_time: str | None):
        self.words = [binary, "serve", "--store", "discard", "--bucket", BUCKET]
        if service_time:
            self.words += ["--service-time", service_time]

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        ready = Path(self.folder.name) / "ready.json"
        self.process = subprocess.Popen(
            [*self.words, "--ready-file", ready, "--until-stdin-closes"],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)  # fmt: skip
        while not ready.exists():
            if self.process.poll() is not None:
                sys.exit("serve ended while starting")
            time.sleep(0.005)
        self.facts = json.loads(ready.read_text())
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()
        self.folder.cleanup()


@dataclass
class Upload:
    number: int
    intended_s: float
    response_s: float


class Run:
    """Uploads by round, in the order of their intended starts; ends the program if one failed."""

    def __init__(self, binary, endpoint, rate, rounds, seconds, warmup_s, arrivals="poisson"):
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "run"
            facts = endpoint.facts
            credentials = {
                "AWS_ACCESS_KEY_ID": facts["access_key"], "AWS_SECRET_ACCESS_KEY": facts["secret_key"],
            }  # fmt: skip
            subprocess.run(
                [binary, "run", "--target", facts["store"], "--bucket", BUCKET, "--region",
                 facts["region"], "--signer", "local", "--scenarios", "presigned-put", "--size", "1KiB",
                 "--rate", f"{rate:g}", "--arrivals", arrivals, "--duration", f"{seconds}s", "--warmup",
                 f"{warmup_s}s", "--rounds", str(rounds), "--threads", "1", "--quiet", "--out", out],
                env=os.environ | credentials, check=True, stdout=subprocess.DEVNULL)  # fmt: skip
            self.with_warmup = [[] for _ in range(rounds)]
            self.rounds = [[] for _ in range(rounds)]
            for row in csv.DictReader((out / "samples.csv").open()):
                self._take(row)
            summary = list(csv.DictReader((out / "summary.csv").open()))
        self.lag_p99_us = max(int(row["schedule_lag_p99_us"]) for row in summary)
        for one in self.rounds + self.with_warmup:
            one.sort(key=lambda upload: upload.number)

    def _take(self, row: dict) -> None:
        if row["outcome"] != "ok":
            sys.exit(f"an upload ended as {row['outcome']} {row['error_code']}")
        upload = Upload(int(row["upload"]), int(row["intended_us"]) / 1e6, int(row["response_us"]) / 1e6)
        self.with_warmup[int(row["round"]) - 1].append(upload)
        if row["warmup"] == "0":
            self.rounds[int(row["round"]) - 1].append(upload)
