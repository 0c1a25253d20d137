"""What a run leaves in a bucket, and `clean`, which takes it away."""

import json
import random
import signal
import subprocess

import boto3
import program
import pytest
import results
from endpoint import Endpoint
from silencer import Silencer

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


LOCALLY = "presigned-put,presigned-post,presigned-multipart"
BY_API = "proxy-json,presigned-multipart,proxy-binary,edge-redirect," + LOCALLY[: LOCALLY.rindex(",")]


def killed_run(store, kill):
    """Signed here, by the API, and by the API for a page, in turn."""
    if kill % 2 == 0:
        return local, (LOCALLY,)
    client = ("--client", "browser") if kill % 4 == 3 else ()
    return through_api, (BY_API, "--edge", store.ready["edge"], *client)


@pytest.mark.parametrize("kill", range(KILLS))
def test_a_run_killed_at_any_moment_leaves_nothing_that_clean_does_not_remove(store, tmp_path, kill):
    """Of a few strategies one after the other, so that the moment may fall into each."""
    randomly = random.Random(SEED + kill)
    make, words = killed_run(store, kill)
    folder = tmp_path / "run"
    process = program.start(
        *make(store, folder, "--size", "8KiB,6MiB", "-r", 300, "-d", "300ms", "--max-in-flight", 8,
              "--scenarios", *words),
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
    done = clean(store, folder)
    assert done.code == 0, done.text
    assert store.keys() == KEPT and not uploads(store)


@pytest.mark.parametrize("strategy, lost", [("proxy-json", "/images"), ("presigned-multipart", "/signed-multipart")])
def test_what_an_api_made_and_never_told_of_is_cleaned(store, tmp_path, strategy, lost):
    """A proxy passes everything to the API, but its answers to the requests that make something."""
    folder = tmp_path / "run"
    with Silencer(store.gateway, lost) as silencer:
        words = through_api(store, folder, "--scenarios", strategy, "--size", "8KiB", "-d", "60s", "-c", 2)
        words = [silencer.url if word == store.gateway else word for word in words]
        process = program.start(*words, environment=environment(store))
        try:
            silencer.wait()
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
    assert (store.keys() - KEPT) or uploads(store)
    done = clean(store, folder)
    assert done.code == 0 and "nothing is left" in done.out, done.text
    assert store.keys() == KEPT and not uploads(store)


def test_objects_of_an_api_that_takes_no_names_need_unlisted(store, tmp_path):
    """Such an API names its objects by itself; to it the field is one that it does not know."""
    folder = tmp_path / "run"
    with Silencer(store.gateway, "/images", without="idempotency-key") as silencer:
        words = through_api(store, folder, "--scenarios", "proxy-json", "--size", "8KiB", "-d", "60s", "-c", 2)
        words = [silencer.url if word == store.gateway else word for word in words]
        process = program.start(*words, environment=environment(store))
        try:
            silencer.wait()
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
    left = clean(store, folder)
    assert left.code == 1 and "--unlisted" in left.out, left.text
    assert clean(store, "--unlisted", folder).code == 0
    assert store.keys() == KEPT and not uploads(store)


def test_a_browser_names_nothing_where_the_apis_rules_do_not_let_it(store, tmp_path):
    folder = tmp_path / "run"
    with Silencer(store.gateway, None, without="idempotency-key") as silencer:
        words = through_api(store, folder, "--scenarios", "proxy-json", "--size", "8KiB", "-n", 4, "--client", "browser")
        words = [silencer.url if word == store.gateway else word for word in words]
        done = program.run(*words, environment=environment(store))
        assert done.code == 0, done.text
    assert not silencer.removed
    assert clean(store, folder).code == 0
    assert store.keys() == KEPT


@pytest.fixture(scope="module")
def versioned():
    """A bucket that keeps versions, on moto, with an object that is not the run's."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    s3 = boto3.client(
        "s3", endpoint_url=url, region_name="us-east-1", aws_access_key_id="k", aws_secret_access_key="s"
    )
    s3.create_bucket(Bucket="interop-bucket")
    s3.put_bucket_versioning(Bucket="interop-bucket", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="interop-bucket", Key="users/uploadbench/kept.txt", Body=b"x")
    yield url, s3
    server.stop()


def versions(s3) -> list[tuple[str, str]]:
    listed = s3.list_object_versions(Bucket="interop-bucket")
    return [(one["Key"], kind) for kind in ("Versions", "DeleteMarkers") for one in listed.get(kind, [])]


MOTO = {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "us-east-1"}
KEPT_VERSIONS = [("users/uploadbench/kept.txt", "Versions")]


def test_clean_of_a_versioned_bucket_leaves_no_version(versioned, tmp_path):
    url, s3 = versioned
    done = program.run(
        "run", "--target", url, "--bucket", "interop-bucket", "--signer", "local", "--scenarios", LOCALLY,
        "--size", "6MiB", "-n", 2, "--warmup", "0s", "--rounds", 1, "-q", "-o", tmp_path / "run", environment=MOTO,
    )  # fmt: skip
    assert done.code == 0, done.text
    # One that was deleted by hand is a marker over a version.
    present = [one["Key"] for one in s3.list_objects_v2(Bucket="interop-bucket")["Contents"]]
    key = next(key for key in present if key != KEPT_VERSIONS[0][0])
    s3.delete_object(Bucket="interop-bucket", Key=key)
    looked = program.run("clean", "--dry-run", tmp_path / "run", environment=MOTO)
    # Those of the probe for forms, too, which the run deleted.
    made = len(versions(s3)) - len(KEPT_VERSIONS)
    assert made >= 7 and f"would delete 5 objects, {made} versions" in looked.out, looked.text
    cleaned = program.run("clean", tmp_path / "run", environment=MOTO)
    assert cleaned.code == 0 and "nothing is left" in cleaned.out, cleaned.text
    assert versions(s3) == KEPT_VERSIONS


def test_clean_leaves_no_version_of_keys_that_an_api_named(store, versioned, tmp_path):
    done = program.run(
        *through_api(store, tmp_path / "run", "--scenarios", "proxy-json", "--size", "4KiB", "-n", 3),
        environment=environment(store),
    )  # fmt: skip
    assert done.code == 0, done.text
    assert clean(store, tmp_path / "run").code == 0
    url, s3 = versioned
    for key in (tmp_path / "run/keys.csv").read_text().splitlines()[1:] * 2:
        s3.put_object(Bucket="interop-bucket", Key=key, Body=b"x")
    done = program.run("clean", "--target", url, tmp_path / "run", environment=MOTO)
    assert done.code == 0 and "3 objects, 9 versions deleted" in done.out, done.text
    assert versions(s3) == KEPT_VERSIONS


def shard(store, folder, index):
    words = local(store, folder, "--scenarios", "presigned-put", "--size", "4KiB", "-r", 50, "-d", "300ms")
    done = program.run(*words, "--shard", f"{index}/2", "--run-id", "clean", environment=environment(store))
    assert done.code == 0, done.text


def test_clean_of_a_merged_directory_cleans_its_shards(store, tmp_path):
    for index in range(2):
        shard(store, tmp_path / f"shard-{index}", index)
    merged = program.run("merge", tmp_path / "shard-0", tmp_path / "shard-1", "-o", tmp_path / "merged", "-q")
    assert merged.code == 0, merged.text
    moved = tmp_path / "moved"
    (tmp_path / "shard-1").rename(moved)
    refused = clean(store, tmp_path / "merged")
    assert refused.code == 1 and str(tmp_path / "shard-1") in refused.err and "uploadbench clean SHARD" in refused.err
    assert store.keys() != KEPT, "nothing goes before all can"
    moved.rename(tmp_path / "shard-1")
    done = clean(store, tmp_path / "merged", tmp_path / "shard-0")
    assert done.code == 0 and done.out.count("nothing is left") == 2, done.text
    assert store.keys() == KEPT


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
