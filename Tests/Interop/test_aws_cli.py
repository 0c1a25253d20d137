"""The AWS CLI, unchanged, with --endpoint-url."""

import json
import os
import sys
from pathlib import Path

import pytest
import requests

import program

AWS = Path(sys.executable).with_name("aws")


@pytest.fixture
def aws(endpoint):
    def call(*words):
        done = program.tool(
            AWS, "--endpoint-url", endpoint.store, *words, environment=endpoint.environment
        )
        assert done.code == 0, done.err
        return done.out

    return call


@pytest.fixture
def uri(endpoint, key):
    return f"s3://{endpoint.bucket}/{key}"


def test_cp_ls_and_rm(aws, endpoint, key, uri, tmp_path):
    source, back = tmp_path / "photo one.jpg", tmp_path / "back.jpg"
    source.write_bytes(os.urandom(300_000))
    aws("s3", "cp", source, f"{uri}/photo one.jpg")
    assert "300000 photo one.jpg" in aws("s3", "ls", f"{uri}/")
    aws("s3", "cp", f"{uri}/photo one.jpg", back)
    assert back.read_bytes() == source.read_bytes()
    aws("s3", "rm", f"{uri}/photo one.jpg")
    assert f"{key}/photo one.jpg" not in endpoint.keys()


def test_cp_of_64_mib_goes_in_parts_and_comes_back(aws, endpoint, key, uri, big_file, tmp_path):
    aws("s3", "cp", "--no-progress", big_file, uri)
    head = endpoint.s3().head_object(Bucket=endpoint.bucket, Key=key)
    assert "-" in head["ETag"], "the CLI uploads more than 8 MiB in parts"
    aws("s3", "cp", "--no-progress", uri, tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == big_file.read_bytes()
    aws("s3", "rm", uri)


def test_cp_and_rm_of_a_folder(aws, endpoint, key, uri, tmp_path):
    for name in ("one.txt", "two.txt", "below/three.txt"):
        path = tmp_path / "folder" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    aws("s3", "cp", "--recursive", tmp_path / "folder", uri)
    assert {k for k in endpoint.keys() if k.startswith(key + "/")} == {
        f"{key}/one.txt", f"{key}/two.txt", f"{key}/below/three.txt",
    }  # fmt: skip
    listed = aws("s3", "ls", "--recursive", f"{uri}/")
    assert listed.count(".txt") == 3
    aws("s3", "rm", "--recursive", f"{uri}/")
    assert not any(k.startswith(key + "/") for k in endpoint.keys())


def test_sync_sends_what_changed_and_mv_renames(aws, endpoint, key, uri, tmp_path):
    (tmp_path / "a.txt").write_text("a")
    # S3 lists whole seconds, so that a file of this second would look newer than its object.
    os.utime(tmp_path / "a.txt", (0, 0))
    assert "upload:" in aws("s3", "sync", tmp_path, uri)
    (tmp_path / "b.txt").write_text("b")
    second = aws("s3", "sync", tmp_path, uri)
    assert "b.txt" in second and "a.txt" not in second
    aws("s3", "mv", f"{uri}/a.txt", f"{uri}/c.txt")
    assert {k for k in endpoint.keys() if k.startswith(key)} == {f"{key}/b.txt", f"{key}/c.txt"}
    assert endpoint.stored(f"{key}/c.txt") == b"a"


def test_s3api_put_head_get_list_and_delete(aws, endpoint, key, tmp_path):
    source, back = tmp_path / "in", tmp_path / "out"
    source.write_bytes(bytes(range(200)))
    name = ("--bucket", endpoint.bucket, "--key", key)
    put = json.loads(
        aws("s3api", "put-object", *name, "--body", source, "--content-type", "image/png",
            "--metadata", "a=1", "--checksum-algorithm", "SHA256")
    )  # fmt: skip
    assert put["ChecksumSHA256"]
    head = json.loads(aws("s3api", "head-object", *name))
    assert (head["ContentLength"], head["ContentType"]) == (200, "image/png")
    assert head["Metadata"] == {"a": "1"}
    aws("s3api", "get-object", *name, "--range", "bytes=10-19", back)
    assert back.read_bytes() == bytes(range(10, 20))
    listed = json.loads(
        aws("s3api", "list-objects-v2", "--bucket", endpoint.bucket, "--prefix", key)
    )
    assert [entry["Key"] for entry in listed["Contents"]] == [key]
    aws("s3api", "delete-object", *name)
    assert key not in endpoint.keys()


def test_a_url_of_s3_presign_can_be_fetched(aws, endpoint, key, uri):
    endpoint.s3().put_object(Bucket=endpoint.bucket, Key=key, Body=b"signed by the CLI")
    url = aws("s3", "presign", uri).strip()
    assert requests.get(url, timeout=30).content == b"signed by the CLI"


def test_the_wrong_secret_is_told(endpoint, uri):
    environment = endpoint.environment | {"AWS_SECRET_ACCESS_KEY": "wrong" * 8}
    done = program.tool(
        AWS, "--endpoint-url", endpoint.store, "s3", "ls", uri, environment=environment
    )
    assert done.code != 0
    assert "SignatureDoesNotMatch" in done.err
