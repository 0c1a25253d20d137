"""What `report` refuses, and that it loses nothing."""

import shutil

import pytest

import program
import made_runs


@pytest.fixture
def run(tmp_path):
    return made_runs.write(tmp_path / "run", made_runs.cells(rounds=2, uploads=20))


def refused(run, code=1) -> str:
    done = program.run("report", run, "-o", run.parent / "report.html")
    assert done.code == code, done.text
    assert not (run.parent / "report.html").exists()
    assert len(done.err.splitlines()) == 1
    return done.err


def edit(path, line: int, change):
    lines = path.read_text().splitlines(keepends=True)
    lines[line - 1] = change(lines[line - 1])
    path.write_text("".join(lines))


@pytest.mark.parametrize("name", ["summary.csv", "samples.csv", "timeline.csv", "histograms.csv"])
def test_a_file_that_ends_in_mid_line_names_the_line(run, name):
    text = (run / name).read_text()
    (run / name).write_text(text[:-3])
    message = refused(run)
    assert f"{name}, line {text.count(chr(10))}" in message and "truncated" in message


@pytest.mark.parametrize("name, column, held", [("samples.csv", "errors", "samples.csv"), ("histograms.csv", "uploads", "histograms.csv")])
def test_a_file_that_was_cut_between_lines_does_not_match_the_summary(run, name, column, held):
    lines = (run / name).read_text().splitlines(keepends=True)
    (run / name).write_text("".join(lines[:-1]))
    message = refused(run)
    assert "summary.csv, line 19, column " + column in message
    assert f"in {held}: one of the two was cut or edited" in message


def test_a_row_that_was_taken_out_of_the_summary_is_missed(run):
    lines = (run / "summary.csv").read_text().splitlines(keepends=True)
    (run / "summary.csv").write_text("".join(lines[:-1]))
    message = refused(run)
    assert "histograms.csv" in message and "accelerated-put" in message


@pytest.mark.parametrize(
    "name, line, old, new, column",
    [
        ("summary.csv", 3, ",closed,", ",closed,many", "concurrency"),
        ("summary.csv", 2, "proxy-json", "proxy-jsom", "scenario"),
        ("samples.csv", 5, ",ok,", ",fine,", "outcome"),
        ("histograms.csv", 4, "response,", "response,-", "lowest_us"),
        ("timeline.csv", 2, "65536", "large", "size_bytes"),
    ],
)
def test_an_edited_field_names_line_and_column(run, name, line, old, new, column):
    edit(run / name, line, lambda text: text.replace(old, new, 1))
    message = refused(run)
    assert f"{name}, line {line}, column {column}" in message


def test_a_foreign_file_names_the_column_that_it_lacks(run):
    (run / "summary.csv").write_text("Label,elapsed\nupload,3\n")
    assert "summary.csv, line 1, column scenario" in refused(run)


def test_a_record_that_is_no_json_names_the_line(run):
    text = (run / "run.json").read_text()
    (run / "run.json").write_text(text[: len(text) // 2])
    assert "run.json, line" in refused(run)


@pytest.mark.parametrize("missing", ["folder", "record"])
def test_what_is_no_results_directory_is_nothing_to_compare(run, missing):
    if missing == "folder":
        shutil.rmtree(run)
    else:
        (run / "run.json").unlink()
    assert "results directory" in refused(run, code=5)


def test_nothing_but_an_older_page_is_replaced(run, tmp_path):
    before = (run / "samples.csv").read_bytes()
    done = program.run("report", run, "-o", run / "samples.csv")
    assert done.code == 64 and "is no report" in done.err
    assert (run / "samples.csv").read_bytes() == before
    for _ in range(2):
        assert program.run("report", run, "-o", tmp_path / "page.html").code == 0


def test_a_page_that_cannot_be_written_is_an_error(run, tmp_path):
    done = program.run("report", run, "-o", tmp_path / "nowhere/page.html")
    assert done.code == 74 and "nowhere/page.html" in done.err


def test_the_page_can_go_to_standard_output(run):
    done = program.run("report", run, "-o", "-")
    assert done.code == 0 and done.out.startswith("<!doctype html>") and done.out.rstrip().endswith("</html>")
