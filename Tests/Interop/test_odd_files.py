"""Pipes, folders and devices where a results directory has files, and files without an end."""

import os
import resource
import shutil
import signal
import subprocess

import pytest

import interruptions
import made_runs
import program

READERS = [
    ("report", "-o", "{new}"), ("compare",), ("export", "--jtl", "{new}"), ("cost",), ("recommend",), ("merge", "-o", "{new}"),
    ("clean",), ("run", "--resume"),
]  # fmt: skip
FILES = ("run.json", "summary.csv", "samples.csv", "histograms.csv", "timeline.csv")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return made_runs.write(tmp_path_factory.mktemp("odd") / "run", made_runs.cells(), made_runs.record())


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: os.symlink("/dev/zero", path)], ids=["pipe", "folder", "device"])
def test_what_is_no_file_is_named_and_not_waited_for(made, tmp_path, name, make):
    folder = tmp_path / "run"
    shutil.copytree(made, folder)
    (folder / name).unlink(missing_ok=True)
    make(folder / name)
    for words in READERS:
        command, *flags = [word.replace("{new}", str(tmp_path / f"new-{words[0]}")) for word in words]
        operands = [folder, folder] if command == "compare" else [folder]
        done = program.run(command, *flags, *operands)
        assert "Foundation" not in done.text and "NSCocoa" not in done.text and "Error Domain" not in done.text
        if done.code != 0:
            assert done.code in (1, 2, 4, 5, 64) and len(done.err.strip().splitlines()) <= 3, (words, done.text)
    assert (folder / name).exists() or (folder / name).is_symlink()


def test_the_reader_says_what_it_found(made, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(made, folder)
    (folder / "histograms.csv").unlink()
    os.mkfifo(folder / "histograms.csv")
    done = program.run("report", folder, "-o", tmp_path / "page.html")
    assert done.code == 1 and "histograms.csv" in done.err and "is no file (a pipe)" in done.err


@pytest.mark.parametrize(
    "words",
    [("run", "--plan"), ("capacity", "--plan"), ("guard", "--expect"), ("cost", "{run}", "--prices"), ("serve", "--credentials")],
    ids=lambda words: words[-1],
)
def test_a_file_without_an_end_is_refused(made, words):
    done = program.run(*[word.replace("{run}", str(made)) for word in words], "/dev/zero")
    assert done.code == 64 and "is longer than" in done.err, done.text


def test_a_plan_may_come_through_a_pipe():
    done = subprocess.run(
        ["bash", "-c", f"{program.BINARY} run --plan <(echo '{{\"strange\": 1}}')"],
        capture_output=True, text=True, timeout=program.TIME_LIMIT_S, env=program.clean_environment(),
    )  # fmt: skip
    assert done.returncode == 64 and "unknown key 'strange'" in done.stderr


def test_a_report_does_not_wait_for_a_pipe_in_its_place(made, tmp_path):
    os.mkfifo(tmp_path / "page.html")
    done = program.run("report", made, "-o", tmp_path / "page.html")
    assert done.code == 64 and "is no report" in done.err


@pytest.mark.parametrize("limit", [0, 100, 1000, 3000])
def test_files_that_may_not_grow_at_all_are_a_disk_that_is_full(tmp_path, limit):
    done = subprocess.run(
        [program.BINARY, "run", "--link", "loopback", "--scenarios", "presigned-put", "--size", "1KiB", "-n", "1", "-c", "1",
         "--warmup", "0s", "--rounds", "1", "-q", "-o", tmp_path / "run"],
        capture_output=True, text=True, timeout=program.TIME_LIMIT_S, env=program.clean_environment(),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )  # fmt: skip
    assert done.returncode == 74, done.stderr


OUTPUTS = [("export", "--jtl"), ("export", "--vegeta"), ("export", "--k6"), ("compare", "--markdown"), ("compare", "--junit")]


@pytest.mark.parametrize("words", OUTPUTS, ids=" ".join)
def test_no_output_takes_the_place_of_a_results_file(made, tmp_path, words):
    folder = tmp_path / "run"
    shutil.copytree(made, folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    command, flag = words
    runs = [folder, made] if command == "compare" else [folder]
    for name in (*FILES, ".lock", "capacity.json"):
        done = program.run(command, *runs, flag, folder / "x" / ".." / name)
        assert done.code == 64 and "is a file of the results" in done.err, done.text
    assert before == {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_run_does_not_write_an_output_over_its_own_results(tmp_path):
    words = ("run", "--link", "loopback", "--scenarios", "presigned-put", "--size", "1KiB", "-n", 2, "-q")
    for names in [("--jtl", tmp_path / "run/samples.csv"), ("--jtl", "f", "--vegeta", "./f"), ("--markdown", "")]:
        done = program.run(*words, "-o", tmp_path / "run", *names, cwd=tmp_path)
        assert done.code == 64, done.text
    assert program.run(*words, "-o", "", cwd=tmp_path).code == 64
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("words", OUTPUTS, ids=" ".join)
@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: os.symlink("/dev/stdout", path)], ids=["pipe", "folder", "link"])
def test_an_output_that_is_no_file_is_refused_and_not_waited_for(made, tmp_path, words, make):
    make(tmp_path / "out")
    command, flag = words
    done = program.run(command, made, *([made] if command == "compare" else []), flag, tmp_path / "out")
    assert done.code == 74 and str(tmp_path / "out") in done.err and "symbolic" not in done.err, done.text


@pytest.mark.parametrize("flag", ["--ready-file", "--log"])
def test_serve_writes_over_no_results(made, tmp_path, flag):
    folder = tmp_path / "run"
    shutil.copytree(made, folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    for name in FILES:
        done = program.run("serve", "--until-stdin-closes", flag, folder / name)
        assert done.code == 64 and "choose another name" in done.err, done.text
    assert before == {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: path.write_text("mine")], ids=["pipe", "folder", "file"])
def test_a_ready_file_takes_nothing_elses_place(tmp_path, make):
    make(tmp_path / "ready.json")
    before = os.lstat(tmp_path / "ready.json")
    done = program.run("serve", "--until-stdin-closes", "--ready-file", tmp_path / "ready.json")
    assert done.code == 64 and "choose another name" in done.err
    assert os.lstat(tmp_path / "ready.json").st_ino == before.st_ino


def test_a_ready_file_may_be_written_again(tmp_path):
    (tmp_path / "ready.json").touch()
    for _ in range(2):
        done = program.run("serve", "--until-stdin-closes", "--tls", "--ready-file", tmp_path / "ready.json")
        assert done.code == 0 and "access_key" in (tmp_path / "ready.json").read_text()


@pytest.mark.parametrize("words", [("run", "--plan"), ("capacity", "--plan"), ("serve", "--credentials"), ("guard", "--expect")], ids=lambda words: words[-1])
def test_a_pipe_without_a_writer_is_empty(tmp_path, words):
    os.mkfifo(tmp_path / "pipe")
    done = program.run(*words, tmp_path / "pipe")
    assert done.code == 64 and str(tmp_path / "pipe") in done.err


def test_a_plan_that_does_not_come_can_be_left(tmp_path):
    process = subprocess.Popen(
        ["bash", "-c", f"exec {program.BINARY} run --plan <(exec sleep 30 2>/dev/null)"], stderr=subprocess.PIPE, text=True, env=program.clean_environment(),
    )  # fmt: skip
    interruptions.wait_until_caught(process.pid, signal.SIGTERM)
    process.send_signal(signal.SIGTERM)
    _, error = process.communicate(timeout=20)
    assert process.returncode == 130 and "--plan" in error


def test_a_log_into_a_pipe_without_a_reader_is_refused(tmp_path):
    os.mkfifo(tmp_path / "log")
    done = program.run("serve", "--until-stdin-closes", "--log", tmp_path / "log")
    assert done.code == 74 and "--log" in done.err


def test_the_embedded_endpoint_takes_no_settings_of_the_run(tmp_path):
    (tmp_path / "plan.json").write_text('{"rounds": 2}')
    settings = {"PLAN": tmp_path / "plan.json", "LOG": tmp_path / "log", "PUBLIC_STORE": "http://127.0.0.1:1", "OPEN": "1", "CREDENTIALS": "/none"}
    done = program.run(
        "run", "--link", "loopback", "--scenarios", "presigned-put", "--size", "1KiB", "-n", 1, "-c", 1, "--warmup", "0s", "-q", "-o", tmp_path / "run",
        environment={f"UPLOADBENCH_{name}": str(value) for name, value in settings.items()},
    )  # fmt: skip
    assert done.code == 0, done.text
    assert len((tmp_path / "run/summary.csv").read_text().splitlines()) == 3 and not (tmp_path / "log").exists()


def test_two_names_of_one_file_are_seen_through(made, tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    done = program.run("export", made, "--jtl", tmp_path / "real/x", "--vegeta", tmp_path / "link/x")
    assert done.code == 64 and "name the same file" in done.err
    folder = tmp_path / "run"
    shutil.copytree(made, folder)
    before = (folder / "run.json").read_bytes()
    os.link(folder / "run.json", tmp_path / "other")
    done = program.run("export", folder, "--jtl", tmp_path / "other")
    assert done.code == 74 and (folder / "run.json").read_bytes() == before
