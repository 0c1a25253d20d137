"""Ends runs at random moments in every way there is, reads what is left, and resumes them."""

import os
import random
import resource
import shutil
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from section import Section

TITLE = "Interruption"
INTRODUCTION = (
    "Runs of three cells of 2 s each are ended at random moments; what is on the disk is read, by rows and by every "
    "command that reads results, and the run is resumed. *Passed* are the whole seconds of load before the end, over "
    "all moments; *readable* those that stand in `timeline.csv` with all their uploads in `samples.csv`."
)  # fmt: skip
COLUMNS = ["what was done", "moments", "exit codes", "seconds passed", "readable", "marked partial",
           "read by all commands", "complete after `--resume`"]  # fmt: skip
CELL_S, CELLS = 2, 3
WORDS = ("run", "--link", "loopback", "--scenarios", "presigned-put", "--size", "4KiB", "-c", 2, "--warmup", "0s",
         "--rounds", CELLS, "-d", f"{CELL_S}s", "-q")  # fmt: skip
MOMENTS = 4
AT_A_TIME = 3
SEED = 20260410


@dataclass
class Ended:
    """One run after its end."""

    folder: Path
    code: int
    passed: int = 0
    readable: int = 0
    problems: list[str] = field(default_factory=list)


def measure(binary: str, folder: Path) -> Section:
    import interruptions
    import program

    program.BINARY = binary
    chance = random.Random(SEED)
    rows, failures = [], []
    for name, moments, codes, end in kinds(interruptions, folder):
        times = [chance.uniform(0.1, CELL_S * CELLS - 0.2) for _ in range(moments)]
        with ThreadPoolExecutor(AT_A_TIME) as pool:
            runs = list(
                pool.map(
                    lambda number: attempt(
                        interruptions, folder / slug(name) / str(number), times[number], end
                    ),
                    range(moments),
                )
            )
        for run in runs:
            if run.code not in codes:
                run.problems.append(f"exit code {run.code} instead of {codes}")
        with ThreadPoolExecutor(AT_A_TIME) as pool:
            list(pool.map(lambda run: resume(interruptions, run, name), runs))
        rows.append(row(name, runs))
        failures += [f"{name}: {problem}" for run in runs for problem in run.problems]
    rows += single(interruptions, folder, failures)
    return Section(COLUMNS, rows, failures, notes())


def slug(name: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in name)


def notes() -> list[str]:
    return [
        "A second is on the disk within 0.7 s of its end (as a rule 0.2 s), so that after a `SIGKILL` the last one may be "
        "missing. After every other end the cut-off cell is written as far as it came, more than its whole seconds.",
        "A full disk and a limit of the file size may cost the samples of the last second; the directory is copied to "
        "where there is room before it is resumed.",
    ]  # fmt: skip


def kinds(interruptions, folder):
    """Name, moments, exit codes that are right, and what is done to the running process."""

    def send(number):
        return lambda run: run.process.send_signal(number)

    def to_child(number):
        return lambda run: [os.kill(child, number) for child in run.children()]

    yield "`SIGINT`", MOMENTS, (130,), send(signal.SIGINT)
    yield "`SIGTERM`", MOMENTS, (130,), send(signal.SIGTERM)
    yield "`SIGHUP`, as of a closed terminal", MOMENTS, (130,), send(signal.SIGHUP)
    yield "`SIGKILL`", 2 * MOMENTS, (-9,), send(signal.SIGKILL)
    yield "`SIGKILL`, and again while it is resumed", MOMENTS, (-9,), send(signal.SIGKILL)
    yield "`SIGKILL` of the embedded endpoint", MOMENTS, (69,), to_child(signal.SIGKILL)
    yield "`SIGSTOP` of the embedded endpoint", 3, (69,), to_child(signal.SIGSTOP)
    yield "file descriptors run out (limit lowered to 4)", 3, (1, 74), limit_descriptors
    yield "file size limited (`RLIMIT_FSIZE`)", 3, (74,), limit_file_size


def limit_descriptors(run):
    run.limit_files(4)


def limit_file_size(run):
    size = (run.folder / "samples.csv").stat().st_size
    resource.prlimit(run.process.pid, resource.RLIMIT_FSIZE, (size, size))


def attempt(interruptions, folder: Path, moment: float, end) -> Ended:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with interruptions.Running(folder, *WORDS) as run:
        wait_until_begun(run)
        time.sleep(moment)
        ended_at = time.time()
        try:
            end(run)
        except (OSError, ProcessLookupError) as error:
            return Ended(folder, run.end(), problems=[f"not done: {error}"])
        ended = Ended(folder, run.end())
    read(interruptions, ended, ended_at)
    return ended


def wait_until_begun(run):
    while not (run.folder / "run.json").exists() and run.process.poll() is None:
        time.sleep(0.005)


def read(interruptions, ended: Ended, ended_at: float):
    """What must be there of a run that ended then."""
    import results

    record = results.record(ended.folder)
    if record["status"] == "complete":
        return
    lost = 1 if ended.code == 74 else 0
    try:
        interruptions.check_partial(ended.folder, lost_seconds=lost)
    except AssertionError as problem:
        ended.problems.append(f"{ended.folder.name}: {problem}")
    seconds = interruptions.seconds(ended.folder)
    ended.readable = len(seconds)
    finished = {interruptions.cell(row) for row in results.rows(ended.folder, "summary.csv")
                if row["cut_off"] == "0"} if ended.code != -9 else {
        interruptions.cell(row) for row in interruptions.whole_rows(ended.folder, "summary.csv")}  # fmt: skip
    ended.passed = sum(interruptions.cell(row) in finished for row in seconds)
    ended.passed += open_seconds(interruptions, ended, finished, record, ended_at)
    if ended.readable < ended.passed - (1 if ended.code == -9 else lost):
        ended.problems.append(f"{ended.readable} of {ended.passed} s are readable")


def open_seconds(interruptions, ended, finished, record, ended_at) -> int:
    """Whole seconds of the cell under way before the end."""
    begun = [int(row["intended_us"]) for row in interruptions.whole_rows(ended.folder, "samples.csv")
             if interruptions.cell(row) not in finished]  # fmt: skip
    if not begun:
        return 0
    started = datetime.fromisoformat(record["started_at"].replace("Z", "+00:00")).timestamp()
    return max(0, int(ended_at - started - min(begun) / interruptions.SECOND_US))


def resume(interruptions, ended: Ended, name: str):
    """Goes on to the end, and looks whether all is there, each cell once."""
    import program
    import results

    if results.record(ended.folder)["status"] == "complete":
        return
    try:
        interruptions.check_readers(ended.folder)
    except AssertionError as problem:
        ended.problems.append(f"readers: {problem}")
    if "resumed" in name:
        with interruptions.Running(ended.folder, "run", "--resume", ended.folder, "-q") as run:
            time.sleep(random.Random(str(ended.folder)).uniform(0.2, 2.5))
            run.process.kill()
            run.end()
    done = program.run("run", "--resume", ended.folder, "-q")
    if done.code != 0:
        ended.problems.append(f"resume ended with {done.code}: {done.err.strip()}")
        return
    summary = results.rows(ended.folder, "summary.csv")
    samples = results.rows(ended.folder, "samples.csv")
    rounds = sorted(row["round"] for row in summary)
    if rounds != [str(number + 1) for number in range(CELLS)]:
        ended.problems.append(f"rounds {rounds} after resuming")
    for row in summary:
        found = sum(s["round"] == row["round"] and s["outcome"] == "ok" for s in samples)
        if found != int(row["uploads"]) or row["cut_off"] != "0":
            ended.problems.append(f"round {row['round']}: {found} samples of {row['uploads']}")
    if results.record(ended.folder)["status"] != "complete":
        ended.problems.append("not complete after resuming")


def row(name: str, runs: list[Ended]) -> list[str]:
    import results

    codes = sorted({137 if run.code == -9 else run.code for run in runs})
    whole = sum(results.record(run.folder)["status"] == "complete" for run in runs)
    unread = sum(any("readers" in problem for problem in run.problems) for run in runs)
    bad = [run for run in runs if run.problems]
    return [
        name, len(runs), ", ".join(map(str, codes)), sum(run.passed for run in runs),
        sum(run.readable for run in runs), "yes" if not bad else f"{len(bad)} WRONG",
        "yes" if not unread else f"{unread} NOT", f"{whole} of {len(runs)}",
    ]  # fmt: skip


# MARK: What is done once


def single(interruptions, folder: Path, failures: list[str]) -> list[list[str]]:
    rows = []
    for name, one in [
        ("the disk is full (tmpfs of 64 kB)", full_disk),
        ("the disk is read-only", read_only),
        ("the reader of the output leaves (a broken pipe)", broken_pipe),
        ("the wall clock is set 2 h ahead", clock_ahead),
    ]:
        place = folder / slug(name)
        place.mkdir()
        try:
            rows.append([name, 1, *one(interruptions, place, failures)])
        except AssertionError as problem:
            failures.append(f"{name}: {problem}")
            rows.append([name, 1, "WRONG", "", "", "", "", ""])
    return rows


def full_disk(interruptions, place: Path, failures) -> list:
    with interruptions.small_disk(place / "disk", "64k") as disk:
        assert disk, "this user may not mount a file system"
        ended = attempt(interruptions, disk / "run", 0, lambda run: run.process.wait())
        ended.folder = Path(shutil.copytree(disk / "run", place / "run"))
    if ended.code != 74:
        ended.problems.append(f"exit code {ended.code}")
    resume(interruptions, ended, "")
    failures += [f"full disk: {problem}" for problem in ended.problems]
    return row("", [ended])[2:3] + ["–"] + row("", [ended])[4:]


def read_only(interruptions, place: Path, failures) -> list:
    with interruptions.small_disk(place / "disk", "1m") as disk:
        assert disk, "this user may not mount a file system"
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        with interruptions.Running(disk / "run", *WORDS) as run:
            code = run.end()
    assert code == 74 and "Read-only file system" in run.err, (code, run.err)
    return [code, 0, 0, "nothing begins", "–", "–"]


def broken_pipe(interruptions, place: Path, failures) -> list:
    import results

    reading, writing = os.pipe()
    os.close(reading)
    words = [word for word in WORDS if word != "-q"]
    with interruptions.Running(place / "run", *words, stdout=writing, stderr=writing) as run:
        os.close(writing)
        code = run.end()
    seconds = len(interruptions.seconds(place / "run"))
    assert code == 0 and results.record(place / "run")["status"] == "complete"
    return [code, CELL_S * CELLS, min(seconds, CELL_S * CELLS), "complete: it goes on", "yes", "–"]


def clock_ahead(interruptions, place: Path, failures) -> list:
    import results

    compiler = shutil.which("clang") or shutil.which("cc")
    assert compiler, "there is no C compiler"
    library, stepped = place / "clock.so", place / "stepped"
    source = Path(interruptions.__file__).parent / "stepped_clock.c"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, source], check=True)
    environment = {"LD_PRELOAD": str(library), "STEPPED_CLOCK_FILE": str(stepped),
                   "STEPPED_CLOCK_S": "7200"}  # fmt: skip
    with interruptions.Running(place / "run", *WORDS, environment=environment) as run:
        run.wait_for_seconds(2)
        stepped.touch()
        code = run.end()
    record = results.record(place / "run")
    assert any("set by +7200.0 s" in warning for warning in record["warnings"]), record["warnings"]
    summary = results.rows(place / "run", "summary.csv")
    assert all(int(row["response_max_us"]) < 2_000_000 for row in summary)
    seconds = min(len(interruptions.seconds(place / "run")), CELL_S * CELLS)
    return [code, CELL_S * CELLS, seconds, "complete, with a warning", "yes", "–"]
