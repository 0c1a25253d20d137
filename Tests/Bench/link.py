"""Times uploads through the emulated network's real sockets, beside what Linux's TCP took.

A spread of the cells of Tests/TestbedTests/Fixtures/link/ground-truth.csv, each as it was measured:
connect, request, answer; bytes counted so that head and body together are the cell's. Prints the errors
by group.  Usage: link.py BINARY [CELLS-PER-GROUP]
"""

import csv
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

TRUTH = Path(__file__).parents[1] / "TestbedTests/Fixtures/link/ground-truth.csv"
GROUPS = ("fresh", "warm", "warm4m", "idle1", "lossy")
WARM_BYTES = 4 << 20
REPEATS = {"lossy": 7}


def cells(per_group: int) -> list[dict]:
    """Of each group a seeded choice of those that last from 15 ms to 4 s."""
    groups = {name: [] for name in GROUPS}
    for row in csv.DictReader(TRUTH.open()):
        group = "lossy" if float(row["loss"]) else row["conn"]
        lossy_fresh = group != "lossy" or row["conn"] == "fresh"
        if group in groups and lossy_fresh and 0.015 <= float(row["median_s"]) <= 4:
            if int(row["size"]) >= 4096 and float(row["mbit"]) <= 100:
                groups[group].append(row | {"group": group})
    choose = random.Random(1)
    return [row for rows in groups.values() for row in choose.sample(rows, min(per_group, len(rows)))]


class Endpoint:
    """`serve` behind one link, its gateway open."""

    def __init__(self, binary: str, link: str, seed: int):
        self.folder = tempfile.TemporaryDirectory()
        ready = Path(self.folder.name) / "ready.json"
        self.process = subprocess.Popen(
            [binary, "serve", "--open", "--store", "discard", "--link", link, "--seed", str(seed),
             "--ready-file", ready, "--until-stdin-closes"],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)  # fmt: skip
        while not ready.exists():
            if self.process.poll() is not None:
                sys.exit("serve ended while starting")
            time.sleep(0.005)
        self.gateway = json.loads(ready.read_text())["gateway"]

    def signed_url(self) -> str:
        return json.load(urlopen(f"{self.gateway}/signed-url"))["data"]["url"]

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.folder.cleanup()


def request(url: str, size: int) -> bytes:
    """A PUT whose head and body are `size` + 16 bytes."""
    parts = urlsplit(url)

    def head(length: int) -> bytes:
        return (
            f"PUT {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
            f"Content-Type: application/octet-stream\r\nContent-Length: {length:08d}\r\n\r\n"
        ).encode()

    length = size + 16 - len(head(0))
    return head(length) + os.urandom(max(length, 0))


def exchange(connection: socket.socket, message: bytes) -> None:
    connection.sendall(message)
    answer = b""
    while b"\r\n\r\n" not in answer:
        received = connection.recv(65536)
        if not received:
            sys.exit("the store closed the connection")
        answer += received
    if not answer.startswith(b"HTTP/1.1 200"):
        sys.exit(f"the store answered {answer[:200]!r}")


def timed(endpoint: Endpoint, row: dict) -> float:
    size, kind = int(row["size"]), row["conn"]
    first = request(endpoint.signed_url(), size if kind in ("fresh", "warm") else WARM_BYTES)
    second = request(endpoint.signed_url(), size)
    address = urlsplit(endpoint.signed_url())
    began = time.perf_counter()
    with socket.create_connection((address.hostname, address.port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        exchange(connection, first)
        if kind == "fresh":
            return time.perf_counter() - began
        if kind == "idle1":
            time.sleep(3)
        began = time.perf_counter()
        exchange(connection, second)
        return time.perf_counter() - began


def measure(binary: str, row: dict) -> float:
    link = (
        f"rtt={row['rtt_ms']}ms,up={row['mbit']}mbit,down={row['mbit']}mbit,"
        f"loss={float(row['loss']) * 100:g}%,cc={row['cc']}"
    )
    times = []
    for repeat in range(REPEATS.get(row["group"], 1)):
        endpoint = Endpoint(binary, link, seed=repeat + 1)
        try:
            times.append(timed(endpoint, row))
        finally:
            endpoint.close()
    return statistics.median(times)


def main() -> None:
    binary, per_group = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 8
    errors: dict[str, list[float]] = {}
    for row in cells(per_group):
        seconds, truth = measure(binary, row), float(row["median_s"])
        error = seconds / truth - 1
        errors.setdefault(row["group"], []).append(abs(error))
        print(
            f"{row['group']:7} {row['cc']:5} {row['rtt_ms']:>4} ms {row['mbit']:>4} Mbit/s"
            f" {row['size']:>8} B  kernel {truth:7.4f} s  emulated {seconds:7.4f} s  {error:+7.1%}",
            flush=True,
        )
    print()
    for group, values in errors.items():
        near = sum(value <= 0.1 for value in values) / len(values)
        print(f"{group:7} {len(values):3} cells, median error {statistics.median(values):.1%},"
              f" within 10%: {near:.0%}")  # fmt: skip


if __name__ == "__main__":
    main()
