"""`compare` as a gate: its verdicts, its exit codes, and what it refuses."""

import json
import re
import shutil

import pytest
import xmlschema
from markdown_it import MarkdownIt

import program
import recorded

SCHEMA = program.ROOT / "Tests/Interop/junit.xsd"


def side(folder, factor=1.0, rounds=12, noise=0.004, **fields):
    """Rounds around 20 ms whose noise has the same pattern every time."""
    rows = []
    for number in range(rounds):
        value = 20_000 * factor * (1 + noise * ((number * 7 + int(factor * 1000)) % 11 - 5) / 5)
        more = {"goodput_bytes_per_s": 1e9 / value, "client_cpu_us_per_upload": 300} | fields
        rows.append(recorded.latencies(value, value * 2, value * 3, **more))
    return recorded.write(folder, rows)


@pytest.fixture
def base(tmp_path):
    return side(tmp_path / "base")


@pytest.mark.parametrize(
    "verdict, code, change",
    [
        ("regression", 2, {"factor": 1.2}),
        ("improvement", 0, {"factor": 0.8}),
        ("equivalent", 0, {"factor": 1.001}),
        ("underpowered", 4, {"factor": 1.001, "noise": 0.5}),
        ("not-judged", 4, {"factor": 1.5, "rounds": 5}),
        ("regression", 2, {"factor": 0.8, "errors": 20}),
        ("regression", 2, {"goodput_bytes_per_s": 1e3}),
        ("regression", 2, {"client_cpu_us_per_upload": 400}),
    ],
)
def test_the_verdict_is_the_exit_code(tmp_path, base, verdict, code, change):
    done = program.run("compare", base, side(tmp_path / "b", **change), "--format", "json")
    assert done.code == code, done.text
    found = json.loads(done.out)
    assert (found["verdict"], found["exit_code"], found["schema_version"]) == (verdict, code, 1)


def test_a_change_within_the_users_margin_is_none(tmp_path, base):
    slower = side(tmp_path / "b", factor=1.2)
    assert program.run("compare", base, slower, "--margin", "30%").code == 0
    narrow = program.run("compare", base, slower, "--margin", "30%", "--margin-p99", "10%")
    assert narrow.code == 2
    assert re.search(r"p99 is (19|20)\.\d% slower", narrow.out)


def test_too_few_uploads_for_a_percentile_are_said(tmp_path):
    sides = [side(tmp_path / name, factor, uploads=50) for name, factor in (("a", 1), ("b", 1.2))]
    done = program.run("compare", *sides, "--format", "json")
    rows = {row["metric"]: row for row in json.loads(done.out)["comparisons"]}
    assert rows["p99"]["verdict"] == "not-judged"
    assert "needs 100 uploads" in rows["p99"]["note"]
    assert rows["p95"]["verdict"] == "regression"


def test_plans_that_differ_are_listed_and_not_compared(tmp_path, base):
    other = recorded.write(
        tmp_path / "b", [recorded.latencies(1)] * 8, plan={"concurrency": 9, "tls": True}
    )
    done = program.run("compare", base, other)
    assert done.code == 5
    assert "concurrency: 4 in the base, 9 in the candidate" in done.err
    assert "tls: absent in the base, true in the candidate" in done.err
    again = program.run("compare", base, other, "--ignore-plan")
    assert again.code == 0
    assert "plans differ: concurrency: 4" in again.out


def test_what_is_not_there_leaves_nothing_to_compare(tmp_path, base):
    assert program.run("compare", base, tmp_path / "nowhere").code == 5
    assert program.run("compare", tmp_path, base).code == 5
    other = recorded.write(
        tmp_path / "b", [recorded.latencies(1)] * 8, cells=[("presigned-post", 1024)]
    )
    assert program.run("compare", base, other).code == 5


@pytest.mark.parametrize(
    "edit, line, column",
    [
        (lambda text: text[:-9], 13, ""),
        (lambda text: text.replace(",500,0,", ",many,0,", 1), 2, "uploads"),
        (lambda text: text.replace(",500,0,", ",-5,0,", 1), 2, "uploads"),
        (lambda text: text.replace(",round,", ",runde,", 1), 1, "round"),
        (lambda text: text.replace(",closed,4,", ",closed,4,9,", 1), 2, ""),
        (lambda text: text + text.splitlines()[-1] + "\n", 14, "round"),
        (lambda text: "a,b\n1,2\n", 1, "scenario"),
        (lambda text: "", 1, ""),
    ],
)
def test_a_damaged_file_is_refused_with_its_place(tmp_path, base, edit, line, column):
    broken = shutil.copytree(base, tmp_path / "broken")
    text = (broken / "summary.csv").read_text()
    (broken / "summary.csv").write_text(edit(text))
    done = program.run("compare", base, broken)
    assert done.code == 1
    place = f"broken/summary.csv, line {line}" + (f", column {column}:" if column else ":")
    assert place in done.err, done.err


def test_rows_that_are_missing_at_the_end_are_seen(tmp_path, endpoint):
    done = program.run(
        "run", "--link", "loopback", "--scenarios", "presigned-put", "--size", "1KiB", "-n", 5,
        "-c", 1, "--rounds", 6, "--warmup", "0s", "-o", tmp_path / "run",
    )  # fmt: skip
    assert done.code == 0, done.text
    for name, lost in (("summary.csv", "summary.csv"), ("histograms.csv", "histograms.csv")):
        folder = shutil.copytree(tmp_path / "run", tmp_path / f"cut-{name}")
        lines = (folder / name).read_text().splitlines(keepends=True)
        keep = len(lines) - 1 if name == "summary.csv" else len(lines) // 2
        (folder / name).write_text("".join(lines[:keep]))
        refused = program.run("compare", tmp_path / "run", folder)
        assert refused.code == 1
        assert f"{lost}, line {keep}" in refused.err and "truncated" in refused.err


def test_a_newer_record_is_refused(tmp_path, base):
    text = (base / "run.json").read_text()
    (base / "run.json").write_text(text.replace('"schema_version": 1', '"schema_version": 99'))
    done = program.run("compare", base, base)
    assert done.code == 1 and "run.json, column schema_version: is 99" in done.err


def test_junit_is_valid_and_fails_what_regressed(tmp_path, base):
    candidate = side(tmp_path / "b", factor=1.2, client_cpu_us_per_upload=300)
    done = program.run("compare", base, candidate, "--junit", tmp_path / "junit.xml")
    assert done.code == 2
    xmlschema.validate(tmp_path / "junit.xml", SCHEMA)
    tree = xmlschema.XMLResource(tmp_path / "junit.xml").root
    failed = {case.get("name") for case in tree.iter("testcase") if case.find("failure") is not None}
    assert failed == {"response p50", "response p95", "response p99", "goodput"}
    assert tree.get("failures") == "4"


def test_the_schema_can_fail(tmp_path):
    (tmp_path / "bad.xml").write_text('<testsuites><testsuite name="x"/></testsuites>')
    with pytest.raises(xmlschema.XMLSchemaValidationError):
        xmlschema.validate(tmp_path / "bad.xml", SCHEMA)


def test_markdown_renders_as_a_table(tmp_path, base):
    candidate = side(tmp_path / "b|`x`", factor=1.2)
    done = program.run("compare", base, candidate, "--markdown", tmp_path / "out.md")
    assert done.code == 2
    text = (tmp_path / "out.md").read_text()
    html = MarkdownIt("commonmark").enable("table").render(text)
    assert html.count("<table>") == 1
    assert html.count("<tr>") == 1 + 6
    assert html.count("<td") == 8 * 6
    assert "REGRESSION: 4 of 6" in html
    assert len(text.encode()) < 1024 * 1024


def test_a_long_summary_stays_below_githubs_limit(tmp_path):
    cells = [(f"presigned-put-{number}-{'x' * 80}", 1024) for number in range(700)]
    rows = [recorded.latencies(100, 200, 300)] * 6
    folders = [recorded.write(tmp_path / name, rows, cells=cells) for name in "ab"]
    program.run("compare", *folders, "-q", "--markdown", tmp_path / "out.md")
    size = (tmp_path / "out.md").stat().st_size
    assert 200_000 < size <= 256 * 1024
    assert "more rows are left out" in (tmp_path / "out.md").read_text()


def test_github_gets_annotations_and_its_summary(tmp_path, base):
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    done = program.run(
        "compare", base, side(tmp_path / "b", factor=1.2), "--github", "-q",
        environment={"GITHUB_STEP_SUMMARY": str(summary)},
    )  # fmt: skip
    annotations = [line for line in done.out.splitlines() if line.startswith("::")]
    assert 1 < len(annotations) <= 10
    assert all(line.startswith("::error title=") for line in annotations)
    assert summary.read_text().startswith("before\n### 🔴 REGRESSION")


def test_the_terminal_gets_colour_only_where_it_is_one(tmp_path, base):
    done = program.run("compare", base, base)
    assert "\x1b" not in done.out
    assert "EQUIVALENT" in done.out


@pytest.mark.parametrize(
    "words", [["a"], ["a", "b", "c"], ["a", "b", "--margin", "x"], ["a", "b", "--alpha", "0.9"]]
)
def test_wrong_words_are_usage_errors(words):
    done = program.run("compare", *words)
    assert done.code == 64, done.text
