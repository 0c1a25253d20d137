"""Times uploads through the emulated network's real sockets, beside what Linux's TCP took.

A spread of the cells of Tests/TestbedTests/Fixtures/link, each as it was measured: connect, request,
answer; bytes counted so that head and body together are the cell's. A relay is the acceleration endpoint;
parallel connections share one line, and the last one counts. Prints each cell, then the errors by group.
Usage: link.py BINARY [--cells N] [GROUP...]   (one of fresh tls warm warm4m idle1 lossy relay parallel)
"""

import argparse
import csv
import json
import os
import random
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

FIXTURES = Path(__file__).parents[1] / "TestbedTests/Fixtures/link"
GROUPS = ("fresh", "tls", "warm", "warm4m", "idle1", "lossy", "relay", "parallel")
WARM_BYTES = 4 << 20
PARALLEL_BYTES = 16 << 20
# Losses differ by seed; whether HyStart ends early under load, by start.
REPEATS = {"lossy": 7, "parallel": 3}
LONGEST = {"lossy": 2}


def rows(name: str) -> list[dict]:
    return list(csv.DictReader((FIXTURES / name).open()))


def truth(group: str) -> list[dict]:
    """All cells of a group that this machine can repeat: 15 ms to 4 s, not more than 100 Mbit/s."""
    if group == "relay":
        return [
            {"cc": row["cc"], "mbit": row["mbit"], "rtt_ms": float(row["r1_ms"]) + float(row["r2_ms"]),
             "edge_ms": row["r1_ms"], "loss": 0, "size": row["size"], "seconds": row["median_s"]}
            for row in rows("relay.csv")
            if row["path"] == "cut" and row["conn"] == "fresh" and float(row["mbit"]) <= 100
        ]  # fmt: skip
    if group == "parallel":
        return [
            row | {"loss": 0, "size": PARALLEL_BYTES // int(row["N"]), "seconds": row["kernel_total_s"]}
            for row in rows("parallel.csv")
        ]
    kind = "fresh" if group == "lossy" else group
    return [
        row | {"seconds": row["median_s"]}
        for row in rows("ground-truth.csv")
        if row["conn"] == kind and (float(row["loss"]) > 0) == (group == "lossy")
        if int(row["size"]) >= 4096 and float(row["mbit"]) <= 100
        if 0.015 <= float(row["median_s"]) <= LONGEST.get(group, 4)
    ]


def cells(group: str, count: int) -> list[dict]:
    """A seeded choice."""
    found = truth(group)
    return random.Random(f"cells of {group}").sample(found, min(count, len(found)))


class Endpoint:
    """`serve` behind one link, its gateway open."""

    def __init__(self, binary: str, link: str, seed: int, tls: bool):
        self.folder = tempfile.TemporaryDirectory()
        ready = Path(self.folder.name) / "ready.json"
        self.process = subprocess.Popen(
            [binary, "serve", "--open", "--store", "discard", "--link", link, "--seed", str(seed),
             "--ready-file", ready, "--until-stdin-closes", *(["--tls"] if tls else [])],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)  # fmt: skip
        while not ready.exists():
            if self.process.poll() is not None:
                sys.exit("serve ended while starting")
            time.sleep(0.005)
        found = json.loads(ready.read_text())
        self.gateway = found["gateway"]
        self.tls = ssl.create_default_context(cafile=found["ca_file"]) if tls else None

    def signed_url(self, accelerated: bool = False) -> str:
        query = "?accelerate=true" if accelerated else ""
        with urlopen(f"{self.gateway}/signed-url{query}", context=self.tls) as answer:
            return json.load(answer)["data"]["url"]

    def connect(self, url: str) -> socket.socket:
        address = urlsplit(url)
        connection = socket.create_connection(("127.0.0.1", address.port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not self.tls:
            return connection
        return self.tls.wrap_socket(connection, server_hostname=address.hostname)

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


def timed(endpoint: Endpoint, group: str, row: dict) -> float:
    size, kind = int(row["size"]), row.get("conn", "fresh")
    url = endpoint.signed_url(accelerated=group == "relay")
    second = request(endpoint.signed_url(), size)
    first = request(url, WARM_BYTES if kind in ("warm4m", "idle1") else size)
    began = time.perf_counter()
    with endpoint.connect(url) as connection:
        exchange(connection, first)
        if kind in ("fresh", "tls"):
            return time.perf_counter() - began
        if kind == "idle1":
            time.sleep(3)
        began = time.perf_counter()
        exchange(connection, second)
        return time.perf_counter() - began


def timed_together(endpoint: Endpoint, row: dict) -> float:
    messages = [request(endpoint.signed_url(), int(row["size"])) for _ in range(int(row["N"]))]
    url = endpoint.signed_url()

    def upload(message: bytes) -> None:
        with endpoint.connect(url) as connection:
            exchange(connection, message)

    threads = [threading.Thread(target=upload, args=[message]) for message in messages]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - began


def measure(binary: str, group: str, row: dict) -> float:
    link = (
        f"rtt={row['rtt_ms']}ms,up={row['mbit']}mbit,down={row['mbit']}mbit,"
        f"loss={float(row['loss']) * 100:g}%,cc={row['cc']}"
    )
    if group == "relay":
        link += f",edge-rtt={row['edge_ms']}ms"
    times = []
    for repeat in range(REPEATS.get(group, 1)):
        endpoint = Endpoint(binary, link, seed=repeat + 1, tls=group == "tls")
        try:
            if group == "parallel":
                times.append(timed_together(endpoint, row))
            else:
                if group == "relay":
                    # What the edge knows of the bucket, and its way to the store, are there before.
                    timed(endpoint, group, row | {"size": 65536})
                times.append(timed(endpoint, group, row))
        finally:
            endpoint.close()
    return statistics.median(times)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("binary")
    arguments.add_argument("--cells", type=int, default=8, help="of each group (default 8)")
    arguments.add_argument("groups", nargs="*", metavar="GROUP")
    options = arguments.parse_intermixed_args()
    if unknown := set(options.groups) - set(GROUPS):
        arguments.error(f"no such group: {', '.join(unknown)}; one of {', '.join(GROUPS)}")
    errors: dict[str, list[float]] = {}
    for group in options.groups or GROUPS:
        for row in cells(group, options.cells):
            seconds, expected = measure(options.binary, group, row), float(row["seconds"])
            error = seconds / expected - 1
            errors.setdefault(group, []).append(abs(error))
            count = f" x {row['N']}" if group == "parallel" else ""
            print(
                f"{group:8} {row['cc']:5} {float(row['rtt_ms']):4.0f} ms {row['mbit']:>4} Mbit/s"
                f" {row['size']:>8} B{count}  kernel {expected:7.4f} s  emulated {seconds:7.4f} s"
                f"  {error:+7.1%}",
                flush=True,
            )
    print()
    for group, values in errors.items():
        near, close = (sum(v <= limit for v in values) / len(values) for limit in (0.1, 0.25))
        print(
            f"{group:8} {len(values):3} cells, median error {statistics.median(values):5.1%},"
            f" within 10%: {near:4.0%}, within 25%: {close:4.0%}"
        )


if __name__ == "__main__":
    main()
