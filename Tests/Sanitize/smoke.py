"""Short runs of a program that was built with a sanitizer: strategies, a model of a browser, TLS, interrupts, `serve`.

Usage: smoke.py BINARY. What a sanitizer finds it writes where its own options say; this sees that all ends as it should.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

TIME_LIMIT_S = 900
BINARY = str(Path(sys.argv[1]).resolve())
STRATEGIES = "proxy-json,proxy-binary,edge-redirect,presigned-put,presigned-post,presigned-multipart"
ONCE = ["--link", "loopback", "--size", "64KiB", "--warmup", "0s", "--rounds", "1", "-q"]
SMALL = ["-c", "16", "-n", "60", *ONCE]


def run(folder: Path, name: str, *words: str) -> int:
    started = time.monotonic()
    done = subprocess.run(
        [BINARY, *words], capture_output=True, text=True, timeout=TIME_LIMIT_S, cwd=folder, stdin=subprocess.DEVNULL
    )
    print(f"  {name}: exit code {done.returncode}, {time.monotonic() - started:.1f} s", flush=True)
    if done.returncode != 0:
        print(done.stdout[-2000:] + done.stderr[-2000:])
    return done.returncode


def interrupted(folder: Path, number: signal.Signals) -> int:
    """A run in the middle of its uploads."""
    out = folder / f"cut-{number.name}"
    process = subprocess.Popen(
        [BINARY, "run", "--scenarios", STRATEGIES, "--size", "1MiB", "-c", "16", "-d", "60s", "--link", "metro", "-q", "-o", out],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    deadline = time.monotonic() + TIME_LIMIT_S
    while not (out / "samples.csv").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(1)
    process.send_signal(number)
    code = process.wait(TIME_LIMIT_S)
    status = json.loads((out / "run.json").read_text())["status"]
    print(f"  {number.name} in a run: exit code {code}, results {status}", flush=True)
    return 0 if (code, status) == (130, "partial") else 1


def served(folder: Path) -> int:
    """`serve` with other clients, until its input closes."""
    ready = folder / "ready.json"
    process = subprocess.Popen(
        [BINARY, "serve", "--open", "--ready-file", ready, "--until-stdin-closes", "--link", "metro"],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    deadline = time.monotonic() + TIME_LIMIT_S
    while not ready.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    gateway = json.loads(ready.read_text())["gateway"]
    for _ in range(20):
        with urllib.request.urlopen(gateway + "/signed-url", timeout=30) as answer:
            url = json.load(answer)["data"]["url"]
        headers = {"Content-Type": "application/octet-stream"}
        urllib.request.urlopen(urllib.request.Request(url, b"x" * 100_000, headers, method="PUT"), timeout=30).close()
    process.stdin.close()
    code = process.wait(TIME_LIMIT_S)
    print(f"  serve with a link: exit code {code}", flush=True)
    return code


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        codes = [
            run(folder, "strategies", "run", "--scenarios", STRATEGIES, *SMALL),
            run(folder, "a browser, over TLS", "run", "--client", "browser", "--tls", "--scenarios", STRATEGIES, *SMALL),
            run(folder, "open model, fresh connections", "run", "--connections", "fresh", "-r", "50", "-d", "2s", *ONCE,
                "--scenarios", "presigned-put,presigned-post"),
            run(folder, "signing", "sign", "-d", "200ms", "--threads", "1,2"),
            run(folder, "guard", "guard", "--scenarios", "presigned-post"),
            interrupted(folder, signal.SIGINT),
            interrupted(folder, signal.SIGTERM),
            served(folder),
        ]  # fmt: skip
    return int(any(codes))


if __name__ == "__main__":
    os.environ.pop("NO_COLOR", None)
    sys.exit(main())
