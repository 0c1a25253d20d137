"""Numbers in results that no run has: refused by file, line and column, or shown; never the end of the program."""

import csv
import shutil

import pytest

import made_runs
import program

VALUES = ("9007199254740991", "1e300", "9223372036854775807", "-9007199254740991")
COMMANDS = {
    "summary.csv": [("report", "-o", "{new}"), ("recommend",)],
    "timeline.csv": [("report", "-o", "{new}")],
    "histograms.csv": [("report", "-o", "{new}")],
    "samples.csv": [("export", "--k6", "{new}.k6", "--jtl", "{new}.jtl", "--vegeta", "{new}.csv"), ("cost",)],
}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    cells = made_runs.cells(rounds=1, uploads=5, sizes=(64 * 1024,))
    return made_runs.write(tmp_path_factory.mktemp("numbers") / "run", cells, made_runs.record())


@pytest.mark.parametrize("name", COMMANDS)
def test_numbers_that_no_run_has_are_refused(made, tmp_path, name):
    folder = tmp_path / "run"
    shutil.copytree(made, folder)
    header, *rows = list(csv.reader((folder / name).open(newline="")))
    refused = 0
    for column in range(len(header)):
        for value in VALUES:
            first = [*rows[0][:column], value, *rows[0][column + 1 :]]
            with (folder / name).open("w", newline="") as file:
                csv.writer(file, lineterminator="\n").writerows([header, first, *rows[1:]])
            for words in COMMANDS[name]:
                done = program.run(words[0], folder, *[word.replace("{new}", str(tmp_path / "new")) for word in words[1:]])
                assert 0 <= done.code <= 5, (header[column], value, words, done.code, done.text[:500])
                refused += done.code == 1
    assert refused > len(header) / 2
