"""Percentiles against HdrHistogram's Python port, on what a run wrote."""

import pytest

import histogram_cases
import program
import results

COLUMNS = {"p50": 50, "p90": 90, "p95": 95, "p99": 99, "p999": 99.9}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("histograms") / "run"
    done = program.run(
        "run", "--link", "loopback", "--scenarios", "presigned-put,presigned-post", "--size",
        "1KiB,256KiB", "-r", 250, "--arrivals", "poisson", "-n", 400, "--rounds", 1, "--threads", 2,
        "--warmup", "100ms", "-q", "-o", folder,
    )  # fmt: skip
    assert done.code == 0, done.text
    return folder


def recorded(folder, row, column):
    histogram = histogram_cases.reference()
    for sample in results.rows(folder, "samples.csv"):
        same = all(sample[name] == row[name] for name in ("scenario", "size_bytes", "round"))
        if same and sample["outcome"] == "ok" and sample["warmup"] == "0":
            histogram.record_value(int(sample[column]))
    return histogram


def test_the_summary_is_what_the_reference_makes_of_the_samples(folder):
    summary = results.rows(folder, "summary.csv")
    assert len(summary) == 4
    for row in summary:
        response, service = (recorded(folder, row, f"{n}_us") for n in ("response", "service"))
        assert response.get_total_count() == int(row["uploads"]) == 400
        for name, percentile in COLUMNS.items():
            expected = response.get_value_at_percentile(percentile)
            assert int(row[f"response_{name}_us"]) == expected, (row["scenario"], name)
        for name in ("p50", "p99"):
            expected = service.get_value_at_percentile(COLUMNS[name])
            assert int(row[f"service_{name}_us"]) == expected
        assert int(row["response_min_us"]) == response.get_min_value()
        assert int(row["response_max_us"]) == response.get_max_value()


def test_the_buckets_are_the_reference_s(folder):
    written: dict[tuple, list] = {}
    for row in results.rows(folder, "histograms.csv"):
        if row["metric"] == "response":
            key = row["scenario"], row["size_bytes"], row["round"]
            written.setdefault(key, []).append((int(row["highest_us"]), int(row["count"])))
    for row in results.rows(folder, "summary.csv"):
        expected = [
            (item.value_iterated_to, item.count_at_value_iterated_to)
            for item in recorded(folder, row, "response_us").get_recorded_iterator()
        ]
        assert written[row["scenario"], row["size_bytes"], row["round"]] == expected


def test_the_fixture_of_the_swift_tests_is_what_the_reference_says():
    assert histogram_cases.FIXTURE.read_text() == histogram_cases.text()
