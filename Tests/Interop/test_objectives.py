"""`--slo`, and what a run hands to other tools."""

import csv
import datetime
import json

import pytest
import xmlschema

import program
import results

SHORT = (
    "run", "--link", "loopback", "--scenarios", "presigned-put", "--size", "1KiB", "-n", 20, "-c", 2,
    "--rounds", 2, "--warmup", "50ms", "-q",
)  # fmt: skip


def test_an_objective_that_holds_and_one_that_does_not(tmp_path):
    done = program.run(*SHORT, "--slo", "presigned-put p99 < 60s", "-o", tmp_path / "a")
    assert done.code == 0, done.text
    assert "met: presigned-put p99 < 60s" in done.out
    missed = program.run(
        *SHORT, "--slo", "errors < 1%", "--slo", "p50 < 1us", "--junit", tmp_path / "j.xml",
        "--github", "-o", tmp_path / "b",
    )  # fmt: skip
    assert missed.code == 3, missed.text
    assert "MISSED: p50 < 1us" in missed.out
    assert "::error title=Objective missed%3A p50 < 1us::" in missed.out
    record = results.record(tmp_path / "b")
    assert record["status"] == "complete"
    assert [entry["met"] for entry in record["objectives"]] == [True, False]
    xmlschema.validate(tmp_path / "j.xml", program.ROOT / "Tests/Interop/junit.xsd")


@pytest.mark.parametrize("slo", ['"p50 < 1us"', '["errors < 1%", "p50 < 1us"]'])
def test_objectives_may_stand_in_the_plan(tmp_path, slo):
    (tmp_path / "plan.json").write_text(f'{{"slo": {slo}}}')
    done = program.run(*SHORT, "--plan", tmp_path / "plan.json", "-o", tmp_path / "run")
    assert done.code == 3, done.text
    assert results.record(tmp_path / "run")["plan"]["slo"][-1] == "p50 < 1us"


def test_an_objective_without_data_is_missed(tmp_path):
    done = program.run(*SHORT, "--slo", "proxy-json p99 < 60s", "-o", tmp_path / "run")
    assert done.code == 3, done.text
    assert "no data" in done.out


@pytest.mark.parametrize("slo", ["p99 300ms", "p99 < 300", "errors < 0.1", "prsigned-put p99 < 1s"])
def test_an_objective_that_cannot_be_read_stops_the_run_before_it_starts(tmp_path, slo):
    done = program.run(*SHORT, "--slo", slo, "-o", tmp_path / "run")
    assert done.code == 64 and "--slo:" in done.err
    assert not (tmp_path / "run").exists()


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exports")
    # The store refuses what comes faster, so that failures are among the rows.
    words = ("--store-throttle", "1/s", "--store-burst", "30")
    names = {"jtl": "a.jtl", "vegeta": "a.csv", "k6": "a.json"}
    flags = [word for name, file in names.items() for word in (f"--{name}", folder / file)]
    done = program.run(
        "run", "--link", "loopback", "--scenarios", "presigned-put", "--size", "1KiB", "-n", 40,
        "-c", 2, "--rounds", 1, "--warmup", "0s", *words, *flags, "-o", folder / "run",
    )  # fmt: skip
    assert done.code == 0, done.text
    samples = [row for row in results.rows(folder / "run", "samples.csv") if row["warmup"] == "0"]
    assert {row["outcome"] for row in samples} >= {"ok", "server-error"}
    record = results.record(folder / "run")
    start = datetime.datetime.fromisoformat(record["started_at"].replace("Z", "+00:00"))
    return folder, samples, start.timestamp()


def test_the_jtl_is_what_jmeters_documentation_says(exported):
    folder, samples, start = exported
    with (folder / "a.jtl").open(newline="") as file:
        rows = list(csv.DictReader(file, strict=True))
    # JMeter user manual, "Listeners": the fields of a CSV log, in this order.
    assert list(rows[0]) == [
        "timeStamp", "elapsed", "label", "responseCode", "responseMessage", "threadName", "dataType",
        "success", "failureMessage", "bytes", "sentBytes", "grpThreads", "allThreads", "URL",
        "Latency", "IdleTime", "Connect",
    ]  # fmt: skip
    assert len(rows) == len(samples) == 40
    for row, sample in zip(rows, samples):
        assert int(row["timeStamp"]) == pytest.approx(
            start * 1000 + int(sample["intended_us"]) / 1000, abs=2
        )
        assert int(row["elapsed"]) == int(sample["response_us"]) // 1000
        assert row["success"] == ("true" if sample["outcome"] == "ok" else "false")
        assert row["responseCode"] == sample["http_status"]
        assert row["label"] == "presigned-put 1 KiB"
        assert int(row["sentBytes"]) == int(sample["bytes_sent"])
        assert 0 <= int(row["Connect"]) <= int(row["Latency"]) <= int(row["elapsed"])
        assert (row["failureMessage"] == "") == (row["success"] == "true")


def test_vegetas_csv_has_its_twelve_columns(exported):
    folder, samples, start = exported
    with (folder / "a.csv").open(newline="") as file:
        rows = list(csv.reader(file, strict=True))
    assert len(rows) == len(samples)
    for number, (row, sample) in enumerate(zip(rows, samples)):
        assert len(row) == 12
        assert int(row[0]) / 1e9 == pytest.approx(start + int(sample["intended_us"]) / 1e6, abs=0.002)
        assert int(row[2]) == int(sample["response_us"]) * 1000
        assert int(row[1]) == int(sample["http_status"] or 0)
        assert (row[5] == "") == (sample["outcome"] == "ok")
        assert int(row[8]) == number


def test_k6s_lines_declare_each_metric_before_its_points(exported):
    folder, samples, start = exported
    lines = [json.loads(line) for line in (folder / "a.json").read_text().splitlines()]
    known = set()
    durations = []
    for line in lines:
        if line["type"] == "Metric":
            known.add(line["metric"])
            continue
        assert line["metric"] in known
        stamp = datetime.datetime.fromisoformat(line["data"]["time"].replace("Z", "+00:00"))
        assert start <= stamp.timestamp() < start + 600
        if line["metric"] == "http_req_duration":
            durations.append(line["data"]["value"])
    assert durations == [int(sample["response_us"]) / 1000 for sample in samples]


def test_a_recorded_run_is_exported_to_the_same_files(exported):
    folder, _, _ = exported
    done = program.run("export", folder / "run", "--jtl", folder / "b.jtl", "--k6", folder / "b.json")
    assert done.code == 0, done.text
    assert (folder / "b.jtl").read_bytes() == (folder / "a.jtl").read_bytes()
    assert (folder / "b.json").read_bytes() == (folder / "a.json").read_bytes()
    assert program.run("export", folder / "run").code == 64
    assert program.run("export", folder / "run", "--jtl", folder / "no" / "x").code == 74
