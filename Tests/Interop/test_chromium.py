"""`run --client chromium`: a real browser beside its model and the native client."""

import csv
import os
import re
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

import program
import results

STRATEGIES = ["edge-redirect", "presigned-put", "presigned-post"]
PREFLIGHTS = {"edge-redirect": 3, "presigned-put": 3, "presigned-post": 2}
FLAGS = ("run", "--client", "chromium", "--link", "loopback", "--size", "64KiB")


def left_over(folder: Path) -> list[str]:
    """Processes and profiles of browsers that were started with `folder` for temporary files."""
    listed = subprocess.run(["ps", "-ewwo", "stat,args"], capture_output=True, text=True).stdout
    alive = [line for line in listed.splitlines() if str(folder) in line]
    return alive + [str(path) for path in folder.glob("uploadbench-chromium-*")]


@pytest.fixture(scope="module")
def temporary():
    """A folder with a short name: Chromium puts a socket below it, whose name may have 108 bytes."""
    with tempfile.TemporaryDirectory(prefix="ub-", ignore_cleanup_errors=True) as path:
        yield Path(path)


@pytest.fixture(scope="module")
def seen(tmp_path_factory, temporary):
    folder = tmp_path_factory.mktemp("chromium")
    done = program.run(
        *FLAGS, "--connections", "fresh", "--scenarios", ",".join(STRATEGIES), "-n", "2", "--rounds", "2",
        "-o", folder / "run", environment={"TMPDIR": str(temporary)},
    )  # fmt: skip
    assert done.code == 0, done.text
    assert left_over(temporary) == []
    return folder / "run", done


def test_what_it_saw_stands_beside_the_other_two(seen):
    folder, _ = seen
    for where, client in ((folder, "chromium"), (folder / "native", "native"), (folder / "browser", "browser")):
        assert results.record(where)["plan"]["client"] == client
        assert results.record(where)["status"] == "complete"
        rows = results.rows(where, "samples.csv")
        assert len(rows) == 4 * len(STRATEGIES) and {row["outcome"] for row in rows} == {"ok"}
        assert len(results.rows(where, "summary.csv")) == 2 * len(STRATEGIES)


def test_what_a_browser_does_not_tell_is_empty(seen):
    folder, _ = seen
    for row in results.rows(folder, "samples.csv"):
        assert row["bytes_sent"] == row["bytes_received"] == row["send_us"] == row["wait_us"] == row["tls_us"] == ""
        assert int(row["connect_us"] or 0) >= 0 and int(row["response_us"]) >= int(row["upload_us"]) > 0
        assert int(row["ended_us"]) - int(row["started_us"]) == int(row["response_us"])
    for row in results.rows(folder, "summary.csv"):
        assert row["wire_bytes_per_upload"] == row["client_cpu_us_per_upload"] == ""


def test_requests_and_preflights_are_those_of_the_model(seen):
    folder, done = seen
    rows = list(csv.DictReader((folder / "clients.csv").read_text().splitlines()))
    assert [row["scenario"] for row in rows] == STRATEGIES
    for row in rows:
        assert float(row["preflights_real"]) == PREFLIGHTS[row["scenario"]]
        assert row["requests_real"] == row["requests_modelled"] and row["preflights_real"] == row["preflights_modelled"]
        ratio = int(row["response_p50_real_us"]) / int(row["response_p50_modelled_us"])
        assert float(row["response_ratio"]) == pytest.approx(ratio, abs=0.001)
    assert re.search(r"presigned-post 64 KiB +5 +2 .* ms", done.out), done.out


def test_the_report_takes_all_three(seen, tmp_path):
    folder, _ = seen
    done = program.run("report", folder, folder / "browser", folder / "native", "-o", tmp_path / "report.html")
    assert done.code == 0, done.text


def test_kept_connections_keep_preflights_too(tmp_path):
    done = program.run(
        *FLAGS, "--connections", "kept", "--scenarios", "presigned-post", "-n", "3", "--rounds", "1", "-q", "-o", tmp_path / "run"
    )
    assert done.code == 0, done.text
    (row,) = csv.DictReader((tmp_path / "run/clients.csv").read_text().splitlines())
    assert row["preflights_real"] == row["preflights_modelled"] == "0.667"


def test_without_a_browser_it_says_what_to_install(tmp_path):
    done = program.run(*FLAGS, "-o", tmp_path / "run", environment={"PATH": str(tmp_path)})
    assert done.code == 69 and "apt-get install chromium" in done.err and not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "flags", [["-c", "2"], ["--rate", "5"], ["-d", "2s"], ["--signer", "local"], ["--target", "http://127.0.0.1:1"]]
)
def test_what_a_browser_cannot_do_is_refused_first(flags, tmp_path):
    more = ["--bucket", "b"] if "--target" in flags else []
    words = [word for word in FLAGS if word not in ("--link", "loopback")] if more else FLAGS
    done = program.run(*words, *flags, *more, *(["--gateway", "http://127.0.0.1:1"] if more else []), "-o", tmp_path / "run")
    assert done.code == 64 and "chromium" in done.err, done.text


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupt_ends_the_browser_too(number, temporary, tmp_path):
    running = program.start(
        *FLAGS, "--scenarios", "presigned-put", "-n", "1", "--rounds", "10000", "-q", "-o", tmp_path / "run",
        environment={"TMPDIR": str(temporary)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        # Chromium is there, and its first upload measured.
        wait_until(lambda: any("user-data-dir" in line for line in left_over(temporary)))
        summary = tmp_path / "run/summary.csv"
        wait_until(lambda: summary.exists() and summary.read_text().count("\n") > 1)
        running.send_signal(number)
        code = running.wait(20)
    finally:
        running.kill()
    wait_until(lambda: not [line for line in left_over(temporary) if "chrom" in line and not line.startswith(os.sep)])
    if number == signal.SIGINT:
        assert code == 130
        assert list(temporary.glob("uploadbench-chromium-*")) == []
        assert results.record(tmp_path / "run")["status"] == "partial"


def wait_until(is_so, limit_s=30):
    end = time.monotonic() + limit_s
    while not is_so():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)
