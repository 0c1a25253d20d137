"""Shards under schedulers that people have: a real Slurm, started here, and GNU parallel.

Not part of 'make test': it installs both. 'make interop-shards' runs it.
"""

import os
import shlex
import subprocess
import time
from pathlib import Path

import pytest

import program
import results
import shards

TASKS = 8
LIMIT_S = 120
LOAD = (
    "--signer", "local", "--scenarios", "presigned-put", "--size", "4KiB", "-r", "160",
    "--warmup", "0s", "--rounds", "1", "-q",
)  # fmt: skip


def command(*words, environment: dict[str, str]) -> str:
    done = subprocess.run(
        [str(word) for word in words], capture_output=True, text=True, timeout=LIMIT_S,
        env=program.clean_environment(UPLOADBENCH=program.BINARY, **environment),
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


def wait_for(condition, what: str):
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.2)
    raise AssertionError(f"not within {LIMIT_S} s: {what}")


@pytest.fixture(scope="module")
def slurm(tmp_path_factory):
    """The environment of Slurm's commands."""
    folder = tmp_path_factory.mktemp("slurm")
    script = program.ROOT / "Tests/Interop/servers/slurm.sh"
    command(script, "start", folder, environment={})
    yield {"SLURM_CONF": str(folder / "slurm.conf")}
    command(script, "stop", folder, environment={})


def submit(endpoint, slurm, folder: Path, seconds: int) -> tuple[str, str]:
    """The ids of the array and of the merge after it."""
    script = program.ROOT / "deploy/slurm/load.sh"
    done = subprocess.run(
        [script, str(TASKS), folder, "--target", endpoint.store, "--bucket", endpoint.bucket,
         "-d", f"{seconds}s", *LOAD],
        capture_output=True, text=True, timeout=LIMIT_S,
        env=program.clean_environment(UPLOADBENCH=program.BINARY, **slurm, **endpoint.environment),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stderr.split()[-1], done.stdout.strip()


def states(slurm, job: str) -> set[str]:
    text = command("squeue", "-h", "-t", "all", "-o", "%T", "-j", job, environment=slurm)
    return set(text.split())


def attempts(folder: Path, attempt: int = 0) -> list[Path]:
    return [folder / f"{index}.{attempt}" for index in range(TASKS)]


def test_an_array_of_eight_and_the_merge_after_it(endpoint, slurm, tmp_path):
    folder = tmp_path / "load"
    _, merge = submit(endpoint, slurm, folder, seconds=3)
    wait_for(lambda: states(slurm, merge) <= {"COMPLETED", "FAILED"}, "the merge")
    assert states(slurm, merge) == {"COMPLETED"}, (folder / "merge.log").read_text()
    shards.check_merged(tmp_path / "load-merged", attempts(folder))
    sources = {shards.shard_record(path)["source"] for path in attempts(folder)}
    assert sources == {"SLURM_ARRAY_TASK_ID"}


def test_a_killed_task_fails_the_merge_by_name_and_its_requeue_makes_it_pass(
    endpoint, slurm, tmp_path
):
    folder = tmp_path / "load"
    before = len(endpoint.keys())
    array, merge = submit(endpoint, slurm, folder, seconds=10)
    wait_for(lambda: len(endpoint.keys()) > before + 100, "uploads under way")
    command("scancel", "--signal=KILL", "--full", f"{array}_5", environment=slurm)
    wait_for(lambda: states(slurm, merge) <= {"COMPLETED", "FAILED"}, "the merge")
    assert states(slurm, merge) == {"FAILED"}
    text = (folder / "merge.log").read_text()
    assert "missing: 5" in text and "5.0 is partial" in text
    assert not (tmp_path / "load-merged").exists()

    command("scontrol", "requeue", f"{array}_5", environment=slurm)
    # Slurm would let a requeued task wait for two minutes.
    command("scontrol", "update", f"JobId={array}_5", "StartTime=now", environment=slurm)
    again = folder / "5.1"
    wait_for(
        lambda: (again / "run.json").exists() and results.record(again)["status"] == "complete",
        "the second attempt of task 5",
    )
    done = program.run("merge", folder, "-o", tmp_path / "merged")
    assert done.code == 0, done.text
    assert "shard 5" in done.out and "5.0 does not count" in done.out
    used = [path if path.name != "5.0" else again for path in attempts(folder)]
    shards.check_merged(tmp_path / "merged", used)


def test_tasks_of_one_srun_are_shards(endpoint, slurm, tmp_path):
    words = [
        program.BINARY, "run", "--target", endpoint.store, "--bucket", endpoint.bucket,
        "-d", "2s", *LOAD, "--barrier", "60s", "-o", f"{tmp_path}/load/{{shard}}",
    ]  # fmt: skip
    command("srun", "-n", "4", *words, environment=slurm | endpoint.environment)
    done = program.run("merge", tmp_path / "load", "-o", tmp_path / "merged")
    assert done.code == 0, done.text
    shards.check_merged(tmp_path / "merged", [tmp_path / "load" / str(i) for i in range(4)])


def test_gnu_parallel(endpoint, tmp_path):
    words = [
        program.BINARY, "run", "--target", endpoint.store, "--bucket", endpoint.bucket, "-d", "3s",
        *LOAD, "--shards", str(TASKS), "--run-id", "parallel", "--barrier", "60s",
        "-o", f"{tmp_path}/load/{{shard}}",
    ]  # fmt: skip
    done = subprocess.run(
        ["parallel", "-j", str(TASKS), "-N0", shlex.join(words), ":::", *map(str, range(TASKS))],
        capture_output=True, text=True, timeout=LIMIT_S,
        env=program.clean_environment(**endpoint.environment, HOME=os.environ.get("HOME", "/")),
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    merged = program.run("merge", tmp_path / "load", "-o", tmp_path / "merged")
    assert merged.code == 0, merged.text
    folders = [tmp_path / "load" / str(index) for index in range(TASKS)]
    shards.check_merged(tmp_path / "merged", folders)
