"""How many instructions one upload and one signature take: a number that no load on the machine changes.

    instructions.py BINARY [--out DIR]

valgrind's callgrind counts the client's user-space instructions of two runs that differ in nothing but their
number of uploads (or lines of a batch); the difference divides out what starting takes. Valgrind's processor has
no SHA extensions, so the hashing in these numbers is OpenSSL's code for processors without them. Writes
instructions.csv.
"""

import argparse
import csv
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from clients import Place, Uploadbench, on_core
from server import Sink, compile_c
from targets import table

COLUMNS = ["operation", "instructions", "count_low", "count_high"]
LOW, HIGH = 2000, 12000


def count(command: list, environment: dict, folder: Path, text: str | None = None) -> int:
    done = subprocess.run(
        on_core(1, ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder / 'callgrind'}", *command]),
        env=os.environ | environment, input=text, text=True, capture_output=True, check=False)  # fmt: skip
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode != 0 or not found:
        sys.exit(f"callgrind failed:\n{done.stderr[-2000:]}")
    return int(found[1])


def per_upload(binary: Path, url: str, folder: Path, signer: str) -> float:
    client = Uploadbench("", binary, "--signer", signer)
    place = Place(url, 1024, folder, None)
    counts = []
    for uploads in (LOW, HIGH):
        client.folder = folder / f"{signer}-{uploads}"
        client.folder.mkdir()
        command = client.command(place, 1)
        command[command.index("-d") : command.index("-d") + 2] = ["-n", uploads]
        counts.append(count(command, client.environment(place), folder))
    return (counts[1] - counts[0]) / (HIGH - LOW)


def per_line(binary: Path, folder: Path) -> float:
    def lines(number: int) -> str:
        return "".join(
            f'{{"id": "upload-{index:06}", "kind": "url", "inputs": {{"access_key": "AKIAIOSFODNN7EXAMPLE", '
            f'"secret_key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "region": "eu-central-1", '
            f'"bucket": "uploads", "style": "virtual", "expires": 300, "amz_date": "20260410T224818Z", '
            f'"key": "users/1234567890/{index:08x}-0000-4000-8000-000000000000.jpg"}}, "request": null}}\n'
            for index in range(number))  # fmt: skip

    counts = [count([binary, "presign", "batch"], {}, folder, lines(number)) for number in (LOW, HIGH)]
    return (counts[1] - counts[0]) / (HIGH - LOW)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("binary", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    if not shutil.which("valgrind"):
        sys.exit("valgrind is missing: scripts/setup-bench.sh installs it")
    binary = options.binary.resolve()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        server = Sink(compile_c("sink", folder, "-lssl", "-lcrypto"), 0)
        try:
            signed = per_upload(binary, server.url, folder, "local")
            unsigned = per_upload(binary, server.url, folder, "none")
        finally:
            server.close()
        line = per_line(binary, folder)
    rows = [["upload, signed", signed], ["upload, unsigned", unsigned],
            ["signature of an upload (the difference)", signed - unsigned],
            ["line of presign batch, JSON in and out", line]]  # fmt: skip
    options.out.mkdir(parents=True, exist_ok=True)
    with (options.out / "instructions.csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows([name, round(value), LOW, HIGH] for name, value in rows)
    print("User-space instructions, 1 KiB bodies (callgrind)\n")
    print(table([["one", "instructions"]] + [[name, f"{value:,.0f}"] for name, value in rows]))


if __name__ == "__main__":
    main()
