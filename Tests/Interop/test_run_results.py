"""The results directory of a run, as the contract has it."""

import datetime
import platform
import re
import statistics

import pytest

import program
import results

UPLOADS, ROUNDS = 30, 2
# With the requests that an upload takes.
STRATEGIES = {
    "proxy-json": 1, "proxy-binary": 2, "edge-redirect": 3, "presigned-put": 3, "presigned-post": 3,
    "accelerated-put": 3, "accelerated-post": 3, "presigned-multipart": 4,
    "accelerated-multipart": 4,
}  # fmt: skip
SIZES = {"1024", "262144"}
CELLS = len(STRATEGIES) * len(SIZES) * ROUNDS


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A run that starts its own endpoint, as `make run` does."""
    folder = tmp_path_factory.mktemp("embedded")
    started = datetime.datetime.now(datetime.timezone.utc)
    done = program.run(
        "run", "-n", UPLOADS, "-c", 4, "--rounds", ROUNDS, "--size", "1KiB,256KiB",
        "--warmup", "100ms", "--seed", 42, "--link", "loopback", "-o", folder / "results",
    )  # fmt: skip
    assert done.code == 0, done.text
    return done, folder / "results", started


def cell(row) -> tuple:
    return row["scenario"], row["size_bytes"], row["round"]


def measured(folder) -> list[dict]:
    return [row for row in results.rows(folder, "samples.csv") if row["warmup"] in ("0", "false")]


def test_all_files_are_there(finished):
    _, folder, _ = finished
    names = {path.name for path in folder.iterdir()}
    assert names >= {"run.json", "summary.csv", "samples.csv", "timeline.csv", "histograms.csv"}


def test_the_record_says_what_ran_where_and_how_it_ended(finished):
    _, folder, started = finished
    record = results.record(folder)
    assert record["status"] == "complete"
    assert record["schema_version"] == 1
    assert record["seed"] == 42
    assert record["plan"]["rounds"] == ROUNDS
    assert set(record["plan"]["scenarios"]) == set(STRATEGIES)
    assert record["machine"]["kernel"] == platform.release()
    assert record["machine"]["cores"] >= 1
    assert "libcurl" in record["libraries"]
    assert "git_commit" in record and "target" in record and "emulated" in record
    began = datetime.datetime.fromisoformat(record["started_at"].replace("Z", "+00:00"))
    ended = datetime.datetime.fromisoformat(record["ended_at"].replace("Z", "+00:00"))
    assert started - datetime.timedelta(seconds=1) <= began <= ended


def test_the_summary_has_one_row_per_cell(finished):
    _, folder, _ = finished
    summary = results.rows(folder, "summary.csv")
    assert len(summary) == CELLS
    assert len({cell(row) for row in summary}) == CELLS
    for row in summary:
        assert (row["uploads"], row["errors"]) == (str(UPLOADS), "0")
        assert (row["model"], row["concurrency"]) == ("closed", "4")
        assert row["rate_per_s"] == "", "a closed model has no rate of its own"
        order = ["min", "p50", "p90", "p95", "p99", "p999", "max"]
        times = [float(row[f"response_{name}_us"]) for name in order]
        assert times == sorted(times)
        assert float(row["requests_per_upload"]) == STRATEGIES[row["scenario"]]
        assert float(row["wire_bytes_per_upload"]) > int(row["size_bytes"])
        assert float(row["achieved_per_s"]) > 0


def test_the_samples_have_one_row_per_upload(finished):
    _, folder, _ = finished
    samples = measured(folder)
    assert len(samples) == UPLOADS * CELLS
    for row in samples:
        assert row["outcome"] == "ok"
        assert (row["http_status"], row["error_code"]) == ("201", "")
        intended, started, ended = (float(row[f"{n}_us"]) for n in ("intended", "started", "ended"))
        assert intended <= started < ended
        assert float(row["response_us"]) == pytest.approx(ended - intended, abs=2)
        assert float(row["service_us"]) == pytest.approx(ended - started, abs=2)
        phases = sum(float(row[f"{n}_us"] or 0) for n in ("authorize", "upload", "notify"))
        assert phases <= float(row["service_us"]) + 5
        assert int(row["bytes_sent"]) > int(row["size_bytes"])
        assert row["tls_us"] == "", "nothing is never written as 0"


def test_uploads_are_numbered_once_within_a_cell(finished):
    _, folder, _ = finished
    numbers = [(cell(row), row["upload"]) for row in results.rows(folder, "samples.csv")]
    assert len(numbers) == len(set(numbers))


def test_the_summary_agrees_with_the_samples(finished):
    _, folder, _ = finished
    samples = measured(folder)
    for row in results.rows(folder, "summary.csv"):
        times = sorted(float(s["response_us"]) for s in samples if cell(s) == cell(row))
        # The histogram keeps 3 significant digits.
        assert float(row["response_max_us"]) == pytest.approx(times[-1], rel=0.002, abs=2)
        assert float(row["response_min_us"]) == pytest.approx(times[0], rel=0.002, abs=2)
        assert float(row["response_mean_us"]) == pytest.approx(statistics.mean(times), rel=0.01)
        median = times[(UPLOADS - 1) // 2] * 0.998 - 2, times[UPLOADS // 2] * 1.002 + 2
        assert median[0] <= float(row["response_p50_us"]) <= median[1]


def test_the_histograms_count_every_upload(finished):
    _, folder, _ = finished
    counts: dict[tuple, int] = {}
    for row in results.rows(folder, "histograms.csv"):
        assert int(row["lowest_us"]) <= int(row["highest_us"])
        assert int(row["count"]) > 0
        name = (*cell(row), row["metric"])
        counts[name] = counts.get(name, 0) + int(row["count"])
    response = {name: count for name, count in counts.items() if name[3].startswith("response")}
    assert len(response) == CELLS
    assert set(response.values()) == {UPLOADS}


def test_the_timeline_adds_up(finished):
    _, folder, _ = finished
    timeline = results.rows(folder, "timeline.csv")
    totals: dict[tuple, int] = {}
    for row in timeline:
        totals[cell(row)] = totals.get(cell(row), 0) + int(row["uploads"])
        assert row["errors"] == "0"
    assert len(totals) == CELLS
    assert all(total >= UPLOADS for total in totals.values())


def test_numbers_are_plain(finished):
    _, folder, _ = finished
    texts = {"scenario", "link", "model", "outcome", "error_code", "metric", "warmup"}
    for name in ("summary.csv", "samples.csv", "timeline.csv", "histograms.csv"):
        for row in results.rows(folder, name):
            for column, value in row.items():
                if column not in texts and value != "":
                    assert re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", value), (name, column, value)


def test_no_signature_is_in_results_or_on_the_terminal(finished):
    done, folder, _ = finished
    text = results.every_file(folder) + done.text
    assert "X-Amz-" not in text and "Bearer" not in text


def test_the_table_names_every_strategy_and_the_folder(finished):
    done, folder, _ = finished
    for word in (*STRATEGIES, str(folder)):
        assert word in done.out
    assert "\x1b" not in done.out, "no colour where there is no terminal"


def test_results_are_never_overwritten(finished):
    _, folder, _ = finished
    before = results.every_file(folder)
    done = program.run("run", "-n", 1, "--size", "1KiB", "--rounds", 1, "-o", folder)
    assert done.code == 74
    assert len(done.err.splitlines()) == 1
    assert results.every_file(folder) == before


def test_the_default_folder_is_named_by_the_time(tmp_path):
    words = ("run", "--link", "loopback", "-n", 1, "-c", 1, "--size", "1KiB", "--rounds", 1, "--warmup", "0s", "-q")
    for _ in range(2):
        done = program.run(*words, cwd=tmp_path)
        assert done.code == 0, done.text
    names = [path.name for path in (tmp_path / "results").iterdir()]
    assert len(names) == 2
    for name in names:
        assert re.match(r"\d{4}-?\d\d-?\d\dT\d\d[-:]?\d\d[-:]?\d\dZ-", name), name


def test_every_strategy_without_a_backend_is_signed_here(tmp_path):
    done = program.run(
        "run", "--signer", "local", "--link", "loopback", "-n", 3, "-c", 1, "--size", "1KiB",
        "--rounds", 1, "--warmup", "0s", "-o", tmp_path / "run",
    )  # fmt: skip
    assert done.code == 0, done.text
    summary = {row["scenario"]: row for row in results.rows(tmp_path / "run", "summary.csv")}
    assert len(summary) == 6
    assert all(row["errors"] == "0" for row in summary.values())


def test_a_size_that_a_proxy_refuses_is_shown_with_the_reason(tmp_path):
    done = program.run(
        "run", "--link", "loopback", "--scenarios", "proxy-json,proxy-binary,presigned-put", "-n", 2,
        "-c", 1, "--size", "16MiB", "--rounds", 1, "--warmup", "0s", "-o", tmp_path / "run",
    )  # fmt: skip
    assert done.code == 0, done.text
    assert "refused (413): Lambda takes no larger event" in done.out
    assert "refused (413): API Gateway takes no larger body" in done.out


# Of each upload: the API's preflights are for the first alone, the store's are for each new URL.
BROWSER_REQUESTS = {
    "presigned-put": [6, 4, 4], "presigned-post": [5, 3, 3], "edge-redirect": [6, 4, 4],
}  # fmt: skip


def test_a_browsers_preflights_are_in_the_samples(tmp_path):
    done = program.run(
        "run", "--client", "browser", "--scenarios", ",".join(BROWSER_REQUESTS), "--link", "loopback",
        "--size", "1KiB", "-n", 3, "-c", 1, "--rounds", 1, "--warmup", "0s", "-o", tmp_path / "run",
    )  # fmt: skip
    assert done.code == 0, done.text
    samples = results.rows(tmp_path / "run", "samples.csv")
    samples.sort(key=lambda row: int(row["started_us"]))
    for strategy, wanted in BROWSER_REQUESTS.items():
        found = [int(row["requests"]) for row in samples if row["scenario"] == strategy]
        assert found == wanted, strategy
    for row in results.rows(tmp_path / "run", "summary.csv"):
        wanted = sum(BROWSER_REQUESTS[row["scenario"]]) / 3
        assert float(row["requests_per_upload"]) == pytest.approx(wanted, abs=0.01)


def test_the_emulated_numbers_are_on_record(tmp_path):
    done = program.run(
        "run", "--link", "rtt=3ms,up=50mbit,down=60mbit,loss=1%", "--scenarios", "presigned-put",
        "-n", 2, "-c", 1, "--size", "1KiB", "--rounds", 1, "-o", tmp_path / "run",
    )  # fmt: skip
    assert done.code == 0, done.text
    emulated = results.record(tmp_path / "run")["emulated"]
    leg = emulated["parameters"]["legs"]["clientStore"]
    assert (leg["roundTripMs"], leg["upMbit"], leg["downMbit"]) == (3, 50, 60)
    assert leg["loss"] == 0.01
    assert emulated["parameters"]["gateway"]["body_limit_bytes"] == 10_485_760
