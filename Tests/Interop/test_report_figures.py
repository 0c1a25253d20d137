"""What the report page draws equals what the files hold: read back from the browser."""

import csv
import json
import math
import statistics

import pytest

import program
import made_runs
import results
from browser import Browser
from report_page import Scale, marks, own_csv, plots


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("figures")
    cells = made_runs.cells()
    made_runs.write(folder / "run", cells)
    return folder, cells


@pytest.fixture(scope="module")
def page(run):
    folder, _ = run
    done = program.run("report", folder / "run", "-o", folder / "report.html")
    assert done.code == 0, done.text
    browser = Browser()
    page = browser.page().open(folder / "report.html")
    yield page
    browser.close()


def merged(folder) -> dict[tuple, dict]:
    """Buckets of the response times by strategy and size, all rounds together."""
    groups: dict[tuple, dict] = {}
    for row in results.rows(folder / "run", "histograms.csv"):
        counts = groups.setdefault((row["scenario"], row["size_bytes"]), {})
        name = int(row["lowest_us"]), int(row["highest_us"])
        counts[name] = counts.get(name, 0) + int(row["count"])
    return groups


def test_percentiles_are_those_of_the_merged_histograms(run, page):
    groups = merged(run[0])
    drawn = marks(page, "percentiles")
    assert {(m["scenario"], m["size"]) for m in drawn} == set(groups)
    for mark in drawn:
        share = float(mark["percentile"])
        assert int(mark["us"]) == made_runs.percentile(groups[mark["scenario"], mark["size"]], share), mark
    for name, counts in groups.items():
        shares = [float(m["percentile"]) for m in drawn if (m["scenario"], m["size"]) == name]
        assert {0, 50, 90, 95, 99} <= set(shares) and shares == sorted(shares)
        assert max(shares) <= 100 * (1 - 1 / sum(counts.values())), "no percentile of a single upload"


def test_percentile_marks_stand_where_their_values_are(page):
    for plot in plots(page, "percentiles"):
        from_zero = any(tick["axis"] == "y" and tick["value"] == 0 for tick in plot["ticks"])
        x, y = Scale(plot, "x", "log"), Scale(plot, "y", "linear" if from_zero else "log")
        for mark in plot["marks"]:
            assert mark["x"] == pytest.approx(x(1 / (1 - float(mark["percentile"]) / 100)), abs=0.1)
            assert mark["y"] == pytest.approx(y(float(mark["us"])), abs=0.1)


@pytest.mark.parametrize("figure", ["percentiles", "sizes", "timeline"])
def test_marks_are_painted_where_they_stand(page, figure):
    drawn = [mark for mark in marks(page, figure) if mark["tag"] == "use"]
    assert drawn
    for mark in drawn:
        # A triangle's middle is a little off its centre of gravity.
        assert (mark["px"], mark["py"]) == pytest.approx((mark["x"], mark["y"]), abs=1)


def test_medians_stand_against_their_sizes(run, page):
    groups = merged(run[0])
    (plot,) = plots(page, "sizes")
    drawn = [mark for mark in plot["marks"] if "size" in mark]
    assert {(m["scenario"], m["size"]) for m in drawn} == set(groups)
    x, y = Scale(plot, "x", "log"), Scale(plot, "y", "log")
    for mark in drawn:
        assert int(mark["us"]) == made_runs.percentile(groups[mark["scenario"], mark["size"]], 50)
        assert mark["x"] == pytest.approx(x(float(mark["size"])), abs=0.1)
        assert mark["y"] == pytest.approx(y(float(mark["us"])), abs=0.1)


def test_crossovers_of_the_fastest_are_named_and_called_interpolated(run, page):
    """The proxy is the fastest at 64 KiB and the slowest at 1 MiB; acceleration pays by 8 MiB."""
    groups = merged(run[0])
    (plot,) = plots(page, "sizes")
    named = [mark for mark in plot["marks"] if "crossover" in mark]
    assert [(m["below"], m["above"]) for m in named] == [
        ("proxy-json", "presigned-put"), ("presigned-put", "accelerated-put")
    ]  # fmt: skip
    log_median = {name: math.log(made_runs.percentile(counts, 50)) for name, counts in groups.items()}
    for mark, (lower, upper) in zip(named, ((65536, 1048576), (1048576, 8388608))):
        before, after = (
            log_median[mark["below"], str(size)] - log_median[mark["above"], str(size)] for size in (lower, upper)
        )
        assert before < 0 < after
        wanted = lower * (upper / lower) ** (before / (before - after))
        assert float(mark["crossover"]) == pytest.approx(wanted, abs=1)
        assert "interpolated" in mark["label"] and "No size between was measured" in mark["label"]


def test_every_second_and_its_errors_are_drawn(run, page):
    folder, cells = run
    refused = {(c.scenario, str(c.size)) for c in cells if not c.latencies_us}
    rows = [
        row for row in results.rows(folder / "run", "timeline.csv")
        if (row["scenario"], row["size_bytes"]) not in refused
    ]  # fmt: skip
    drawn = marks(page, "timeline")
    names = ("scenario", "size", "round", "second")
    for percentile, column in (("50", "response_p50_us"), ("99", "response_p99_us")):
        found = {tuple(m[n] for n in names): m["us"] for m in drawn if m.get("percentile") == percentile}
        assert found == {(r["scenario"], r["size_bytes"], r["round"], r["second"]): r[column] for r in rows}
    errors = sorted((m["round"], m["second"], m["errors"]) for m in drawn if "errors" in m)
    assert errors == sorted((r["round"], r["second"], r["errors"]) for r in rows if r["errors"] != "0")


def test_bars_of_time_are_the_means_of_the_samples_and_add_up(run, page):
    folder, _ = run
    samples = [
        row for row in results.rows(folder / "run", "samples.csv") if row["warmup"] == "0" and row["outcome"] == "ok"
    ]
    drawn = marks(page, "time")
    groups = {(row["scenario"], row["size_bytes"]) for row in samples}
    assert {(m["scenario"], m["size"]) for m in drawn} == groups
    for scenario, size in groups:
        own = [row for row in samples if (row["scenario"], row["size_bytes"]) == (scenario, size)]
        mean = {n: statistics.mean(int(r[f"{n}_us"] or 0) for r in own)
                for n in ("response", "authorize", "upload", "notify", "connect", "tls", "send", "wait")}  # fmt: skip
        for division, parts in (("step", ("authorize", "upload", "notify")), ("network", ("connect", "tls", "send", "wait"))):
            bars = {m["part"].lower(): float(m["us"]) for m in drawn if (m["scenario"], m["size"], m["division"]) == (scenario, size, division)}
            for part in parts:
                assert bars.get(part, 0) == pytest.approx(mean[part])
            assert sum(bars.values()) == pytest.approx(mean["response"])


def test_bars_are_as_long_as_their_values(page):
    for plot in plots(page, "time"):
        x = Scale(plot, "x", "linear")
        for mark in plot["marks"]:
            assert mark["width"] == pytest.approx(x(float(mark["us"])) - x(0), abs=0.1)


def test_wire_bytes_are_those_of_the_summary(run, page):
    rows = results.rows(run[0] / "run", "summary.csv")
    for mark in marks(page, "wire"):
        own = [r for r in rows if (r["scenario"], r["size_bytes"]) == (mark["scenario"], mark["size"])]
        counts = [int(r["uploads"]) + int(r["errors"]) for r in own]
        wire = sum(float(r["wire_bytes_per_upload"]) * n for r, n in zip(own, counts)) / sum(counts)
        assert float(mark["wire"]) == pytest.approx(wire)
        assert float(mark["percent"]) == pytest.approx(100 * (wire - int(mark["size"])) / int(mark["size"]))


@pytest.mark.parametrize(
    "figure, columns",
    [
        ("percentiles", {"scenario": "scenario", "size": "size_bytes", "percentile": "percentile", "us": "response_us"}),
        ("sizes", {"scenario": "scenario", "size": "size_bytes", "us": "response_p50_us"}),
        ("time", {"scenario": "scenario", "size": "size_bytes", "division": "division", "part": "part", "us": "mean_us"}),
        ("wire", {"scenario": "scenario", "size": "size_bytes", "wire": "wire_bytes_per_upload"}),
    ],
)  # fmt: skip
def test_the_csv_below_a_figure_holds_exactly_its_marks(page, figure, columns):
    drawn = [tuple(m[name] for name in columns) for m in marks(page, figure) if "crossover" not in m]
    held = [tuple(row[name] for name in columns.values()) for row in own_csv(page, figure)]
    assert sorted(drawn) == sorted(held) and drawn


def test_the_verdict_comes_first_and_is_that_of_the_terminal(run, page):
    order = page.value("[...document.querySelectorAll('main h2')].map((h) => h.textContent)")
    assert order[:2] == ["Verdict", "Strategies by size"]
    leaders = page.value(
        "[...document.querySelectorAll('.leader')].map((l) => [...l.querySelectorAll('.size, .winner')].map((e) => e.textContent))"
    )
    groups = merged(run[0])
    wanted = []
    for size, text in (("65536", "64 KiB"), ("1048576", "1 MiB"), ("8388608", "8 MiB")):
        medians = {n: made_runs.percentile(c, 50) for (n, s), c in groups.items() if s == size}
        wanted.append([text, min(medians, key=medians.get)])
    assert leaders == wanted
    text = page.value("document.querySelector('.leaders').textContent")
    assert "95% interval" in text and "3 rounds" in text


def test_refused_sizes_and_errors_are_shown(page):
    text = page.value("document.querySelector('#r1-table').textContent")
    assert "refused (413): Lambda takes no larger event" in text
    assert "presigned-put 8 MiB: 6 × server-error 503 SlowDown" in text


def test_two_runs_are_compared_in_a_forest_plot_as_compare_compares_them(tmp_path):
    for name, seed, slower in (("base", 1, 1.0), ("candidate", 2, 1.5)):
        made_runs.write(tmp_path / name, made_runs.cells(seed, rounds=14, uploads=20, slower=slower))
    runs = tmp_path / "base", tmp_path / "candidate"
    done = program.run("report", *runs, "-o", tmp_path / "two.html")
    assert done.code == 0, done.text
    judged = program.run("compare", *runs, "--format", "json")
    assert judged.code == 2, judged.text
    wanted = {
        (row["scenario"], str(row["size_bytes"]), row["metric"]): row
        for row in json.loads(judged.out)["comparisons"] if row["metric"] != "errors" and row.get("ratio")
    }  # fmt: skip
    titles = {"p50": "response p50", "p95": "response p95", "p99": "response p99", "cpu": "CPU per upload"}
    browser = Browser()
    try:
        page = browser.page().open(tmp_path / "two.html")
        drawn = {(m["scenario"], m["size"], m["metric"]): m for m in marks(page, "ratios")}
        assert set(drawn) == {(s, n, titles.get(m, m)) for s, n, m in wanted}
        for (scenario, size, metric), row in wanted.items():
            mark = drawn[scenario, size, titles.get(metric, metric)]
            assert float(mark["ratio"]) == pytest.approx(row["ratio"])
            assert float(mark["low"]) == pytest.approx(row["ratio_low"])
            assert float(mark["high"]) == pytest.approx(row["ratio_high"])
            assert row["verdict"] in mark["label"]
            if metric == "p50":
                assert row["ratio"] == pytest.approx(1.5, rel=0.1) and row["verdict"] == "regression"
        for plot in plots(page, "ratios"):
            x = Scale(plot, "x", "log")
            for mark in plot["marks"]:
                assert mark["x"] == pytest.approx(x(float(mark["ratio"])), abs=0.1)
        assert page.value("document.querySelectorAll('section.run').length") == 3
        ids = page.value("[...document.querySelectorAll('[id]')].map((e) => e.id)")
        assert len(ids) == len(set(ids)), "runs on one page share no anchor"
    finally:
        browser.close()


def test_a_capacity_search_and_a_sweep_are_drawn_from_their_rows(tmp_path):
    record = json.dumps(made_runs.record())
    columns = ["scenario", "size_bytes", "step", "phase", "rate_per_s", "concurrency", "offered_per_s",
               "achieved_per_s", "seconds", "uploads", "errors", "overflow", "objective", "objective_share",
               "counted", "missed", "missed_share", "design_effect", "effective_uploads", "response_mean_us",
               "response_p50_us", "response_p99_us", "authorize_p50_us", "notify_p50_us", "in_flight_mean",
               "in_flight_slope_per_s", "schedule_lag_p99_us", "client_busy_share", "client_cpu_us_per_upload",
               "gateway_cpu_us_per_upload", "fit_per_s", "low_per_s", "high_per_s", "decision", "reason"]  # fmt: skip
    common = {"scenario": "presigned-put", "size_bytes": 65536}
    steps = [(50, 90_000, "pass"), (100, 150_000, "pass"), (200, 480_000, "fail")]
    rows = [common | {"phase": "doubling", "rate_per_s": rate, "response_p99_us": us, "decision": decision,
                      "objective": "p99 < 300ms", "in_flight_slope_per_s": "-1.5"} for rate, us, decision in steps]  # fmt: skip
    rows.append(common | {"phase": "answer", "rate_per_s": 140, "low_per_s": 130, "high_per_s": 150, "decision": "found"})
    law = {n: 100 * n / (1 + 0.05 * (n - 1) + 0.002 * n * (n - 1)) for n in (1, 2, 4, 8, 16, 32)}
    rows += [common | {"phase": "sweep", "concurrency": n, "achieved_per_s": x, "decision": "fitted"} for n, x in law.items() if n <= 16]
    rows += [common | {"phase": "fit", "concurrency": n, "fit_per_s": x, "low_per_s": x * 0.9, "high_per_s": x * 1.1,
                       "decision": "fitted" if n <= 16 else "extrapolated"} for n, x in law.items()]  # fmt: skip
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "run.json").write_text(record)
    with (folder / "capacity.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    done = program.run("report", folder, "-o", tmp_path / "report.html")
    assert done.code == 0, done.text
    browser = Browser()
    try:
        page = browser.page().open(tmp_path / "report.html")
        assert page.errors == []
        drawn = marks(page, "capacity")
        assert {(float(m["rate"]), int(m["us"]), m["verdict"]) for m in drawn if "rate" in m} == set(steps)
        assert [float(m["answer"]) for m in drawn if "answer" in m] == [140]
        kinds = {}
        for mark in marks(page, "scalability"):
            kinds.setdefault(mark["kind"], {})[float(mark["concurrency"])] = float(mark["perS"])
        assert kinds["measured"] == pytest.approx({n: x for n, x in law.items() if n <= 16})
        assert kinds["fit"] == pytest.approx({n: x for n, x in law.items() if n <= 16})
        assert kinds["extrapolated"] == pytest.approx({n: x for n, x in law.items() if n >= 16})
        text = page.value("document.querySelector('#r1-verdict').textContent")
        assert "140 arrivals per second hold p99 < 300ms (interval 130 to 150)" in text
    finally:
        browser.close()
