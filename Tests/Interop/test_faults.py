"""Faults on demand: what clients made by others see, and that a run loses no upload."""

import json

import boto3
import pytest
import requests
from botocore.config import Config

from endpoint import Endpoint


def put_url(endpoint, key: str) -> str:
    return endpoint.s3().generate_presigned_url(
        "put_object", {"Bucket": endpoint.bucket, "Key": key}
    )


def put(endpoint, key: str):
    """The answer's status, or None where there was none."""
    try:
        return requests.put(put_url(endpoint, key), data=b"x" * 1000, timeout=10).status_code
    except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
        return None


@pytest.mark.parametrize(
    ("fault", "status", "is_stored"),
    (
        ("503", 503, False), ("500", 500, False), ("reset", None, False),
        # Python's http.client takes half a head for a whole one.
        ("reset-answer", None, True), ("truncate", 200, True), ("stall=50ms", 200, True),
        ("slow-read=1MiB/s", 200, True), ("corrupt-etag", 200, True),
        ("close-after-headers", 200, True),
    ),
)  # fmt: skip
def test_a_fault_strikes_before_or_after_the_object_is_stored(tmp_path, fault, status, is_stored):
    with Endpoint(tmp_path, "--fault", f"store:{fault}", "--log", tmp_path / "log") as endpoint:
        assert put(endpoint, "a") == status
        assert endpoint.keys() == ({"a"} if is_stored else set())
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    written = next(line for line in lines if line["method"] == "PUT")
    assert written["fault"] == fault.split("=")[0]
    assert written["status"] == (200 if is_stored else status)


def test_an_sdk_rides_out_what_is_seldom_enough(tmp_path):
    """botocore's standard mode makes three attempts."""
    flags = ("--fault", "store:503=15%,reset-answer=15%", "--seed", "2", "--log", tmp_path / "log")
    with Endpoint(tmp_path, *flags) as endpoint:
        s3 = boto3.client(
            "s3", endpoint_url=endpoint.store, region_name=endpoint.region,
            aws_access_key_id=endpoint.access_key, aws_secret_access_key=endpoint.secret_key,
            config=Config(retries={"mode": "standard"}, s3={"addressing_style": "path"}),
        )  # fmt: skip
        keys = {f"{number}" for number in range(10)}
        for key in keys:
            s3.put_object(Bucket=endpoint.bucket, Key=key, Body=b"x")
        assert endpoint.keys() == keys
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert {"503", "reset-answer"} <= {line["fault"] for line in lines}


def test_the_seed_decides_which_requests_are_struck(tmp_path):
    def struck(seed: int, name: str) -> list:
        folder = tmp_path / name
        folder.mkdir()
        flags = ("--fault", "store:503=30%,reset=10%", "--seed", str(seed))
        with Endpoint(folder, *flags) as endpoint:
            return [put(endpoint, f"{number}") for number in range(40)]

    first = struck(5, "a")
    assert {200, 503, None} == set(first)
    assert first == struck(5, "b")
    assert first != struck(6, "c")
