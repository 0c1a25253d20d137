"""What a run leaves in a bucket, and `clean`, which takes it away."""

import json
import random
import signal
import subprocess

import program
import pytest
import results
from endpoint import Endpoint

KILLS = 10
SEED = 20260410


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with Endpoint(tmp_path_factory.mktemp("clean"), "--store", "memory:1GiB") as endpoint:
        # Somebody else's, below the same root.
        endpoint.s3().put_object(Bucket=endpoint.bucket, Key="users/uploadbench/kept.txt", Body=b"x")
        yield endpoint


KEPT = {"users/uploadbench/kept.txt"}


def local(endpoint, folder, *more) -> tuple:
    return (
        "run", "--target", endpoint.store, "--bucket", endpoint.bucket, "--region", endpoint.region,
        "--signer", "local", "--warmup", "0s", "--rounds", 1, "-q", "-o", folder, *more,
    )  # fmt: skip


def through_api(endpoint, folder, *more) -> tuple:
    return (
        "run", "--target", endpoint.store, "--bucket", endpoint.bucket, "--region", endpoint.region,
        "--gateway", endpoint.gateway, "--warmup", "0s", "--rounds", 1, "-q", "-o", folder, *more,
    )  # fmt: skip


def environment(endpoint) -> dict:
    return endpoint.environment | {"UPLOADBENCH_TOKEN": endpoint.token}


def uploads(endpoint) -> list:
    return endpoint.s3().list_multipart_uploads(Bucket=endpoint.bucket).get("Uploads", [])


def clean(endpoint, *words):
    return program.run("clean", *words, environment=environment(endpoint))


def test_a_run_keeps_its_objects_below_its_own_prefix_until_they_are_cleaned(store, tmp_path):
    done = program.run(
        *local(store, tmp_path / "run", "--scenarios", "presigned-put,presigned-post,presigned-multipart",
               "--size", "6MiB", "-n", 3, "-c", 2),
        environment=environment(store),
    )  # fmt: skip
    assert done.code == 0, done.text
    record = results.record(tmp_path / "run")
    prefix = record["written"]["prefix"]
    assert prefix == f"users/uploadbench/{record['run_id']}/"
    made = store.keys() - KEPT
    assert len(made) == 9 and all(key.startswith(prefix) for key in made)
    looked = clean(store, "--dry-run", tmp_path / "run")
    assert looked.code == 0 and "would delete 9 objects" in looked.out
    assert store.keys() - KEPT == made
    done = clean(store, tmp_path / "run")
    assert done.code == 0 and "9 objects deleted" in done.out and "nothing is left" in done.out
    assert store.keys() == KEPT
    assert clean(store, tmp_path / "run").code == 0  # It can be repeated.


def test_run_with_clean_leaves_nothing(store, tmp_path):
    done = program.run(
        *local(store, tmp_path / "run", "--scenarios", "presigned-put", "--size", "4KiB", "-n", 2500, "--clean"),
        environment=environment(store),
    )  # fmt: skip
    assert done.code == 0, done.text
    assert store.keys() == KEPT


def test_keys_that_the_api_named_are_recorded_before_the_upload(store, tmp_path):
    done = program.run(
        *through_api(
            store, tmp_path / "run", "--size", "6KiB", "-n", 4, "-c", 2, "--edge", store.ready["edge"],
            "--scenarios", "proxy-json,proxy-binary,edge-redirect,presigned-put,presigned-post,presigned-multipart",
        ),
        environment=environment(store),
    )  # fmt: skip
    assert done.code == 0, done.text
    listed = (tmp_path / "run/keys.csv").read_text().splitlines()
    assert listed[0] == "key"
    assert set(listed[1:]) == store.keys() - KEPT and len(listed) == 25
    assert clean(store, tmp_path / "run").code == 0
    assert store.keys() == KEPT


@pytest.mark.parametrize("kill", range(KILLS))
def test_a_run_killed_at_any_moment_leaves_nothing_that_clean_does_not_remove(store, tmp_path, kill):
    """Alternately signed here and by the API; with the API what it had not told yet needs --unlisted."""
    randomly = random.Random(SEED + kill)
    make = local if kill % 2 == 0 else through_api
    folder = tmp_path / "run"
    process = program.start(
        *make(store, folder, "--size", "8KiB,12MiB", "-r", 300, "-d", "9s", "--max-in-flight", 8,
              "--scenarios", "presigned-put,presigned-post,presigned-multipart"),
        environment=environment(store), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(randomly.uniform(0.05, 1.5))
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    if not (folder / "run.json").exists():
        assert store.keys() == KEPT and not uploads(store)
        return
    more = () if make is local else ("--unlisted",)
    done = clean(store, *more, folder)
    assert done.code == 0, done.text
    assert store.keys() == KEPT and not uploads(store)


def test_what_is_left_is_said_with_how_to_remove_it(store, tmp_path):
    done = program.run(
        *local(store, tmp_path / "run", "--scenarios", "presigned-put", "--size", "4KiB", "-n", 2),
        environment=environment(store),
    )  # fmt: skip
    assert done.code == 0, done.text
    wrong = environment(store) | {"AWS_SECRET_ACCESS_KEY": "wrong"}
    failed = program.run("clean", tmp_path / "run", environment=wrong)
    assert failed.code == 1
    assert "SignatureDoesNotMatch" in failed.out and "aws --endpoint-url" in failed.out
    assert clean(store, tmp_path / "run").code == 0
    assert store.keys() == KEPT


@pytest.mark.parametrize("prefix", ["", "users/", "users/uploadbench/", "users/uploadbench/kept", "users/uploadbench/x/"])
def test_an_edited_record_deletes_nothing(store, tmp_path, prefix):
    done = program.run(
        *local(store, tmp_path / "run", "--scenarios", "presigned-put", "--size", "4KiB", "-n", 1, "--clean"),
        environment=environment(store),
    )  # fmt: skip
    assert done.code == 0, done.text
    path = tmp_path / "run/run.json"
    record = json.loads(path.read_text())
    record["written"]["prefix"] = prefix
    path.write_text(json.dumps(record))
    refused = clean(store, tmp_path / "run")
    assert refused.code == 1 and "edited" in refused.err
    assert store.keys() == KEPT


def test_clean_of_an_embedded_run_has_nothing_to_do(recorded_run):
    done = program.run("clean", recorded_run)
    assert done.code == 0 and "nothing to delete" in done.out


def test_clean_of_no_results_says_so(tmp_path):
    done = program.run("clean", tmp_path)
    assert done.code == 1 and "is this a results directory?" in done.err
