"""The edge's redirect and the acceleration endpoint, by clients made by others."""

import subprocess
import time

import boto3
import pytest
import requests
from botocore.config import Config
from botocore.exceptions import ClientError


def edge_put(endpoint, token=None, **options):
    headers = {"Authorization": f"Bearer {token or endpoint.token}", "Content-Type": "image/gif"}
    return requests.put(
        endpoint.ready["edge"] + "/a.gif", headers=headers, allow_redirects=False, timeout=30,
        **options,
    )  # fmt: skip


def test_the_edge_sends_the_client_to_the_store(endpoint):
    answer = edge_put(endpoint, data=b"GIF89a")
    assert answer.status_code == 307
    target = answer.headers["Location"]
    assert target.startswith(f"{endpoint.store}/{endpoint.bucket}/users/bench/")
    stored = requests.put(target, data=b"GIF89a", headers={"Content-Type": "image/gif"}, timeout=30)
    assert stored.status_code == 200, stored.text


def test_the_edge_knows_the_token(endpoint):
    assert edge_put(endpoint, token="wrong", data=b"x").status_code == 401


def test_the_edge_takes_a_large_body_to_its_end(endpoint):
    assert edge_put(endpoint, data=bytes(20 << 20)).status_code == 307


@pytest.mark.parametrize("expects", (True, False))
def test_curl_sends_the_body_once_when_it_waits(endpoint, tmp_path, expects):
    file = tmp_path / "body"
    file.write_bytes(b"GIF89a" + bytes(3 << 20))
    expect = ["-H", "Expect: 100-continue" if expects else "Expect:"]
    done = subprocess.run(
        ["curl", "-sS", "-L", "-T", file, "--expect100-timeout", "10", *expect,
         "-H", f"Authorization: Bearer {endpoint.token}", "-H", "Content-Type: image/gif",
         "-o", tmp_path / "out", "-w", "%{http_code} %{num_redirects}",
         endpoint.ready["edge"] + "/a.gif"],
        capture_output=True, text=True, timeout=60)  # fmt: skip
    # curl gives the token to no other host: the store would refuse two kinds of credentials.
    assert done.stdout == "200 1", done.stdout + done.stderr


def accelerated(endpoint):
    return boto3.client(
        "s3", endpoint_url=endpoint.ready["accelerate"], region_name=endpoint.region,
        aws_access_key_id=endpoint.access_key, aws_secret_access_key=endpoint.secret_key,
        config=Config(signature_version="s3v4", s3={"addressing_style": "virtual"},
                      retries={"max_attempts": 0}))  # fmt: skip


@pytest.mark.parametrize("size", (0, 1, 65_536, 5_242_881))
def test_an_object_goes_and_comes_through_acceleration(endpoint, size):
    client, body = accelerated(endpoint), bytes(index % 251 for index in range(size))
    client.put_object(Bucket=endpoint.bucket, Key="far/ä b", Body=body)
    assert client.head_object(Bucket=endpoint.bucket, Key="far/ä b")["ContentLength"] == size
    answer = client.get_object(Bucket=endpoint.bucket, Key="far/ä b")
    assert answer["Body"].read() == body


def test_a_form_goes_through_acceleration(endpoint):
    form = accelerated(endpoint).generate_presigned_post(endpoint.bucket, "form/key")
    sent = requests.post(form["url"], data=form["fields"], files={"file": b"abc"}, timeout=30)
    assert sent.status_code == 204, sent.text


def test_acceleration_needs_the_bucket_in_the_name(endpoint):
    answer = requests.get(endpoint.ready["accelerate"] + "/" + endpoint.bucket, timeout=30)
    assert answer.status_code == 400
    assert "<Code>InvalidRequest</Code>" in answer.text


def test_a_bucket_with_dots_is_not_accelerated(endpoint):
    host = {"Host": "my.bucket.s3-accelerate.amazonaws.com"}
    answer = requests.get(endpoint.ready["accelerate"] + "/key", headers=host, timeout=30)
    assert answer.status_code == 400
    assert "periods (.) in their names" in answer.text


def failure(endpoint, bucket) -> str:
    try:
        accelerated(endpoint).put_object(Bucket=bucket, Key="k", Body=b"")
    except ClientError as error:
        return error.response["Error"]["Message"]
    return ""


def test_the_buckets_state_decides(endpoint):
    client = endpoint.s3()
    client.create_bucket(
        Bucket="second", CreateBucketConfiguration={"LocationConstraint": endpoint.region}
    )
    assert failure(endpoint, "second") == (
        "S3 Transfer Acceleration is not configured on this bucket"
    )
    for status, message in (
        ("Enabled", ""),
        ("Suspended", "S3 Transfer Acceleration is disabled on this bucket"),
    ):
        client.put_bucket_accelerate_configuration(
            Bucket="second", AccelerateConfiguration={"Status": status}
        )
        deadline = time.monotonic() + 10
        # The endpoint notices a change within about a second.
        while failure(endpoint, "second") != message:
            assert time.monotonic() < deadline, failure(endpoint, "second")
