"""`run --against`: two sides that take turns."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

import program
import results

SHORT = (
    "--link", "loopback", "--scenarios", "presigned-put", "--size", "1KiB", "-n", 20, "-c", 2,
    "--warmup", "0s",
)  # fmt: skip


@pytest.fixture(scope="module")
def taken(tmp_path_factory):
    folder = tmp_path_factory.mktemp("against") / "out"
    done = program.run("run", *SHORT, "--against", program.BINARY, "--rounds", 6, "-o", folder)
    assert done.code in (0, 2, 4), done.text
    return done, folder


def test_both_sides_have_every_round_and_the_same_work(taken):
    _, folder = taken
    base, candidate = (results.rows(folder / side, "summary.csv") for side in ("base", "candidate"))
    key = [(row["scenario"], row["size_bytes"], row["round"], row["uploads"]) for row in base]
    assert key == [("presigned-put", "1024", str(number), "20") for number in range(1, 7)]
    assert key == [
        (row["scenario"], row["size_bytes"], row["round"], row["uploads"]) for row in candidate
    ]
    records = [results.record(folder / side) for side in ("base", "candidate")]
    assert [record["status"] for record in records] == ["complete", "complete"]
    assert records[0]["plan"] == records[1]["plan"] and records[0]["plan"]["rounds"] == 6
    sessions = {record["interleaved"]["session"] for record in records}
    assert len(sessions) == 1


def test_the_rounds_lie_between_each_other(taken):
    """Each round of one side comes next to the same round of the other, not after all of them."""
    _, folder = taken
    for side in ("base", "candidate"):
        samples = results.rows(folder / side, "samples.csv")
        assert {row["round"] for row in samples} == {str(number) for number in range(1, 7)}
        rounds = [
            (min(s), max(s))
            for number in range(1, 7)
            for s in [[int(r["started_us"]) for r in samples if r["round"] == str(number)]]
        ]
        gaps = [second[0] - first[1] for first, second in zip(rounds, rounds[1:])]
        assert min(gaps) > 20_000, "the other side's round lies in the gap"


def test_the_folders_compare_again_to_the_same_verdict(taken):
    done, folder = taken
    again = program.run("compare", folder / "base", folder / "candidate")
    assert again.code == done.code
    assert "were not interleaved" not in again.out
    assert (folder / "compare.json").exists()
    assert not list(folder.glob(".round-*"))


def test_a_base_that_cannot_run_is_named_with_its_words(tmp_path):
    assert program.run("run", *SHORT, "--against", tmp_path / "none").code == 64
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\necho 'unknown flag --link' >&2\nexit 64\n")
    broken.chmod(0o755)
    done = program.run("run", *SHORT, "--against", broken, "--rounds", 6, "-o", tmp_path / "out")
    assert done.code == 64
    assert "base" in done.err and "unknown flag --link" in done.err


def test_five_rounds_are_refused_before_they_are_run(tmp_path):
    done = program.run("run", *SHORT, "--against", program.BINARY, "--rounds", 5, "-o", tmp_path / "o")
    assert done.code == 64 and "cannot be judged" in done.err


def test_another_target_takes_turns_with_the_named_one(tmp_path, endpoint):
    done = program.run(
        "run", "--scenarios", "presigned-put", "--size", "1KiB", "-n", 5, "-c", 1, "--warmup", "0s",
        "--target", endpoint.store, "--against-target", endpoint.store.replace("127.0.0.1", "localhost"),
        "--bucket", endpoint.bucket, "--region", endpoint.region, "--signer", "local",
        "--rounds", 6, "-o", tmp_path / "out", environment=endpoint.environment,
    )  # fmt: skip
    assert done.code in (0, 2, 4), done.text
    stores = [results.record(tmp_path / "out" / side)["target"]["store"] for side in ("base", "candidate")]
    assert "localhost" in stores[0] and "127.0.0.1" in stores[1]


def test_an_interrupt_keeps_the_rounds_that_are_done(tmp_path):
    process = program.start(
        "run", *SHORT, "--against", program.BINARY, "--rounds", 500, "-o", tmp_path / "out",
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    for line in process.stderr:
        if line.startswith("round 3 "):
            break
    process.send_signal(signal.SIGINT)
    process.stderr.read()
    assert process.wait(30) == 130
    for side in ("base", "candidate"):
        assert results.record(tmp_path / "out" / side)["status"] == "partial"
        assert len(results.rows(tmp_path / "out" / side, "summary.csv")) >= 3


def under(pid: int) -> list[int]:
    """All that a process has started, and what those have."""
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    children = [int(word) for path in lists for word in path.read_text().split()]
    return children + [one for child in children for one in under(child)]


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("signals", [[signal.SIGKILL], [signal.SIGINT, signal.SIGTERM]])
def test_no_side_goes_on_without_the_run(tmp_path, signals):
    words = [word if word != 20 else 10_000_000 for word in SHORT]
    process = program.start("run", *words, "--against", program.BINARY, "-q", "-o", tmp_path / "out")
    deadline = time.monotonic() + 20
    while len(list(tmp_path.glob("out/.round-*/timeline.csv"))) == 0:
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.05)
    started = under(process.pid)
    assert len(started) == 2
    for number in signals:
        process.send_signal(number)
    process.wait(10)
    deadline = time.monotonic() + 20
    while any(is_running(pid) for pid in started):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_side_that_was_stopped_does_not_hold_an_interrupted_run(tmp_path):
    words = [word if word != 20 else 10_000_000 for word in SHORT]
    process = program.start("run", *words, "--against", program.BINARY, "-q", "-o", tmp_path / "out")
    deadline = time.monotonic() + 20
    while len(list(tmp_path.glob("out/.round-*/timeline.csv"))) == 0:
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.05)
    started = under(process.pid)
    os.kill(started[0], signal.SIGSTOP)
    process.send_signal(signal.SIGINT)
    process.wait(10)
    deadline = time.monotonic() + 20
    while any(is_running(pid) for pid in started):
        assert time.monotonic() < deadline
        time.sleep(0.05)
