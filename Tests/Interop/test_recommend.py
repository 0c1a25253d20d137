"""Recommendations from a run that was made a moment ago; each sentence is looked up in its rows."""

import csv
import json

import pytest

import guard_tables
import program

TYPICAL = ["--max-size", "20MB", "--must-limit-size", "--must-review", "--browser"]


def recommend(run, *words) -> dict:
    done = program.run("recommend", run, *words, "--format", "json")
    assert done.code in (0, 3), done.text
    return json.loads(done.out)


def line_of(run, number: int) -> dict[str, str]:
    lines = (run / "summary.csv").read_text().splitlines()
    return next(csv.DictReader([lines[0], lines[number - 1]]))


def test_images_from_browsers_go_by_presigned_post(recorded_run):
    answer = recommend(recorded_run, *TYPICAL)
    assert answer["pick"] == "presigned-post"
    out = {row["scenario"]: row["reasons"] for row in answer["ruled_out"]}
    facts = {
        name: {e["id"] for reason in reasons for e in reason["evidence"] if e["kind"] == "fact"}
        for name, reasons in out.items()
    }
    assert facts["proxy-json"] == {"lambda-event-limit"}
    assert facts["proxy-binary"] == {"api-payload-limit"}
    assert facts["presigned-put"] == {"put-size-unlimited"}
    assert {row["scenario"] for row in answer["fits"]} == {"presigned-post", "accelerated-post"}


def test_each_sentence_stands_on_rows_of_the_run(recorded_run):
    answer = recommend(recorded_run, *TYPICAL)
    reasons = [r for row in answer["ruled_out"] for r in row["reasons"]]
    sentences = answer["sentences"] + answer["holds"] + reasons
    assert all(sentence["evidence"] for sentence in sentences)
    for row in answer["ruled_out"]:
        for evidence in (e for reason in row["reasons"] for e in reason["evidence"]):
            for number in evidence.get("lines", []):
                assert line_of(recorded_run, number)["scenario"] == row["scenario"]
    refused = next(r for r in answer["ruled_out"] if r["scenario"] == "proxy-binary")
    rows = next(e for e in refused["reasons"][0]["evidence"] if e["kind"] == "rows")
    for number in rows["lines"]:
        row = line_of(recorded_run, number)
        assert (row["uploads"], row["size_bytes"]) == ("0", str(12 << 20))


def test_what_the_facts_say_is_what_guard_has_to_find():
    """The table of capabilities against the hand-written one of refusals."""
    path = program.ROOT / "Sources/BenchRunner/Recommend/capabilities.json"
    cells = guard_tables.through_the_api()
    compared = 0
    for fact in json.loads(path.read_text())["facts"]:
        for strategy in fact["scenarios"] if "guard_case" in fact else []:
            cell = cells[strategy, fact["guard_case"]]
            assert fact["meets"] == (not cell.startswith("stored")), (fact["id"], strategy, cell)
            compared += 1
    assert compared == 3 * 9


def test_nothing_fits_is_an_objective_missed(recorded_run):
    done = program.run("recommend", recorded_run, "--budget", "0.5")
    assert done.code == 3
    assert done.out.startswith("Nothing fits these needs")


def test_markdown_and_text_say_the_same(recorded_run):
    plain = program.run("recommend", recorded_run, *TYPICAL).out
    marked = program.run("recommend", recorded_run, *TYPICAL, "--format", "markdown").out
    assert plain.startswith("Take presigned-post\n")
    assert marked.startswith("## Take presigned-post\n")
    strip = lambda text: [line.lstrip("#- ").replace("**", "") for line in text.split("\n") if line]
    assert strip(plain) == strip(marked)


@pytest.mark.parametrize(
    "words, part",
    [
        ([], "too few words"),
        (["RUN", "--max-size", "big"], "is not a size"),
        (["RUN", "--budget", "lots"], "write 500"),
        (["RUN", "--prefer", "fastes"], "did you mean 'fastest'"),
        (["RUN", "--must-limit-sizes"], "did you mean --must-limit-size"),
    ],
)
def test_wrong_input_says_what_to_type(recorded_run, words, part):
    done = program.run("recommend", *[recorded_run if w == "RUN" else w for w in words])
    assert done.code == 64
    assert part in done.err
