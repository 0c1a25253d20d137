"""Ctrl-C, and a parent that dies."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

import program
import results
from endpoint import Endpoint

START_LIMIT_S = 20
END_LIMIT_S = 15
WORDS = ("run", "-d", "60s", "--size", "16KiB", "-c", 2, "--warmup", "0s", "--rounds", 1)


def wait_for(condition, process):
    """Waits until the condition holds while the process runs."""
    deadline = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
        raise AssertionError(f"ended early with {process.returncode}")
    raise AssertionError(f"not within {START_LIMIT_S} s")


def children(pid: int) -> list[int]:
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(word) for path in lists for word in path.read_text().split()]


def test_an_interrupted_multipart_upload_is_aborted(tmp_path):
    with Endpoint(tmp_path, "--link", "rtt=20ms,up=20mbit,down=20mbit") as endpoint:
        process = program.start(
            "run", "--target", endpoint.store, "--bucket", endpoint.bucket, "--signer", "local",
            "--scenarios", "presigned-multipart", "--size", "20MiB", "-c", 2, "-d", "60s",
            "--warmup", "0s", "--rounds", 1, "-q", "-o", tmp_path / "run",
            environment=endpoint.environment,
        )  # fmt: skip
        uploads = lambda: endpoint.s3().list_multipart_uploads(  # noqa: E731
            Bucket=endpoint.bucket
        ).get("Uploads")
        wait_for(uploads, process)
        process.send_signal(signal.SIGINT)
        assert process.wait(END_LIMIT_S) == 130
        assert not uploads()


@pytest.fixture
def running(tmp_path):
    folder = tmp_path / "results"
    process = program.start(
        *WORDS, "-o", folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    wait_for((folder / "run.json").exists, process)
    yield process, folder
    if process.poll() is None:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_partial_results(running, number):
    process, folder = running
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(1.5)  # Some uploads happen first.
    process.send_signal(number)
    out, err = process.communicate(timeout=END_LIMIT_S)
    assert process.returncode == 130
    record = results.record(folder)
    assert record["status"] == "partial"
    assert record["ended_at"]
    samples = results.rows(folder, "samples.csv")
    assert len(samples) > 0
    summary = results.rows(folder, "summary.csv")
    assert len(summary) == 1
    assert summary[0]["scenario"] in {row["scenario"] for row in samples}
    ended = [row for row in samples if row["outcome"] == "ok"]
    assert int(summary[0]["uploads"]) == len(ended)
    assert "Fatal" not in err


def test_before_its_end_a_run_is_marked_partial(running):
    _, folder = running
    assert results.record(folder)["status"] == "partial"


def test_the_endpoint_ends_with_a_run_that_is_killed(running):
    process, _ = running
    (child,) = children(process.pid)
    process.kill()
    process.communicate()
    deadline = time.monotonic() + END_LIMIT_S
    while is_running(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_running(child)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        return state != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False
