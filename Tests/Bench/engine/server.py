"""Builds the two small C programs, and runs the server that every client talks to."""

import shutil
import subprocess
import sys
from pathlib import Path

from clients import HERE, on_core


def compile_c(name: str, folder: Path, *libraries: str) -> Path:
    program = folder / name
    compiler = shutil.which("cc") or shutil.which("gcc")
    if not compiler:
        sys.exit("there is no C compiler: scripts/setup-bench.sh installs one")
    subprocess.run(
        [compiler, "-O2", "-Wall", "-Wextra", "-o", program, HERE / f"{name}.c", *libraries],
        check=True)  # fmt: skip
    return program


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """For 127.0.0.1, its own authority."""
    certificate, key = folder / "server.pem", folder / "server.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
         "-days", "2", "-subj", "/CN=bench", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", key, "-out", certificate],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    return certificate, key


class Sink:
    """sink.c on a free port of 127.0.0.1 and a core of its own."""

    def __init__(self, program: Path, core: int, certificate: tuple[Path, Path] | None = None):
        self.process = subprocess.Popen(
            on_core(core, [program, 0, *(certificate or ())]), stdout=subprocess.PIPE, text=True)
        port = self.process.stdout.readline().strip()
        if not port:
            sys.exit("the server of the benchmark did not start")
        self.authority = certificate[0] if certificate else None
        self.url = f"{'https' if certificate else 'http'}://127.0.0.1:{port}"

    def close(self):
        self.process.terminate()
        self.process.wait()
