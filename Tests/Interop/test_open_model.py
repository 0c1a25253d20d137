"""The open model: uploads start by a schedule, and what is late or left out is shown."""

import json
import signal
import statistics
import subprocess
import time

import pytest

import program
import results

RUN = ("run", "--link", "loopback", "--scenarios", "presigned-put", "--size", "1KiB")


def run(folder, *flags):
    done = program.run(*RUN, *flags, "-o", folder)
    assert done.code == 0, done.text
    return done


def samples(folder, **wanted):
    rows = results.rows(folder, "samples.csv")
    return [row for row in rows if all(row[name] == value for name, value in wanted.items())]


@pytest.fixture(scope="module")
def constant(tmp_path_factory):
    folder = tmp_path_factory.mktemp("constant") / "run"
    done = run(folder, "-r", 100, "-d", "1s", "--warmup", "500ms", "--rounds", 2)
    return done, folder


def test_constant_arrivals_are_one_period_apart(constant):
    _, folder = constant
    for number in ("1", "2"):
        rows = sorted(samples(folder, round=number), key=lambda row: int(row["upload"]))
        assert [int(row["upload"]) for row in rows] == list(range(150))
        times = [int(row["intended_us"]) for row in rows]
        assert all(abs(b - a - 10_000) <= 1 for a, b in zip(times, times[1:]))
        assert [row["warmup"] for row in rows] == ["1"] * 50 + ["0"] * 100


def test_response_time_runs_from_the_intended_start(constant):
    _, folder = constant
    for row in samples(folder):
        intended, started, ended = (int(row[f"{n}_us"]) for n in ("intended", "started", "ended"))
        assert intended <= started < ended
        assert int(row["response_us"]) == pytest.approx(ended - intended, abs=2)
        assert int(row["service_us"]) == pytest.approx(ended - started, abs=2)


def test_the_summary_says_the_model_the_rate_and_the_lag(constant):
    _, folder = constant
    for row in results.rows(folder, "summary.csv"):
        assert (row["model"], row["concurrency"], row["rate_per_s"]) == ("open", "", "100")
        assert (row["uploads"], row["errors"], row["overflow"]) == ("100", "0", "0")
        measured = samples(folder, round=row["round"], warmup="0")
        lags = sorted(int(r["started_us"]) - int(r["intended_us"]) for r in measured)
        assert int(row["schedule_lag_p99_us"]) == pytest.approx(lags[98], rel=0.002, abs=2)
        late = int(row["schedule_lag_p99_us"]) > 0.1 * int(row["response_p50_us"])
        busy = float(row["client_busy_share"]) > 0.95
        assert row["generator_limited"] == str(int(late or busy))


def test_the_record_and_the_table_say_the_model(constant):
    done, folder = constant
    plan = results.record(folder)["plan"]
    assert (plan["model"], plan["arrivals"], plan["rate_per_s"]) == ("open", "constant", 100)
    assert "concurrency" not in plan and plan["max_in_flight"] > 0
    assert "open model" in done.out and "offered/s" in done.out and "overflow" in done.out


def test_a_late_generator_says_so(constant):
    done, folder = constant
    limited = any(row["generator_limited"] == "1" for row in results.rows(folder, "summary.csv"))
    assert ("generator-limited" in done.out) == limited


def offsets(folder, number="1"):
    """The intended starts since the first, in the order of the uploads."""
    rows = sorted(samples(folder, round=number), key=lambda row: int(row["upload"]))
    times = [int(row["intended_us"]) for row in rows]
    return [time - times[0] for time in times]


def same(left, right):
    return len(left) == len(right) and all(abs(a - b) <= 1 for a, b in zip(left, right))


def test_the_seed_decides_the_schedule_whatever_the_threads(tmp_path):
    flags = ("-r", 300, "--arrivals", "poisson", "-n", 200, "--warmup", "0s", "--rounds", 2)
    run(tmp_path / "one", *flags, "--threads", 1)
    run(tmp_path / "three", *flags, "--threads", 3)
    run(tmp_path / "other", *flags, "--seed", 2)
    one = offsets(tmp_path / "one")
    assert len(one) == 200
    assert same(one, offsets(tmp_path / "three"))
    assert not same(one, offsets(tmp_path / "other"))
    assert not same(one, offsets(tmp_path / "one", "2")), "each round has a schedule of its own"
    gaps = [b - a for a, b in zip(one, one[1:])]
    # Five standard errors; of an exponential the deviation is the mean.
    assert statistics.mean(gaps) == pytest.approx(1e6 / 300, rel=5 / 199**0.5)
    assert statistics.stdev(gaps) == pytest.approx(1e6 / 300, rel=0.6)


def test_stages_bring_what_their_areas_say(tmp_path):
    run(tmp_path / "run", "--stages", "0:0,1s:200,1500ms:200,1500ms:20,2500ms:20", "--rounds", 1)
    # 100 in the ramp, 100 on the plateau, 20 after the jump.
    rows = samples(tmp_path / "run")
    assert len(rows) == 220
    times = offsets(tmp_path / "run")
    # The first of 200/s² comes when the area is a half: after √(2·0.5/200) s.
    begin = -(1 / 200) ** 0.5 * 1e6
    for second, count in ((1.0, 100), (1.5, 200), (2.5, 220)):
        assert sum(time - begin < second * 1e6 for time in times) == pytest.approx(count, abs=1)
    plan = results.record(tmp_path / "run")["plan"]
    assert plan["stages"][1] == {"at_s": 1, "rate_per_s": 200}
    (row,) = results.rows(tmp_path / "run", "summary.csv")
    assert float(row["rate_per_s"]) == pytest.approx(220 / 2.5)


def test_overflow_is_counted_and_never_delayed(tmp_path):
    """Over a slow link more uploads arrive than may be under way."""
    done = program.run(
        "run", "--link", "rtt=100ms,up=100mbit,down=100mbit", "--scenarios", "presigned-put",
        "--size", "1KiB", "-r", 50, "-d", "1s", "--warmup", "0s", "--max-in-flight", 5, "--rounds",
        1, "--format", "json", "-o", tmp_path / "run",
    )  # fmt: skip
    assert done.code == 0, done.text
    (row,) = results.rows(tmp_path / "run", "summary.csv")
    rows = samples(tmp_path / "run")
    left_out = [r for r in rows if r["outcome"] == "overflow"]
    assert len(rows) == 50 and 5 <= len(left_out) < 50
    assert (row["overflow"], row["uploads"]) == (str(len(left_out)), str(50 - len(left_out)))
    assert all(r["started_us"] == r["ended_us"] == r["response_us"] == "" for r in left_out)
    started = [r for r in rows if r["outcome"] == "ok"]
    for upload in started:
        at = int(upload["started_us"])
        others = [r for r in started if int(r["started_us"]) <= at < int(r["ended_us"])]
        assert len(others) <= 5
    timeline = results.rows(tmp_path / "run", "timeline.csv")
    assert sum(int(second["overflow"]) for second in timeline) == len(left_out)
    (shown,) = json.loads(done.out)["strategies"]
    assert (shown["overflow"], shown["model"], shown["rate_per_s"]) == (len(left_out), "open", 50)


def test_a_closed_model_has_neither_lag_nor_overflow(tmp_path):
    run(tmp_path / "run", "-n", 5, "-c", 1, "--warmup", "0s", "--rounds", 1)
    (row,) = results.rows(tmp_path / "run", "summary.csv")
    assert (row["model"], row["schedule_lag_p99_us"], row["overflow"]) == ("closed", "", "")
    metrics = {row["metric"] for row in results.rows(tmp_path / "run", "histograms.csv")}
    assert "schedule-lag" not in metrics


def test_an_interrupt_keeps_what_was_measured(tmp_path):
    folder = tmp_path / "run"
    process = program.start(
        *RUN, "-r", 100, "-d", "60s", "--warmup", "0s", "--rounds", 1, "-q", "-o", folder,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        while not (folder / "run.json").exists():
            assert process.poll() is None
            time.sleep(0.02)
        time.sleep(1)  # Some uploads happen first.
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == 130
    assert results.record(folder)["status"] == "partial"
    (row,) = results.rows(folder, "summary.csv")
    ended = samples(folder, outcome="ok")
    assert int(row["uploads"]) == len(ended) > 0


def test_a_rate_at_which_nothing_arrives_is_said_to_be_no_load(tmp_path):
    done = program.run(
        "run", "--link", "loopback", "--scenarios", "presigned-put", "--size", "1KiB", "-r", "1/h", "-d", "200ms",
        "--warmup", "0s", "--rounds", 1, "-o", tmp_path / "run",
    )  # fmt: skip
    assert done.code == 1 and "no upload fell into the measured time" in done.text and "busy" not in done.text
