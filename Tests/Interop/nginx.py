"""Debian's nginx with the configuration of docs/nginx, in a folder of its own."""

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import program

CONFIGURATION = program.ROOT / "docs" / "nginx" / "uploadbench.conf"
# Debian has it where only root's PATH looks.
BINARY = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
START_LIMIT_S = 10

MAIN = """\
{user}
daemon off;
pid nginx.pid;
worker_processes 1;
error_log error.log warn;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path bodies;
    proxy_temp_path proxied;
    fastcgi_temp_path unused1;
    uwsgi_temp_path unused2;
    scgi_temp_path unused3;
    include {file};
}}
"""


def free_ports(count: int) -> list[int]:
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def make_certificate(folder: Path) -> Path:
    """One that is its own authority, for the loopback."""
    certificate = folder / "uploadbench.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", "/CN=nginx", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost",
         "-keyout", folder / "uploadbench.key", "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    return certificate


class Nginx:
    """`changes` are (old, new) texts of the configuration, each of which must be there."""

    def __init__(self, folder: Path, ports, upstreams, changes=()):
        self.folder = folder
        self.store_port, self.api_port = ports
        text = CONFIGURATION.read_text()
        fixed = [
            ("listen 8443", f"listen 127.0.0.1:{self.store_port}"),
            ("listen 8444", f"listen 127.0.0.1:{self.api_port}"),
            ("127.0.0.1:9000", upstreams[0]), ("127.0.0.1:9001", upstreams[1]),
            ("/etc/nginx/", f"{folder}/"),
        ]  # fmt: skip
        for old, new in [*fixed, *changes]:
            assert old in text, old
            text = text.replace(old, new)
        (folder / "uploadbench.conf").write_text(text)
        # Started by root, it would become a user who may not use this folder.
        user = "user root;" if os.geteuid() == 0 else ""
        (folder / "nginx.conf").write_text(MAIN.format(user=user, file=folder / "uploadbench.conf"))
        self.certificate = make_certificate(folder)

    @property
    def store(self) -> str:
        return f"https://127.0.0.1:{self.store_port}"

    @property
    def api(self) -> str:
        return f"https://127.0.0.1:{self.api_port}"

    @property
    def log(self) -> str:
        return (self.folder / "error.log").read_text()

    def __enter__(self):
        self.process = subprocess.Popen(
            [BINARY, "-p", self.folder, "-c", "nginx.conf", "-e", "error.log"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        deadline = time.monotonic() + START_LIMIT_S
        while not self._listens():
            assert self.process.poll() is None and time.monotonic() < deadline, self.log
            time.sleep(0.02)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.api_port)) == 0
