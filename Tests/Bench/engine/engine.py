"""CPU time of one upload, ours and other clients', side by side in one run.

    engine.py BINARY [--sizes 1KiB,64KiB,1MiB,16MiB] [--rounds 3] [--seconds 2] [--transports http,https]
              [--clients NAME,...] [--out DIR]

Clients run on one core and the server on another, one client at a time, in an order that is drawn anew for
each round; a ratio is that of two neighbours of one round, and the rounds' median is printed. CPU is user
plus system time. Writes rounds.csv and ratios.csv into results/engine/<UTC time>/ unless told otherwise.
"""

import argparse
import csv
import os
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

from clients import ApacheBench, Failed, Floor, H2load, Hey, Place, Uploadbench, Wrk
from server import Sink, compile_c, make_certificate
from targets import (KIB, MIB, OURS, OURS_BARE, OURS_STATIC, OURS_STATIC_BARE, WRK_BUILT, WRK_STATIC,
                     ratios, size_text, table)

SIZES = {"1KiB": KIB, "64KiB": 64 * KIB, "1MiB": MIB, "16MiB": 16 * MIB}
ROUND_COLUMNS = ["transport", "size_bytes", "round", "client", "uploads", "cpu_s", "wall_s",
                 "cpu_us_per_upload", "uploads_per_s", "process_cpu_s"]  # fmt: skip
RATIO_COLUMNS = ["transport", "size_bytes", "client", "peer", "ratio", "lowest", "highest", "target",
                 "is_stretch", "verdict"]  # fmt: skip


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("binary", type=Path)
    parser.add_argument("--sizes", default=",".join(SIZES))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--transports", default="http,https")
    parser.add_argument("--clients", default="")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


def all_clients(binary: Path, floor: Path):
    return [
        Uploadbench(OURS, binary, "--signer", "local"),
        Uploadbench(OURS_STATIC, binary, "--signer", "none"),
        Uploadbench(OURS_BARE, binary, "--signer", "local", "--samples", "none"),
        Uploadbench(OURS_STATIC_BARE, binary, "--signer", "none", "--samples", "none"),
        Wrk(WRK_STATIC, "put.lua"), Wrk(WRK_BUILT, "build.lua"), Floor(floor),
        ApacheBench(), H2load(), Hey(),
    ]  # fmt: skip


class Results:
    def __init__(self, folder: Path):
        folder.mkdir(parents=True)
        self.folder = folder
        self.costs = {}
        self.file = (folder / "rounds.csv").open("w", newline="")
        self.writer = csv.writer(self.file, lineterminator="\n")
        self.writer.writerow(ROUND_COLUMNS)

    def add(self, transport, size, number, client, cost):
        """Each row is on the disk before the next is measured."""
        self.costs.setdefault((transport, size, client), []).append(cost.us_per_upload)
        self.writer.writerow([
            transport, size, number, client, cost.uploads, f"{cost.cpu_s:.6f}", f"{cost.wall_s:.6f}",
            f"{cost.us_per_upload:.3f}", f"{cost.uploads / cost.wall_s:.1f}", f"{cost.process_cpu_s:.6f}",
        ])  # fmt: skip
        self.file.flush()

    def finish(self):
        self.file.close()
        found = ratios(self.costs)
        with (self.folder / "ratios.csv").open("w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(RATIO_COLUMNS)
            for ratio in found:
                target = ratio.target
                writer.writerow([
                    target.transport, target.size, target.client, target.peer, f"{ratio.median:.3f}",
                    f"{ratio.lowest:.3f}", f"{ratio.highest:.3f}", target.at_most,
                    int(target.is_stretch), ratio.verdict,
                ])  # fmt: skip
        return found


def show(results: Results, found) -> None:
    sizes = sorted({size for _, size, _ in results.costs})
    print("CPU time per upload, µs: median of the rounds / the least\n")
    rows = [["client"] + [size_text(size) for size in sizes]]
    for transport, client in dict.fromkeys((t, c) for t, _, c in results.costs):
        cells = [results.costs.get((transport, size, client)) for size in sizes]
        rows.append([client + (" (TLS)" if transport == "https" else "")] + [
            f"{statistics.median(cell):.1f} / {min(cell):.1f}" if cell else "–" for cell in cells])  # fmt: skip
    print(table(rows), end="\n\n")
    rows = [["ratio of CPU per upload", "size", "median", "lowest to highest", "target", "verdict"]]
    for ratio in found:
        target = ratio.target
        tls = " (TLS)" if target.transport == "https" else ""
        rows.append([
            f"{target.client} to {target.peer}{tls}", size_text(target.size), f"{ratio.median:.2f}",
            f"{ratio.lowest:.2f} to {ratio.highest:.2f}", f"≤ {target.at_most}", ratio.verdict])  # fmt: skip
    print(table(rows))


def measure(options, results: Results, folder: Path) -> None:
    chosen = [name for name in options.clients.split(",") if name]
    clients = [client for client in all_clients(options.binary.resolve(), compile_c("floor", folder))
               if not chosen or client.name in chosen]  # fmt: skip
    for client in clients:
        if not client.is_there():
            sys.exit(f"'{client.program}' is missing: scripts/setup-bench.sh installs it")
    sink = compile_c("sink", folder, "-lssl", "-lcrypto")
    order = random.Random(options.seed)
    for transport in options.transports.split(","):
        server = Sink(sink, 0, make_certificate(folder) if transport == "https" else None)
        try:
            for name in options.sizes.split(","):
                body = folder / name
                body.write_bytes(random.Random(1).randbytes(SIZES[name]))
                place = Place(server.url, SIZES[name], body, server.authority)
                for number in range(1, options.rounds + 1):
                    for client in order.sample(clients, len(clients)):
                        if transport == "http" or client.speaks_tls:
                            report(results, transport, place, number, client, options.seconds)
        finally:
            server.close()


def report(results, transport, place, number, client, seconds):
    # At 16 MiB wrk takes a second to make its first requests.
    cost = client.measure(place, max(seconds, 4) if place.size >= 16 * MIB else seconds, core=1)
    results.add(transport, place.size, number, client.name, cost)
    print(f"{transport:5} {size_text(place.size):>7} round {number}  {client.name:22}"
          f" {cost.us_per_upload:10.1f} µs", file=sys.stderr)  # fmt: skip


def main() -> None:
    options = arguments()
    if len(os.sched_getaffinity(0)) < 2:
        sys.exit("the benchmark needs two cores: one for the clients, one for the server")
    unknown = [name for name in options.sizes.split(",") if name not in SIZES]
    if unknown:
        sys.exit(f"--sizes: not one of {', '.join(SIZES)}: {', '.join(unknown)}")
    default = Path("results/engine") / time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    results = Results(options.out or default)
    try:
        with tempfile.TemporaryDirectory() as folder:
            measure(options, results, Path(folder))
    except Failed as failure:
        sys.exit(str(failure))
    show(results, results.finish())
    print(f"\nresults: {results.folder}")


if __name__ == "__main__":
    main()
