"""Results of somebody who means harm, given to every command that reads results."""

import csv
import json
import xml.dom.minidom

import pytest

import hostile
import made_runs
import program

NAME = hostile.ALL


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two runs whose texts are all hostile, as far as the reader takes them."""
    folder = tmp_path_factory.mktemp("hostile")
    made = []
    for index in range(2):
        cells = made_runs.cells(rounds=6, uploads=20, slower=1 + index, seed=index)
        for cell in cells[:3]:
            cell.failures = [("server-error", "503", NAME), *[("refused", "403", formula) for formula in hostile.FORMULAS]]
        record = made_runs.record(
            warnings=[NAME], tool=NAME, machine={"cpu": NAME + str(index), NAME: NAME}, git_commit=NAME,
            libraries={NAME: NAME},
        )  # fmt: skip
        record["plan"]["link"] = record["emulated"]["link"] = NAME
        record["plan"][NAME] = NAME + str(index)
        record["target"]["store"] = NAME
        made.append(made_runs.write(folder / f"run-{index}\x1b[31m", cells, record))
    return made


COMMANDS = [
    ("compare", "--ignore-plan"), ("compare", "--ignore-plan", "--format", "markdown"), ("compare", "--ignore-plan", "--format", "json"),
    ("compare", "--format", "table"), ("compare", "--history"), ("report", "-o", "-"), ("merge", "-o", "{new}"),
    ("cost",), ("cost", "--format", "markdown"), ("cost", "--format", "json"), ("recommend",), ("recommend", "--format", "markdown"),
    ("clean",), ("export", "--k6", "{new}"),
]  # fmt: skip


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_no_command_passes_a_hostile_runs_controls_on(runs, tmp_path, words):
    command, *flags = [word.replace("{new}", str(tmp_path / "new")) for word in words]
    operands = runs if command in ("compare", "merge", "report") else runs[:1]
    done = program.run(command, *operands, *flags)
    assert done.code in (0, 1, 2, 4, 5), done.text
    if command == "report":
        # A page is for a browser: what counts is that nothing is markup or a control.
        assert "<script>owned" not in done.out and "&lt;script&gt;owned" in done.out
        assert not any(ord(c) < 0x20 and c not in "\n\t" or 0x7F <= ord(c) <= 0x9F for c in done.out)
        return
    assert hostile.is_clean(done.text), done.text[:2000]
    if "markdown" in flags:
        assert "<script" not in done.out and "@owned" not in done.out


def test_annotations_and_junit_hold_hostile_names_inside(runs, tmp_path):
    summary = tmp_path / "summary.md"
    done = program.run(
        "compare", *runs, "--ignore-plan", "--github", "--junit", tmp_path / "junit.xml",
        environment={"GITHUB_STEP_SUMMARY": str(summary)},
    )  # fmt: skip
    assert done.code in (0, 2, 4), done.text
    commands = [line for line in done.out.splitlines() if line.lstrip().startswith("::")]
    assert all(line.startswith(("::error title=", "::warning title=", "::notice title=")) for line in commands)
    assert not any(line.startswith("::error title=owned") for line in commands)
    assert hostile.is_clean("\n".join(line.removeprefix("::") for line in commands))
    document = xml.dom.minidom.parseString((tmp_path / "junit.xml").read_bytes())
    assert not document.getElementsByTagName("script")
    assert commands and "<script" not in summary.read_text() and hostile.is_clean(summary.read_text())


def test_exported_tables_hold_no_formula(runs, tmp_path):
    """Error codes of uploadbench are letters, digits and hyphens; what else a file says is not passed on."""
    files = {name: tmp_path / name for name in ("jtl", "vegeta", "k6")}
    done = program.run("export", runs[0], *[word for name, path in files.items() for word in (f"--{name}", path)])
    assert done.code == 0, done.text
    for path in files.values():
        text = path.read_text()
        assert "SlowDown" in text and "owned" not in text and "cmd" not in text
    for name in ("jtl", "vegeta"):
        with files[name].open(newline="") as file:
            fields = [field for row in csv.reader(file) for field in row]
        assert not any(field.startswith(("=", "+", "@", "-")) for field in fields), name


def test_a_hostile_plan_is_refused_in_clean_words(tmp_path):
    (tmp_path / "plan.json").write_text(json.dumps({NAME: NAME, "scenarios": NAME}))
    done = program.run("run", "--plan", tmp_path / "plan.json")
    assert done.code == 64 and hostile.is_clean(done.text)
