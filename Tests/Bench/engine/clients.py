"""The clients that are compared: how each is started, and how many uploads it says it made."""

import csv
import os
import re
import resource
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
CONNECTIONS = 32
BUCKET = "uploads"


@dataclass(frozen=True)
class Place:
    """Where one run goes, and what it sends."""

    url: str
    size: int
    body_file: Path
    authority: Path | None

    @property
    def object_url(self) -> str:
        return f"{self.url}/{BUCKET}/bench.jpg"


@dataclass(frozen=True)
class Cost:
    uploads: int
    cpu_s: float
    wall_s: float
    # Of the whole process: what it spent before and after the uploads too.
    process_cpu_s: float

    @property
    def us_per_upload(self) -> float:
        return self.cpu_s * 1e6 / self.uploads


class Failed(Exception):
    """A client that made no uploads, with what it printed."""


def on_core(core: int, command: list, **more) -> list:
    return ["taskset", "-c", str(core), *map(str, command)]


def run(command: list, core: int, environment: dict | None = None) -> tuple[str, float, float]:
    """Output, CPU seconds (user and system) and wall seconds of a finished process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    done = subprocess.run(
        on_core(core, command), env=os.environ | (environment or {}), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)  # fmt: skip
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        raise Failed(f"{command[0]} ended with {done.returncode}:\n{done.stdout[-2000:]}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return done.stdout, cpu, wall


class Client:
    name = ""
    speaks_tls = True
    program = ""

    def is_there(self) -> bool:
        return shutil.which(self.program) is not None

    def command(self, place: Place, seconds: float) -> list:
        raise NotImplementedError

    def environment(self, place: Place) -> dict:
        return {}

    # A pattern of the number of uploads, and one that shows that some failed.
    counted = r""
    refused = r"(?!)"

    def measure(self, place: Place, seconds: float, core: int) -> Cost:
        output, cpu, wall = run(self.command(place, seconds), core, self.environment(place))
        found = re.search(self.counted, output)
        if not found or int(found[1]) == 0 or re.search(self.refused, output):
            raise Failed(f"{self.name} made no uploads, or some failed:\n{output[-2000:]}")
        return Cost(int(found[1]), cpu, wall, cpu)


class Wrk(Client):
    program = "wrk"
    counted = r"(\d+) requests in"
    refused = r"Non-2xx|Socket errors"

    def __init__(self, name: str, script: str):
        self.name, self.script = name, script

    def command(self, place, seconds):
        # wrk takes whole seconds.
        return ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s", "-s",
                HERE / self.script, place.object_url]  # fmt: skip

    def environment(self, place):
        return {"BODY_FILE": str(place.body_file)}


class ApacheBench(Client):
    name = program = "ab"
    counted = r"Complete requests:\s+(\d+)"
    refused = r"Non-2xx|Failed requests:\s+[1-9]"

    def command(self, place, seconds):
        # -t after -n: -t alone would stop at 50,000 requests.
        return ["ab", "-q", "-k", "-c", CONNECTIONS, "-t", max(1, round(seconds)), "-n", 100_000_000,
                "-u", place.body_file, "-T", "image/jpeg", place.object_url]  # fmt: skip


class H2load(Client):
    name = program = "h2load"
    counted = r"(\d+) succeeded"

    def command(self, place, seconds):
        return ["h2load", "--h1", "-t1", "-c", CONNECTIONS, "-D", max(1, round(seconds)),
                "-d", place.body_file, "-H", ":method: PUT", "-H", "content-type: image/jpeg",
                place.object_url]  # fmt: skip


class Hey(Client):
    name = program = "hey"
    counted = r"\[200\]\s+(\d+) responses"
    refused = r"Error distribution"

    def command(self, place, seconds):
        return ["hey", "-m", "PUT", "-c", CONNECTIONS, "-z", f"{seconds}s", "-cpus", 1,
                "-D", place.body_file, "-T", "image/jpeg", place.object_url]  # fmt: skip


class Floor(Client):
    name = "floor"
    speaks_tls = False
    counted = r"(\d+)"

    def __init__(self, program: Path):
        self.program = str(program)

    def command(self, place, seconds):
        port = place.url.rsplit(":", 1)[1]
        return [self.program, port, CONNECTIONS, place.size, seconds]


class Uploadbench(Client):
    """`run`, or with a signer of its own a part of what it does.

    The CPU time is that of the cell (`client_cpu_us_per_upload`: all threads, from its first upload to its
    last), because starting the program is no cost of an upload.
    """

    def __init__(self, name: str, binary: Path, *flags: str):
        self.name, self.program, self.flags = name, str(binary), flags

    def command(self, place, seconds):
        command = [self.program, "run", "--target", place.url, "--bucket", BUCKET,
                   "--scenarios", "presigned-put", "--size", place.size, "-c", CONNECTIONS,
                   "-d", f"{round(seconds * 1000)}ms", "--warmup", "0s", "--rounds", "1",
                   "--threads", "1", "-q", "-o", self.folder / "run", *self.flags]  # fmt: skip
        return command + (["--cacert", place.authority] if place.authority else [])

    def environment(self, place):
        return {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
                "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}  # fmt: skip

    def measure(self, place, seconds, core):
        with tempfile.TemporaryDirectory() as folder:
            self.folder = Path(folder)
            output, cpu, wall = run(self.command(place, seconds), core, self.environment(place))
            rows = list(csv.DictReader((self.folder / "run/summary.csv").open()))
        if len(rows) != 1 or int(rows[0]["errors"]) or not int(rows[0]["uploads"]):
            raise Failed(f"{self.name} made no uploads, or some failed:\n{output[-2000:]}")
        uploads = int(rows[0]["uploads"])
        cell_cpu = float(rows[0]["client_cpu_us_per_upload"]) * uploads / 1e6
        return Cost(uploads, cell_cpu, wall, cpu)
