"""Runs that something ends, and what is then on the disk."""

import os
import re
import resource
import signal
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import program
import results

START_LIMIT_S = 20
END_LIMIT_S = 25
# Cells of 3 s with small uploads: enough for seconds to come and go.
WORDS = ("run", "--link", "loopback", "--scenarios", "presigned-put", "--size", "16KiB", "-c", 2,
         "--warmup", "0s", "--rounds", 2, "-d", "60s", "-q")  # fmt: skip
SECOND_US = 1_000_000
# A second is handed over and written within this time of its end on a machine that others use too.
LATENESS_S = 0.7


class Running:
    """A run that is under way; ended by force at the latest when its block is left."""

    def __init__(self, folder: Path, *words, command=(), environment=None, **pipes):
        self.folder = folder
        place = () if "--resume" in words else ("-o", str(folder))
        line = [program.BINARY, *map(str, words or WORDS), *place]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | pipes
        self.process = subprocess.Popen(
            [*command, *line], env=program.clean_environment(**(environment or {})), **pipes
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for pid in [*self.children(), self.process.pid] if self.process.poll() is None else []:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()

    def children(self) -> list[int]:
        lists = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        return [int(word) for path in lists for word in path.read_text().split()]

    def wait_for_seconds(self, count: int):
        """Waits until so many seconds stand in timeline.csv."""
        deadline = time.monotonic() + START_LIMIT_S + count
        while len(seconds(self.folder)) < count:
            assert self.process.poll() is None, self.text()
            assert time.monotonic() < deadline, f"{seconds(self.folder)} after {START_LIMIT_S} s"
            time.sleep(0.02)

    def end(self) -> int:
        """Its exit code; bounded, and its output kept."""
        self.out, self.err = (
            text.decode() if text else "" for text in self.process.communicate(timeout=END_LIMIT_S)
        )
        return self.process.returncode

    def text(self) -> str:
        out, err = self.process.communicate()
        return f"{out} {err}"

    def limit_files(self, count: int):
        resource.prlimit(self.process.pid, resource.RLIMIT_NOFILE, (count, count))


def whole_rows(folder: Path, name: str) -> list[dict[str, str]]:
    """As results.rows, without a last line that has no end."""
    path = folder / name
    text = path.read_bytes()
    whole = text[: text.rfind(b"\n") + 1].decode("utf-8", errors="strict")
    # A file that was made this moment has no header yet.
    columns, *rows = [line.split(",") for line in whole.splitlines()] or [[]]
    assert all(len(row) == len(columns) for row in rows), name
    return [dict(zip(columns, row)) for row in rows]


def cell(row: dict) -> tuple[str, str, str]:
    return row["scenario"], row["size_bytes"], row["round"]


def seconds(folder: Path) -> list[dict[str, str]]:
    return whole_rows(folder, "timeline.csv") if (folder / "timeline.csv").exists() else []


def check_partial(folder: Path, lost_seconds: int = 0) -> int:
    """What must hold of every directory whose run was ended; the seconds that are readable. The uploads of
    the last `lost_seconds` may have found no room on the disk."""
    record = results.record(folder)
    assert record["status"] == "partial"
    samples, found = whole_rows(folder, "samples.csv"), seconds(folder)
    for key in {cell(row) for row in found}:
        own = [row for row in found if cell(row) == key]
        assert [int(row["second"]) for row in own] == list(range(len(own))), key
        uploads = sum(int(row["uploads"]) for row in own[: len(own) - lost_seconds])
        kept = [row for row in samples if cell(row) == key and row["outcome"] == "ok"]
        assert len(kept) >= uploads, "an upload of a finished second has no row"
    return len(found)


def check_readers(folder: Path):
    """Every reader says what it can, and that it is not all."""
    page = folder.parent / f"{folder.name}.html"
    report = program.run("report", folder, "-o", page)
    assert report.code == 0, report.text
    assert "cut off" in page.read_text()
    for words in [("cost", folder), ("recommend", folder), ("export", folder, "--jtl", os.devnull)]:
        read = program.run(*words)
        assert read.code in (0, 3, 5), (words, read.text)
        assert "is partial" in read.err or "cut off" in read.err, (words, read.text)
    compared = program.run("compare", folder, folder)
    assert compared.code in (0, 4, 5), compared.text


@contextmanager
def small_disk(folder: Path, size: str):
    """A file system of that size; None where this user may not mount one."""
    folder.mkdir(parents=True)
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True
    )
    try:
        yield folder if done.returncode == 0 else None
    finally:
        if done.returncode == 0:
            subprocess.run(["umount", "-l", str(folder)], check=True)


def wait_until_caught(pid: int, number: int) -> None:
    """Until the process handles the signal itself."""
    deadline = time.monotonic() + START_LIMIT_S
    while not int(re.search(r"SigCgt:\s*(\w+)", Path(f"/proc/{pid}/status").read_text())[1], 16) >> (number - 1) & 1:
        assert time.monotonic() < deadline
        time.sleep(0.002)
