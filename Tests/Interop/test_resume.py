"""`run --resume`: the same plan from the next cell that is not finished."""

import fcntl
import json
import signal
import time

import pytest

import interruptions
import program
import results
from endpoint import Endpoint
from interruptions import Running, cell, whole_rows

# Six cells in an order that the seed decides.
WORDS = ("run", "--link", "loopback", "--scenarios", "presigned-put,proxy-binary", "--size", "4KiB",
         "-c", 2, "--warmup", "50ms", "--rounds", 3, "-d", "300ms", "--seed", 7, "-q")  # fmt: skip
CELLS = 6
FILES = ("summary.csv", "samples.csv", "timeline.csv", "histograms.csv")


def order(folder) -> list[tuple]:
    return [cell(row) for row in results.rows(folder, "summary.csv")]


def cut_off(folder, after_cells: int, number=signal.SIGKILL, words=WORDS, environment=None):
    """A run that a signal ended in the middle of the cell after so many."""
    with Running(folder, *words, environment=environment) as run:
        deadline = time.monotonic() + interruptions.START_LIMIT_S
        while not (folder / "summary.csv").exists() or len(whole_rows(folder, "summary.csv")) < after_cells:
            assert time.monotonic() < deadline and run.process.poll() is None, run.text()
            time.sleep(0.01)
        time.sleep(0.15)
        run.process.send_signal(number)
        run.end()
    assert results.record(folder)["status"] == "partial"


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The same run, never interrupted."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    done = program.run(*WORDS, "-o", folder)
    assert done.code == 0, done.text
    return folder


def resume(folder, *more, environment=None):
    return program.run("run", "--resume", folder, *more, environment=environment)


def test_a_resumed_run_is_complete_with_every_cell_once_and_in_order(tmp_path, whole):
    folder = tmp_path / "run"
    cut_off(folder, 2)
    before = {name: whole_rows(folder, name) for name in FILES}
    finished = order(folder)
    with (folder / "samples.csv").open("a") as samples:
        samples.write("presigned-put,40")  # As torn by the kill.
    with Running(folder, "run", "--resume", folder, "-q") as run:
        run.process.kill()  # Before it has begun: loses nothing.
    done = resume(folder, "-q")
    assert done.code == 0, done.text
    record = results.record(folder)
    assert record["status"] == "complete"
    assert len(order(folder)) == CELLS and order(folder) == order(whole)
    # What was finished is as it was, byte by byte; of the cell that was cut off nothing is left.
    for name in FILES:
        kept = [row for row in before[name] if cell(row) in finished]
        now = results.rows(folder, name)
        assert now[: len(kept)] == kept, name
    summary = {cell(row): row for row in results.rows(folder, "summary.csv")}
    for key, row in summary.items():
        assert row["cut_off"] == "0"
        samples = [
            sample for sample in results.rows(folder, "samples.csv")
            if cell(sample) == key and sample["warmup"] == "0" and sample["outcome"] == "ok"
        ]  # fmt: skip
        assert len(samples) == int(row["uploads"]), key
    times = [int(row["started_us"]) for row in results.rows(folder, "samples.csv") if row["started_us"]]
    assert min(times) >= 0
    last = max(int(row["ended_us"]) for row in before["samples.csv"] if cell(row) in finished)
    begun = [
        int(row["intended_us"]) for row in results.rows(folder, "samples.csv")
        if cell(row) not in finished
    ]  # fmt: skip
    assert min(begun) > last, "times go on where they were"


def test_the_record_has_every_session(tmp_path):
    folder = tmp_path / "run"
    cut_off(folder, 1)
    cut_off(folder, 2, signal.SIGINT, ("run", "--resume", folder, "-q"))
    assert resume(folder, "-q").code == 0
    sessions = results.record(folder)["sessions"]
    assert [session["end"] for session in sessions] == ["cut off", "interrupted", "complete"]
    assert sum(session["cells"] for session in sessions) == CELLS
    assert all(session["machine"]["cores"] for session in sessions)
    assert sessions[0]["started_at"] == results.record(folder)["started_at"]
    shown = program.run("report", folder, "-o", tmp_path / "page.html")
    assert shown.code == 0 and "cut off" not in (tmp_path / "page.html").read_text()


def test_what_is_shown_at_the_end_is_of_all_cells(tmp_path):
    folder = tmp_path / "run"
    cut_off(folder, 3)
    done = resume(folder, "--format", "json", "-q")
    assert done.code == 0, done.text
    for row in json.loads(done.out)["strategies"]:
        name, size = row["scenario"], str(row["size_bytes"])
        cells = [one for one in results.rows(folder, "summary.csv")
                 if (one["scenario"], one["size_bytes"]) == (name, size)]  # fmt: skip
        assert row["uploads"] == sum(int(one["uploads"]) for one in cells)
        buckets = sorted(
            (int(one["highest_us"]), int(one["count"]))
            for one in results.rows(folder, "histograms.csv")
            if (one["scenario"], one["size_bytes"], one["metric"]) == (name, size, "response")
        )
        assert row["response_p50_us"] == percentile(buckets, 50)
        # On a busy machine it may be too few to tell it from the maximum.
        assert row.get("response_p99_us") == (percentile(buckets, 99) if row["uploads"] >= 100 else None)


def percentile(buckets, share) -> int:
    total, seen = sum(count for _, count in buckets), 0
    for highest, count in buckets:
        seen += count
        if seen >= max(1, int(share / 100 * total + 0.5)):
            return highest
    raise AssertionError("no bucket")


def test_a_complete_run_is_left_alone(whole):
    before = {path: path.stat().st_mtime_ns for path in whole.iterdir()}
    done = resume(whole)
    assert done.code == 0 and "is complete: there is nothing to resume" in done.err
    assert {path: path.stat().st_mtime_ns for path in whole.iterdir()} == before


@pytest.fixture(scope="module")
def partial(tmp_path_factory):
    folder = tmp_path_factory.mktemp("partial") / "run"
    cut_off(folder, 1)
    return folder


@pytest.mark.parametrize(
    "words", [("--rounds", 9), ("-c", 4), ("--size", "1MiB"), ("--seed", 2), ("-o", "elsewhere")]
)
def test_a_flag_that_would_change_the_plan_is_refused(partial, words):
    done = resume(partial, *words)
    assert done.code == 64
    assert "would change the plan" in done.err and "--quiet" in done.err


def test_a_run_that_goes_on_or_is_being_resumed_is_refused(partial):
    with (partial / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = resume(partial)
    assert done.code == 1 and "is in use" in done.err


def test_a_running_run_is_locked(tmp_path):
    with Running(tmp_path / "run") as run:
        run.wait_for_seconds(1)
        done = resume(tmp_path / "run")
    assert done.code == 1 and "is in use" in done.err


def test_a_plan_that_cannot_be_known_is_refused(tmp_path, partial):
    record = json.loads((partial / "run.json").read_text())
    changes = {
        "settings": (None, "does not say what the run was told"),
        "tool": ("uploadbench 0.0.1", "it is of uploadbench 0.0.1"),
        "plan_hash": ("0" * 64, "give another plan now"),
        "shard": ({"index": 0, "count": 2}, "a shard belongs to the same seconds"),
        "interleaved": ({"session": "x", "looks": [10]}, "start it anew"),
    }
    for key, (value, reason) in changes.items():
        folder = tmp_path / key
        folder.mkdir()
        for name in FILES:
            (folder / name).write_bytes((partial / name).read_bytes())
        (folder / "run.json").write_text(json.dumps(record | {key: value}))
        done = resume(folder)
        assert done.code == 1 and reason in done.err, (key, done.text)
        assert (folder / "summary.csv").read_bytes() == (partial / "summary.csv").read_bytes()


def test_an_edited_directory_is_refused(tmp_path, partial):
    for name in (*FILES, "run.json"):
        (tmp_path / name).write_bytes((partial / name).read_bytes())
    lines = (tmp_path / "histograms.csv").read_text().splitlines(keepends=True)
    (tmp_path / "histograms.csv").write_text(lines[0])
    done = resume(tmp_path)
    assert done.code == 1 and "truncated" in done.err
    assert resume(tmp_path / "nothing").code == 64


def test_the_environment_and_a_plan_file_count_as_they_did(tmp_path):
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps({"rounds": 3, "duration": "9s", "size": "4KiB"}))
    words = ["run", "--plan", plan, "--scenarios", "presigned-put", "--link", "loopback", "-c", 1,
             "-n", 150, "--warmup", "0s", "-q"]  # fmt: skip
    cut_off(tmp_path / "run", 1, words=words, environment={"UPLOADBENCH_SAMPLES": "errors"})
    plan.unlink()
    changed = {"UPLOADBENCH_ROUNDS": "7", "UPLOADBENCH_SIZE": "1MiB"}
    done = resume(tmp_path / "run", "-q", environment=changed)
    assert done.code == 0, done.text
    summary = results.rows(tmp_path / "run", "summary.csv")
    assert [(row["uploads"], row["size_bytes"]) for row in summary] == [("150", "4096")] * 3
    assert results.rows(tmp_path / "run", "samples.csv") == []


def test_a_target_of_ones_own_goes_on_below_the_same_prefix(tmp_path):
    with Endpoint(tmp_path, "--store", "memory:256MiB") as endpoint:
        words = [word for word in WORDS if word not in ("--link", "loopback")]
        words[words.index("presigned-put,proxy-binary")] = "presigned-put,presigned-post"
        words += ["--target", endpoint.store, "--bucket", endpoint.bucket, "--signer", "local"]
        cut_off(tmp_path / "run", 2, words=words, environment=endpoint.environment)
        done = resume(tmp_path / "run", "-q")
        assert done.code == 64 and "AWS_ACCESS_KEY_ID" in done.err, "no key is kept"
        done = resume(tmp_path / "run", "-q", environment=endpoint.environment)
        assert done.code == 0, done.text
        prefix = results.record(tmp_path / "run")["written"]["prefix"]
        keys = endpoint.keys()
        assert keys and all(key.startswith(prefix) for key in keys)
        kept = results.every_file(tmp_path / "run")
        assert endpoint.secret_key not in kept and endpoint.token not in kept


def test_keys_that_an_api_names_go_on_in_the_same_file(tmp_path):
    with Endpoint(tmp_path) as endpoint:
        words = [word for word in WORDS if word not in ("--link", "loopback")]
        words += ["--target", endpoint.store, "--bucket", endpoint.bucket, "--gateway", endpoint.gateway]
        environment = endpoint.environment | {"UPLOADBENCH_TOKEN": endpoint.token}
        cut_off(tmp_path / "run", 2, words=words, environment=environment)
        before = (tmp_path / "run/keys.csv").read_text()
        with (tmp_path / "run/keys.csv").open("a") as keys:
            keys.write("users/torn")
        done = resume(tmp_path / "run", "-q", environment=environment)
        assert done.code == 0, done.text
        now = (tmp_path / "run/keys.csv").read_text()
        assert now.startswith(before) and "torn" not in now and len(now) > len(before)
        assert endpoint.keys() <= set(now.splitlines())


@pytest.mark.parametrize(("name", "column"), [("summary.csv", "cut_off"), ("timeline.csv", "overflow"), ("samples.csv", "requests")])
def test_rows_of_other_columns_are_refused_before_anything_is_written(tmp_path, name, column):
    folder = tmp_path / "run"
    cut_off(folder, 1)
    lines = (folder / name).read_text().splitlines(keepends=True)
    position = lines[0].rstrip("\n").split(",").index(column)
    shorter = [",".join(f for i, f in enumerate(line.rstrip("\n").split(",")) if i != position) + "\n" for line in lines]
    (folder / name).write_text("".join(shorter))
    before = {file: (folder / file).read_bytes() for file in (*FILES, "run.json")}
    done = resume(folder)
    assert done.code == 1 and name in done.err and column in done.err, done.text
    assert before == {file: (folder / file).read_bytes() for file in (*FILES, "run.json")}


@pytest.mark.parametrize("name", ["samples.csv", "timeline.csv", "histograms.csv"])
def test_a_run_that_lacks_a_file_is_refused_before_anything_is_written(tmp_path, name):
    folder = tmp_path / "run"
    cut_off(folder, 1)
    (folder / name).unlink()
    before = (folder / "run.json").read_bytes()
    done = resume(folder)
    assert done.code == 1 and name in done.err, done.text
    assert (folder / "run.json").read_bytes() == before and not (folder / name).exists()


@pytest.mark.parametrize("name", ["samples.csv", "histograms.csv"])
def test_a_shortened_file_is_refused_before_any_load(tmp_path, name):
    folder = tmp_path / "run"
    cut_off(folder, 2)
    finished = {cell(row) for row in whole_rows(folder, "summary.csv")}
    lines = (folder / name).read_text().splitlines(keepends=True)
    gone = next(index for index, row in enumerate(whole_rows(folder, name), 1) if cell(row) in finished and row.get("warmup", "0") == "0" and row.get("metric", "response") == "response")
    (folder / name).write_text("".join(lines[:gone] + lines[gone + 1 :]))
    before = {file: (folder / file).read_bytes() for file in (*FILES, "run.json")}
    done = resume(folder)
    assert done.code == 1 and "summary.csv, line" in done.err and "cut or edited" in done.err, done.text
    assert before == {file: (folder / file).read_bytes() for file in (*FILES, "run.json")}


def edit_settings(folder, **changes):
    record = results.record(folder)
    record["settings"] |= changes
    (folder / "run.json").write_text(json.dumps(record))


@pytest.mark.parametrize("flag", ["jtl", "vegeta", "k6", "markdown"])
def test_a_recorded_output_is_not_written(tmp_path, flag):
    folder, other = tmp_path / "run", tmp_path / "another's"
    cut_off(folder, 4)
    settings = results.record(folder)["settings"]
    edit_settings(
        folder, flags=[*settings["flags"], f"--{flag}={other}"], plan={flag: str(other)},
        environment={f"UPLOADBENCH_{flag.upper()}": str(other)},
    )  # fmt: skip
    assert resume(folder).code == 0
    assert not other.exists()


def test_a_recorded_consent_does_not_count(tmp_path):
    folder = tmp_path / "run"
    cut_off(folder, 1)
    settings = results.record(folder)["settings"]
    edit_settings(folder, flags=[flag for flag in settings["flags"] if "--link" not in flag and "--scenarios" not in flag] + ["--target=http://192.0.2.1:9", "--bucket=b", "--signer=local", "--scenarios=presigned-put", "--yes-load=192.0.2.1"])
    done = resume(folder)
    assert done.code == 64 and "--yes-load" in done.err, done.text
