"""10,000 connections from one client: that all uploads succeed, and what a connection costs in memory.

    scale.py BINARY [--connections 1000,4000,10000] [--out DIR]

`serve --store discard` on one core, `run` on the other. Memory is the client's peak (the kernel's count); its
slope over the numbers of connections is what one more takes. Writes scale.csv.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from clients import BUCKET, on_core
from targets import table

COLUMNS = ["connections", "uploads", "errors", "wall_s", "cpu_us_per_upload", "peak_rss_bytes"]
SIZE = "1KiB"


def serve(binary: Path, folder: Path):
    ready = folder / "ready.json"
    process = subprocess.Popen(
        on_core(0, [binary, "serve", "--store", "discard", "--bucket", BUCKET, "--ready-file", ready,
                    "--until-stdin-closes"]),
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)  # fmt: skip
    while not ready.exists() or not ready.stat().st_size:
        if process.poll() is not None:
            sys.exit("serve ended while starting")
        time.sleep(0.01)
    return process, json.loads(ready.read_text())


def drive(binary: Path, ready: dict, folder: Path, connections: int) -> list:
    """Three uploads on each connection, kept; a row."""
    out = folder / f"run-{connections}"
    command = [binary, "run", "--target", ready["store"], "--bucket", BUCKET, "--signer", "local",
               "--scenarios", "presigned-put", "--size", SIZE, "-c", connections, "-n", 3 * connections,
               "--warmup", "0s", "--rounds", "1", "--threads", "1", "-q", "-o", out]  # fmt: skip
    environment = os.environ | {"AWS_ACCESS_KEY_ID": ready["access_key"],
                                "AWS_SECRET_ACCESS_KEY": ready["secret_key"],
                                "AWS_REGION": ready["region"]}  # fmt: skip
    began = time.perf_counter()
    process = subprocess.Popen(on_core(1, command), env=environment, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True)  # fmt: skip
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"run -c {connections} ended with {process.returncode}:\n{output[-2000:]}")
    row = next(csv.DictReader((out / "summary.csv").open()))
    return [connections, row["uploads"], row["errors"], f"{time.perf_counter() - began:.2f}",
            row["client_cpu_us_per_upload"], usage.ru_maxrss * 1024]  # fmt: skip


def slope(rows: list[list]) -> float:
    """Bytes per connection: least squares."""
    xs, ys = [row[0] for row in rows], [row[5] for row in rows]
    x_mean, y_mean = sum(xs) / len(xs), sum(ys) / len(ys)
    return sum((x - x_mean) * (y - y_mean) for x, y in zip(xs, ys)) / sum((x - x_mean) ** 2 for x in xs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("binary", type=Path)
    parser.add_argument("--connections", default="1000,4000,10000")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as name:
        process, ready = serve(options.binary.resolve(), Path(name))
        try:
            for connections in map(int, options.connections.split(",")):
                rows.append(drive(options.binary.resolve(), ready, Path(name), connections))
        finally:
            process.stdin.close()
            process.wait()
    options.out.mkdir(parents=True, exist_ok=True)
    with (options.out / "scale.csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(rows)
    print("Connections of one client, three 1 KiB uploads on each, against serve --store discard\n")
    print(table([["connections", "uploads", "errors", "wall", "CPU per upload", "client's peak memory"]] + [
        [str(row[0]), row[1], row[2], f"{row[3]} s", f"{row[4]} µs", f"{row[5] / 2**20:.1f} MiB"]
        for row in rows]))  # fmt: skip
    if len(rows) > 1:
        print(f"\none more connection takes {slope(rows):,.0f} bytes of the client's memory")
    if any(row[2] != "0" for row in rows):
        sys.exit("some uploads failed")


if __name__ == "__main__":
    main()
