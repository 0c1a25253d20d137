"""The comparison's numbers against SciPy's for the same data."""

import json
import math

import numpy
import pytest
from scipy import stats

import program
import recorded

METRICS = {
    "p50": "response_p50_us", "p95": "response_p95_us", "p99": "response_p99_us",
    "goodput": "goodput_bytes_per_s", "cpu": "client_cpu_us_per_upload",
}  # fmt: skip


def compared(base, candidate, *words) -> dict:
    done = program.run("compare", base, candidate, "--format", "json", *words)
    assert done.code in (0, 2, 4), done.text
    return json.loads(done.out)


def made(folder, seed, rounds, digits, slowdown=1.0, errors=0):
    random = numpy.random.default_rng(seed)
    rows = []
    for _ in range(rounds):
        values = random.lognormal(math.log(20_000 * slowdown), 0.1, len(METRICS))
        fields = {name: round(value, digits) for name, value in zip(METRICS.values(), values)}
        rows.append(fields | {"errors": errors})
    return recorded.write(folder, rows)


def walsh(differences):
    first, second = numpy.triu_indices(len(differences))
    return (differences[first] + differences[second]) / 2


@pytest.mark.parametrize("rounds", [6, 9, 13, 20, 30])
def test_estimate_interval_and_p_are_scipys(tmp_path, rounds):
    base = made(tmp_path / "a", rounds, rounds, 3)
    candidate = made(tmp_path / "b", rounds + 100, rounds, 3, slowdown=1.07)
    rows = [row for row in compared(base, candidate)["comparisons"] if row["metric"] != "errors"]
    assert {row["metric"] for row in rows} == set(METRICS)
    for row in rows:
        differences = numpy.array(row["differences"])
        assert len(differences) == rounds
        assert row["log_ratio"] == pytest.approx(numpy.median(walsh(differences)), abs=1e-12)
        exact = stats.wilcoxon(differences, method="exact").pvalue
        assert row["p_value"] == pytest.approx(exact, rel=1e-9)
        for name, level in (("", 0.05), ("_90", 0.10)):
            for end, outward in ((f"log_ratio_low{name}", -1), (f"log_ratio_high{name}", 1)):
                # The interval holds the shifts that the test does not reject.
                for step, is_inside in ((-1e-9, True), (1e-9, False)):
                    shifted = differences - (row[end] + outward * step)
                    p = stats.wilcoxon(shifted, method="exact").pvalue
                    assert (p > level) == is_inside


def test_the_differences_are_the_logarithms_of_the_rounds(tmp_path):
    base = recorded.write(tmp_path / "a", [recorded.latencies(100 + i) for i in range(8)])
    candidate = recorded.write(tmp_path / "b", [recorded.latencies(130 - i) for i in range(8)])
    row = compared(base, candidate)["comparisons"][0]
    expected = [math.log((130 - i) / (100 + i)) for i in range(8)]
    assert row["differences"] == pytest.approx(expected, abs=1e-14)
    assert (row["base"], row["candidate"]) == (103.5, 126.5)


def test_ties_and_zeros_have_the_permutation_distributions_p(tmp_path):
    # Powers of two: their logarithms' differences are exactly equal in size or exactly zero.
    shifts = [1, 1, -1, 2, 0, 1, 3, -1, 2]
    base = recorded.write(tmp_path / "a", [recorded.latencies(1024) for _ in shifts])
    candidate = recorded.write(
        tmp_path / "b", [recorded.latencies(1024 * 2**shift) for shift in shifts]
    )
    row = compared(base, candidate)["comparisons"][0]
    nonzero = numpy.round(numpy.array(row["differences"]) / math.log(2))
    exact = stats.wilcoxon(
        nonzero[nonzero != 0], method=stats.PermutationMethod(n_resamples=math.inf)
    )
    assert row["p_value"] == pytest.approx(exact.pvalue, rel=1e-9)


def test_holms_adjustment_is_that_of_its_definition(tmp_path):
    base = made(tmp_path / "a", 1, 20, 3)
    candidate = made(tmp_path / "b", 2, 20, 3, slowdown=1.05, errors=1)
    rows = [row for row in compared(base, candidate)["comparisons"] if row["p_value"] is not None]
    ordered = sorted(rows, key=lambda row: row["p_value"])
    largest = 0.0
    for step, row in enumerate(ordered):
        largest = max(largest, min(1.0, (len(ordered) - step) * row["p_value"]))
        assert row["p_adjusted"] == pytest.approx(largest, rel=1e-12)


@pytest.mark.parametrize(
    "base_errors, candidate_errors",
    [([0] * 6, [1, 0, 2, 0, 0, 1]), ([3] * 6, [9, 8, 10, 9, 9, 9]), ([0] * 6, [0] * 6),
     ([40] * 6, [2] * 6)],
)  # fmt: skip
def test_errors_are_compared_as_fishers_test_does(tmp_path, base_errors, candidate_errors):
    folders = []
    for name, errors in (("a", base_errors), ("b", candidate_errors)):
        rows = [recorded.latencies(100 + i, errors=count) for i, count in enumerate(errors)]
        folders.append(recorded.write(tmp_path / name, rows))
    row = next(r for r in compared(*folders)["comparisons"] if r["metric"] == "errors")
    table = [[sum(base_errors), 3000], [sum(candidate_errors), 3000]]
    assert row["p_value"] == pytest.approx(stats.fisher_exact(table).pvalue, rel=1e-6)
    assert row["candidate_uploads"] == 3000 + sum(candidate_errors)


def test_the_smallest_detectable_effect_follows_from_t_quantiles(tmp_path):
    base, candidate = made(tmp_path / "a", 5, 12, 3), made(tmp_path / "b", 6, 12, 3)
    found = compared(base, candidate)
    rows = [row for row in found["comparisons"] if row["smallest_detectable_ratio"] is not None]
    assert rows
    for row in rows:
        level = found["alpha"] / found["tests"] / 2
        quantiles = stats.t.ppf(1 - level, 11) + stats.t.ppf(found["power"], 11)
        deviation = numpy.std(row["differences"], ddof=1)
        expected = quantiles * deviation / math.sqrt(12 * 3 / math.pi)
        assert math.log(row["smallest_detectable_ratio"]) == pytest.approx(expected, rel=1e-9)


def test_a_change_point_is_where_the_energy_distance_is_largest(tmp_path):
    random = numpy.random.default_rng(3)
    values = numpy.concatenate([random.normal(100, 1, 9), random.normal(112, 1, 8)])
    for number, value in enumerate(values):
        folder = recorded.write(
            tmp_path / "runs" / f"{number:02}", [recorded.latencies(round(value, 4))]
        )
        record = json.loads((folder / "run.json").read_text())
        record["started_at"] = f"2026-01-{number + 1:02}T00:00:00.000Z"
        (folder / "run.json").write_text(json.dumps(record))
    done = program.run("compare", "--history", tmp_path / "runs", "--format", "json")
    assert done.code == 0, done.text
    series = json.loads(done.out)["series"][0]
    logs = numpy.log(numpy.round(values, 4) / round(values[0], 4))
    assert series["log_ratios"] == pytest.approx(logs, abs=1e-12)

    def distance(left, right):
        return stats.energy_distance(left, right) ** 2 * len(left) * len(right) / len(values)

    best = max(range(3, len(logs) - 2), key=lambda cut: distance(logs[:cut], logs[cut:]))
    points = series["change_points"]
    assert [point["index"] for point in points] == [best] == [9]
    assert points[0]["p_value"] <= 0.05
    again = program.run("compare", "--history", tmp_path / "runs", "--format", "json")
    assert again.out == done.out
