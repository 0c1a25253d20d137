"""Whatever ends a run, what was finished is on the disk, readable, and marked as partial."""

import os
import pty
import resource
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

import interruptions
import program
import results
from endpoint import Endpoint
from interruptions import Running, check_partial, check_readers, seconds

def last_session(folder: Path) -> dict:
    return results.record(folder)["sessions"][-1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_asked_for_end_is_written_down(tmp_path, number):
    with Running(tmp_path / "run") as run:
        run.wait_for_seconds(1)
        run.process.send_signal(number)
        assert run.end() == 130
    assert check_partial(tmp_path / "run") >= 1
    if number == signal.SIGINT:
        check_readers(tmp_path / "run")
    assert last_session(tmp_path / "run")["end"] == "interrupted"
    (row,) = results.rows(tmp_path / "run", "summary.csv")
    assert row["cut_off"] == "1", "it was measured for less than its time"


def test_a_killed_run_leaves_its_finished_seconds(tmp_path):
    with Running(tmp_path / "run") as run:
        run.wait_for_seconds(1)
        started = time.monotonic()
        time.sleep(1.8)
        run.process.kill()
        passed = time.monotonic() - started
        run.end()
    readable = check_partial(tmp_path / "run")
    check_readers(tmp_path / "run")
    assert readable >= 1 + int(passed - interruptions.LATENESS_S)
    assert results.rows(tmp_path / "run", "summary.csv") == []
    record = results.record(tmp_path / "run")
    assert record["ended_at"] is None and record["sessions"][-1]["end"] is None


def test_a_finished_cell_counts_though_the_next_one_was_cut_off(tmp_path):
    words = ["1s" if word == "60s" else word for word in interruptions.WORDS]
    words[words.index("--rounds") + 1] = 60
    with Running(tmp_path / "run", *words) as run:
        run.wait_for_seconds(3)
        run.process.kill()
        run.end()
    check_partial(tmp_path / "run")
    finished = {interruptions.cell(row) for row in results.rows(tmp_path / "run", "summary.csv")}
    assert len(finished) >= 1
    exported = tmp_path / "uploads.jtl"
    assert program.run("export", tmp_path / "run", "--jtl", exported).code == 0
    rows = [
        row for row in interruptions.whole_rows(tmp_path / "run", "samples.csv")
        if interruptions.cell(row) in finished and row["outcome"] != "cancelled"
    ]  # fmt: skip
    assert len(exported.read_text().splitlines()) - 1 == len(rows)


def test_a_full_disk_ends_the_load_at_once(tmp_path):
    with interruptions.small_disk(tmp_path / "disk", "200k") as disk:
        if not disk:
            pytest.skip("this user may not mount a file system")
        with Running(disk / "run") as run:
            assert run.end() == 74
        assert f"{disk}/run/samples.csv: No space left on device" in run.err
        copy = shutil.copytree(disk / "run", tmp_path / "copy")
    check_partial(copy, lost_seconds=1)
    check_readers(copy)
    assert last_session(copy)["end"] in (None, "results not written")


def test_files_that_may_not_grow_end_the_load_at_once(tmp_path):
    limited = ["sh", "-c", 'ulimit -f 200; exec "$@"', "sh"]
    with Running(tmp_path / "run", command=limited) as run:
        assert run.end() == 74
    assert "samples.csv: File too large" in run.err
    check_partial(tmp_path / "run", lost_seconds=1)
    assert last_session(tmp_path / "run")["end"] == "results not written"


def test_a_disk_that_nothing_can_be_written_to_is_said_before_any_load(tmp_path):
    with interruptions.small_disk(tmp_path / "disk", "1m") as disk:
        if not disk:
            pytest.skip("this user may not mount a file system")
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        with Running(disk / "run") as run:
            assert run.end() == 74
        assert f"{disk}/run" in run.err and "Read-only file system" in run.err


def test_a_closed_terminal_ends_a_run_as_an_interrupt_does(tmp_path):
    pid, terminal = pty.fork()
    if pid == 0:
        words = [program.BINARY, *map(str, interruptions.WORDS), "-o", str(tmp_path / "run")]
        os.execve(program.BINARY, words, program.clean_environment())
    while not seconds(tmp_path / "run"):
        time.sleep(0.02)
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 130
    check_partial(tmp_path / "run")


def test_a_reader_that_left_ends_nothing(tmp_path):
    words = [word if word != "60s" else "1s" for word in interruptions.WORDS if word != "-q"]
    reading, writing = os.pipe()
    os.close(reading)
    with Running(tmp_path / "run", *words, stdout=writing, stderr=writing) as run:
        os.close(writing)
        assert run.end() == 0
    assert results.record(tmp_path / "run")["status"] == "complete"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_a_run_ends_soon_when_its_endpoint_is_gone(tmp_path, number):
    with Running(tmp_path / "run") as run:
        run.wait_for_seconds(1)
        (child,) = run.children()
        os.kill(child, number)
        started = time.monotonic()
        assert run.end() == 69
        assert time.monotonic() - started < 15
    assert "killed by signal 9" in run.err if number == signal.SIGKILL else "SIGSTOP" in run.err
    assert not Path(f"/proc/{child}").exists()
    check_partial(tmp_path / "run")
    assert last_session(tmp_path / "run")["end"] == "target unavailable"


def test_a_run_without_file_descriptors_names_the_limit(tmp_path):
    words = [word if word != "60s" else "2s" for word in interruptions.WORDS]
    with Running(tmp_path / "run", *words, "--connections", "fresh") as run:
        run.wait_for_seconds(1)
        # Less than it has for itself, so that none is free for results either.
        run.limit_files(4)
        # The results or the next cell's worker are the first to miss one.
        assert run.end() in (1, 74)
    assert "may have 4 file descriptors" in run.err and "ulimit -n" in run.err
    check_partial(tmp_path / "run")


def test_serve_takes_connections_again_after_it_ran_out_of_descriptors(tmp_path):
    with Endpoint(tmp_path) as endpoint:
        used = len(os.listdir(f"/proc/{endpoint.process.pid}/fd"))
        before = resource.prlimit(endpoint.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(endpoint.process.pid, resource.RLIMIT_NOFILE, (used + 2, before[1]))
        flood = [connect(endpoint.port) for _ in range(8)]
        resource.prlimit(endpoint.process.pid, resource.RLIMIT_NOFILE, before)
        for one in flood:
            one.close()
        endpoint.s3().put_object(Bucket=endpoint.bucket, Key="after", Body=b"x")
        assert endpoint.stored("after") == b"x"


def connect(port: int):
    one = socket.create_connection(("127.0.0.1", port), timeout=5)
    one.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    return one


@pytest.fixture(scope="module")
def stepped_clock(tmp_path_factory) -> Path:
    compiler = next((name for name in ("clang", "cc", "gcc") if shutil.which(name)), None)
    if not compiler:
        pytest.skip("there is no C compiler")
    library = tmp_path_factory.mktemp("clock") / "stepped_clock.so"
    source = Path(__file__).parent / "stepped_clock.c"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, source], check=True)
    return library


@pytest.mark.parametrize("step", [7200, -7200])
def test_a_clock_that_is_set_changes_no_latency_and_is_said(tmp_path, stepped_clock, step):
    stepped = tmp_path / "stepped"
    environment = {
        "LD_PRELOAD": str(stepped_clock), "STEPPED_CLOCK_FILE": str(stepped),
        "STEPPED_CLOCK_S": str(step),
    }  # fmt: skip
    words = [word if word != "60s" else "2s" for word in interruptions.WORDS]
    words[words.index("--rounds") + 1] = 1
    with Running(tmp_path / "run", *words, environment=environment) as run:
        run.wait_for_seconds(1)
        stepped.touch()
        started = time.monotonic()
        assert run.end() == 0
        assert time.monotonic() - started < 5, "-d is not of the wall clock"
    record = results.record(tmp_path / "run")
    assert any(f"set by {step:+}.0 s" in warning for warning in record["warnings"])
    (row,) = results.rows(tmp_path / "run", "summary.csv")
    assert 1.5e6 < float(row["window_us"]) < 2.5e6
    assert int(row["response_max_us"]) < 2e6
    # What was signed before the clock was set and used after it may be refused; no more than that.
    assert int(row["errors"]) <= 2
    assert len(seconds(tmp_path / "run")) <= 3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_before_the_first_cell_ends_with_130_and_without_results(tmp_path, number):
    folder = tmp_path / "run"
    with Running(folder) as run:
        interruptions.wait_until_caught(run.process.pid, number)
        run.process.send_signal(number)
        assert run.end() == 130
    assert not folder.exists() or results.record(folder)["status"] == "partial"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_target_that_does_not_answer_is_left_at_once(tmp_path, number):
    with socket.create_server(("127.0.0.1", 0)) as server:
        words = ("run", "--target", f"http://127.0.0.1:{server.getsockname()[1]}", "--bucket", "b", "--signer", "local", "-n", 1)
        keys = {"AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "SK"}
        with Running(tmp_path / "run", *words, environment=keys) as run:
            asked, _ = server.accept()
            began = time.monotonic()
            run.process.send_signal(number)
            assert run.end() == 130 and time.monotonic() - began < 5
            asked.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signing_that_is_interrupted_says_so_in_its_folder(tmp_path, number):
    folder = tmp_path / "run"
    with Running(folder, "sign", "--threads", "1,1", "-d", "60s", "-q") as run:
        deadline = time.monotonic() + interruptions.START_LIMIT_S
        while not (folder / "run.json").exists():
            assert time.monotonic() < deadline and run.process.poll() is None
            time.sleep(0.01)
        run.process.send_signal(number)
        assert run.end() == 130
    assert results.record(folder)["status"] == "partial"


def test_of_two_runs_that_start_at_once_one_gets_the_folder(tmp_path):
    words = [word if word != "60s" else "1s" for word in interruptions.WORDS]
    for number in range(3):
        with Running(tmp_path / str(number), *words) as one, Running(tmp_path / str(number), *words) as other:
            assert sorted([one.end(), other.end()]) == [0, 74]
        assert "it must be new or empty" in one.err + other.err
        assert program.run("report", tmp_path / str(number), cwd=tmp_path).code == 0


def test_a_folder_that_takes_the_place_of_the_results_is_not_written_into(tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "run.json").write_text("precious")
    words = [word if word != "60s" else "2s" for word in interruptions.WORDS]
    with Running(tmp_path / "run", *words) as run:
        run.wait_for_seconds(1)
        (tmp_path / "run").rename(tmp_path / "moved")
        (tmp_path / "run").symlink_to(other)
        assert run.end() == 74
    assert "replaced by another" in run.err
    assert (other / "run.json").read_text() == "precious" and len(list(other.iterdir())) == 1
    check_partial(tmp_path / "moved")


def test_a_run_whose_endpoint_is_stopped_can_be_interrupted(tmp_path):
    with Running(tmp_path / "run") as run:
        run.wait_for_seconds(1)
        (child,) = run.children()
        os.kill(child, signal.SIGSTOP)
        started = time.monotonic()
        run.process.send_signal(signal.SIGINT)
        assert run.end() in (69, 130)
        assert time.monotonic() - started < 10
    assert not Path(f"/proc/{child}").exists()
    check_partial(tmp_path / "run")
