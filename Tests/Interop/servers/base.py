"""What all servers have in common: processes that end with the context, and a bucket."""

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import boto3
from botocore.config import Config

ROOT = Path(__file__).resolve().parents[3]
TOOLS = ROOT / ".venv-servers" / "bin"
START_LIMIT_S = 120
STOP_LIMIT_S = 15


class ServerError(Exception):
    """The server did not start; the message has the end of its log."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def tool(name: str) -> str:
    """A program from .venv-servers, or from the PATH."""
    own = TOOLS / name
    found = str(own) if own.exists() else shutil.which(name)
    if not found:
        raise ServerError(f"{name} is not there: run scripts/setup-servers.sh")
    return found


class Server:
    """A server in a folder of its own, with one user and one bucket."""

    name = ""
    access_key = "interopaccess00000001"
    # Of a server that lives for seconds, on loopback.
    secret_key = "interopsecret0000000000000000000000000001"
    region = "us-east-1"
    bucket = "interop"

    def __init__(self, folder: Path):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.processes: list[subprocess.Popen] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def version(self) -> str:
        raise NotImplementedError

    @property
    def environment(self) -> dict[str, str]:
        return {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_REGION": self.region,
        }

    def __enter__(self):
        try:
            self.start()
            self.wait_until("its port listens", self._listens)
            self.wait_until("the bucket is there", self._make_bucket)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        raise NotImplementedError

    def stop(self):
        """Front ends before what they stand on."""
        for process in reversed(self.processes):
            process.terminate()
            try:
                process.wait(STOP_LIMIT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.processes = []

    def launch(self, name: str, *words, environment: dict[str, str] | None = None):
        with open(self.folder / f"{name}.out", "wb") as log:
            self.processes.append(
                subprocess.Popen(
                    [str(word) for word in words],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    cwd=self.folder,
                    env=os.environ | (environment or {}),
                )
            )

    def wait_until(self, what: str, check):
        deadline = time.monotonic() + START_LIMIT_S
        while not check():
            ended = [process for process in self.processes if process.poll() is not None]
            if ended or time.monotonic() > deadline:
                raise ServerError(f"{self.name}: {what}: did not come about\n{self._logs()}")
            time.sleep(0.1)

    def s3(self):
        return boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name=self.region,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            config=Config(
                signature_version="s3v4",
                s3={"addressing_style": "path"},
                retries={"total_max_attempts": 1},
                request_checksum_calculation="when_required",
            ),
        )

    def keys(self) -> set[str]:
        pages = self.s3().get_paginator("list_objects_v2").paginate(Bucket=self.bucket)
        return {entry["Key"] for page in pages for entry in page.get("Contents", [])}

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def _make_bucket(self) -> bool:
        try:
            self.s3().create_bucket(Bucket=self.bucket)
        except Exception as error:  # It may still be starting: its answer is then anything.
            print(f"{self.name}: {error}", file=sys.stderr)
            return False
        return True

    def _logs(self) -> str:
        return "\n".join(
            path.read_text(errors="replace")[-1000:] for path in self.folder.glob("*.out")
        )


def output(*words) -> str:
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        raise ServerError(f"{words[0]}: {(done.stderr or done.stdout).strip()[-1000:]}")
    return done.stdout
