"""`uploadbench serve` as a context, and the clients that talk to it."""

import json
import subprocess
import time
from pathlib import Path

import boto3
import requests
from botocore.config import Config

import program

START_LIMIT_S = 20
STOP_LIMIT_S = 10
BUCKET = "interop-bucket"
REGION = "eu-central-1"


class Endpoint:
    def __init__(self, folder: Path, *flags: str, bucket: str = BUCKET, region: str = REGION):
        self.ready_file = folder / "ready.json"
        self.flags = ("--bucket", bucket, "--region", region, *flags)

    def __enter__(self):
        self.process = program.start(
            "serve", "--ready-file", self.ready_file, "--until-stdin-closes", *self.flags,
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        ready = self._wait_until_ready()
        self.store = ready["store"]
        self.gateway = ready["gateway"]
        self.bucket = ready["bucket"]
        self.region = ready["region"]
        self.access_key = ready["access_key"]
        self.secret_key = ready["secret_key"]
        self.token = ready.get("token")
        self.ready = ready
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.stdin.close()
            self.process.wait(STOP_LIMIT_S)

    def _wait_until_ready(self) -> dict:
        deadline = time.monotonic() + START_LIMIT_S
        while time.monotonic() < deadline:
            if self.ready_file.exists():
                return json.loads(self.ready_file.read_text())
            try:
                code = self.process.wait(0.02)
            except subprocess.TimeoutExpired:
                continue
            raise AssertionError(f"serve ended with {code} before it was ready")
        raise AssertionError(f"serve was not ready within {START_LIMIT_S} s")

    @property
    def port(self) -> int:
        return int(self.store.rsplit(":", 1)[1].rstrip("/"))

    @property
    def path_style_url(self) -> str:
        return f"{self.store.rstrip('/')}/{self.bucket}"

    @property
    def virtual_url(self) -> str:
        return f"http://{self.bucket}.localhost:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """What a program needs to sign for this endpoint."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
        }

    def s3(self, style="path", access_key=None, secret_key=None, session_token=None):
        host = "127.0.0.1" if style == "path" else "localhost"
        return boto3.client(
            "s3",
            endpoint_url=f"http://{host}:{self.port}",
            region_name=self.region,
            aws_access_key_id=access_key or self.access_key,
            aws_secret_access_key=secret_key or self.secret_key,
            aws_session_token=session_token,
            config=Config(
                signature_version="s3v4",
                s3={"addressing_style": style},
                retries={"total_max_attempts": 1},
                read_timeout=60,
            ),
        )

    def api(self) -> requests.Session:
        """A session with the gateway's token."""
        session = requests.Session()
        session.headers["Authorization"] = f"Bearer {self.token}"
        return session

    def stored(self, key: str) -> bytes:
        return self.s3().get_object(Bucket=self.bucket, Key=key)["Body"].read()

    def keys(self) -> set[str]:
        pages = self.s3().get_paginator("list_objects_v2").paginate(Bucket=self.bucket)
        return {entry["Key"] for page in pages for entry in page.get("Contents", [])}
