"""Several processes that make one load, and the merge of what they measured."""

import csv
import shutil
import subprocess
import time

import pytest

import program
import results
import shards

COUNT = 3
LOAD = (
    "--signer", "local", "--scenarios", "presigned-put", "--size", "4KiB", "-r", 60, "-d", "2s",
    "--warmup", "0s", "--rounds", 1, "-q",
)  # fmt: skip


def words(endpoint, folder, *more):
    return ("run", "--target", endpoint.store, "--bucket", endpoint.bucket, *LOAD, "-o", folder, *more)


@pytest.fixture(scope="module")
def runs(endpoint, tmp_path_factory):
    """Three shards that met at the barrier."""
    folder = tmp_path_factory.mktemp("shards")
    started = [
        program.start(
            *words(endpoint, folder / "{shard}", "--shard", f"{index}/{COUNT}", "--run-id", "checks",
                   "--barrier", "60s"),
            environment=endpoint.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        for index in range(COUNT)
    ]  # fmt: skip
    for process in started:
        text = process.communicate(timeout=program.TIME_LIMIT_S)[0]
        assert process.returncode == 0, text
    return [folder / str(index) for index in range(COUNT)]


def test_merged_counts_are_sums_and_percentiles_those_of_all_samples(runs, tmp_path):
    done = program.run("merge", *runs, "-o", tmp_path / "merged")
    assert done.code == 0, done.text
    shards.check_merged(tmp_path / "merged", runs)


def test_the_shards_together_are_the_uploads_of_one_process(runs, endpoint, tmp_path):
    done = program.run(*words(endpoint, tmp_path / "whole"), environment=endpoint.environment)
    assert done.code == 0, done.text

    def uploads(folder):
        with (folder / "samples.csv").open() as file:
            return [int(row["upload"]) for row in csv.DictReader(file)]

    assert sorted(upload for run in runs for upload in uploads(run)) == sorted(
        uploads(tmp_path / "whole")
    )


def test_the_barrier_leaves_nothing_in_the_bucket_and_bounds_the_clocks(runs, endpoint):
    assert not [key for key in endpoint.keys() if key.startswith("uploadbench-barrier/")]
    starts = []
    for run in runs:
        clock = shards.shard_record(run)["clock"]
        assert abs(clock["server_ahead_s"]) <= clock["server_ahead_uncertainty_s"] + 0.05
        assert clock["worst_late_s"] < 0.25
        starts.append(int(results.rows(run, "summary.csv")[0]["start_unix_us"]))
    assert max(starts) - min(starts) < 500_000


def test_a_missing_shard_is_named(runs, tmp_path):
    done = program.run("merge", runs[0], runs[2], "-o", tmp_path / "merged")
    assert done.code == 1
    assert "missing: 1" in done.err
    assert not (tmp_path / "merged").exists()
    done = program.run("merge", runs[0], runs[2], "-o", tmp_path / "merged", "--allow-partial")
    assert done.code == 0
    assert results.record(tmp_path / "merged")["status"] == "partial"
    assert results.record(tmp_path / "merged")["merged"]["missing"] == [1]


def test_objectives_are_held_against_the_merged_run(runs, tmp_path):
    met = ("--slo", "p99 < 60s", "--slo", "errors < 1%")
    done = program.run("merge", *runs, "-o", tmp_path / "met", *met)
    assert done.code == 0, done.text
    missed = program.run("merge", *runs, "-o", tmp_path / "missed", "--slo", "p50 < 1us", *met)
    assert missed.code == 3
    assert "MISSED: p50 < 1us" in missed.out
    verdicts = results.record(tmp_path / "missed")["objectives"]
    assert [verdict["met"] for verdict in verdicts] == [False, True, True]
    nothing = program.run("merge", *runs, "-o", tmp_path / "none", "--slo", "proxy-json p50 < 1s")
    assert nothing.code == 3


def test_other_commands_read_merged_runs(runs, tmp_path):
    merged = tmp_path / "merged"
    assert program.run("merge", *runs, "-o", merged).code == 0
    assert program.run("report", merged, "-o", tmp_path / "report.html").code == 0
    priced = program.run("cost", merged, "--uploads", "1M", "--region", "us-east-1")
    assert priced.code == 0, priced.text
    assert "not counted without samples.csv" in priced.out
    planned = program.run("capacity", "--plan", "200/s", "--from", merged)
    assert planned.code == 0, planned.text
    # One round is too few to judge, and that is what it says.
    assert program.run("compare", merged, merged).code == 4


def test_the_same_shard_twice_counts_once(runs, tmp_path):
    shutil.copytree(runs[1], tmp_path / "again")
    done = program.run("merge", *runs, tmp_path / "again", "-o", tmp_path / "merged")
    assert done.code == 0, done.text
    assert "does not count" in done.out
    uploads = sum(int(results.rows(run, "summary.csv")[0]["uploads"]) for run in runs)
    assert int(results.rows(tmp_path / "merged", "summary.csv")[0]["uploads"]) == uploads


def test_shards_of_different_plans_do_not_merge(runs, endpoint, tmp_path):
    other = program.run(
        *words(endpoint, tmp_path / "other", "--shard", f"1/{COUNT}", "--seed", 9, "--run-id", "checks"),
        environment=endpoint.environment,
    )
    assert other.code == 0, other.text
    done = program.run("merge", runs[0], tmp_path / "other", runs[2], "-o", tmp_path / "merged")
    assert done.code == 1
    assert "do not belong together" in done.err


@pytest.mark.parametrize("cut", ["half of a line", "whole lines"])
def test_a_shard_that_was_cut_is_named_with_the_place(runs, tmp_path, cut):
    copy = tmp_path / "copy"
    shutil.copytree(runs[1], copy)
    lines = (copy / "histograms.csv").read_text().splitlines(keepends=True)
    kept = "".join(lines[:-1])[:-3] if cut == "half of a line" else "".join(lines[:2])
    (copy / "histograms.csv").write_text(kept)
    done = program.run("merge", runs[0], copy, runs[2], "-o", tmp_path / "merged")
    assert done.code == 1
    assert str(copy / "histograms.csv") in done.err
    assert "truncated" in done.err


def test_a_run_that_is_no_shard_is_refused(endpoint, tmp_path):
    whole = program.run(*words(endpoint, tmp_path / "whole"), environment=endpoint.environment)
    assert whole.code == 0
    done = program.run("merge", tmp_path / "whole", "-o", tmp_path / "merged")
    assert done.code == 1
    assert "was no shard" in done.err


def test_a_late_shard_fails_its_run(endpoint, tmp_path):
    done = program.run(
        *words(endpoint, tmp_path / "run", "--shard", "0/2", "--start-at", int(time.time()) - 5),
        environment=endpoint.environment,
    )
    assert done.code == 1
    assert "late for the common start" in done.err
    assert results.record(tmp_path / "run")["status"] == "partial"


def test_a_start_in_the_future_is_kept(endpoint, tmp_path):
    start = int(time.time()) + 3
    done = program.run(
        *words(endpoint, tmp_path / "run", "--shard", "0/2", "--start-at", start),
        environment=endpoint.environment,
    )
    assert done.code == 0, done.text
    began = int(results.rows(tmp_path / "run", "summary.csv")[0]["start_unix_us"])
    assert 0 <= began - start * 1_000_000 < 500_000


def test_a_shard_alone_at_the_barrier_gives_up_and_names_the_others(endpoint, tmp_path):
    done = program.run(
        *words(endpoint, tmp_path / "run", "--shard", "1/3", "--run-id", "alone", "--barrier", "1s"),
        environment=endpoint.environment,
    )
    assert done.code == 1
    assert "shards 0, 2 did not come" in done.err


@pytest.mark.parametrize(
    ("flags", "words_in_error"),
    [
        (("--shard", "3/3"), "counts from 0"),
        (("--shard", "x"), "is not I/N"),
        (("--barrier", "5s"), "--barrier goes with"),
        (("--shard", "0/2", "--barrier", "5s"), "--run-id"),
        (("--shard", "0/2", "--barrier", "5s", "--run-id", "a/b"), "--run-id"),
        (("--shard", "0/2", "--start-at", "noon"), "--start-at"),
        (("--shard", "0/2", "--barrier", "5s", "--run-id", "a"), "needs --target"),
    ],
)
def test_wrong_flags_say_what_to_type(flags, words_in_error, tmp_path):
    done = program.run("run", *flags, "-n", 4, "-o", tmp_path / "run")
    assert done.code == 64
    assert words_in_error in done.err


def test_schedulers_are_found_from_their_variables(endpoint, tmp_path):
    kubernetes = {"JOB_COMPLETION_INDEX": "2", "UPLOADBENCH_SHARDS": "4"}
    done = program.run(
        *words(endpoint, tmp_path / "{shard}.{attempt}"),
        environment=endpoint.environment | kubernetes,
    )
    assert done.code == 0, done.text
    shard = shards.shard_record(tmp_path / "2.0")
    assert (shard["index"], shard["count"], shard["source"]) == (2, 4, "JOB_COMPLETION_INDEX")


@pytest.mark.parametrize("column", ["uploads", "errors", "wire_bytes_per_upload", "achieved_per_s"])
@pytest.mark.parametrize("value", ["9223372036854775807", "1e300"])
def test_numbers_that_no_shard_has_do_not_merge(runs, tmp_path, column, value):
    copies = [shutil.copytree(run, tmp_path / f"copy-{index}") for index, run in enumerate(runs)]
    lines = (copies[1] / "summary.csv").read_text().splitlines()
    position = lines[0].split(",").index(column)
    fields = lines[1].split(",")
    fields[position] = value
    (copies[1] / "summary.csv").write_text("\n".join([lines[0], ",".join(fields), *lines[2:]]) + "\n")
    done = program.run("merge", *copies, "-o", tmp_path / "merged")
    assert done.code == 1 and "summary.csv, line 2" in done.err and column in done.err, done.text
