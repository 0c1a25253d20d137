"""Servers whose listings never end: whoever lists gives up, and says so."""

import itertools
import re
import signal
import subprocess
import time
import urllib.parse

import pytest

import program
from hostile import Hostile

KEYS = {"AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "SK"}
# Well below the program's time limit for a test, well above what giving up takes.
PATIENCE_S = 30


class Listing:
    """Pages of one object each, with tokens and keys as they are told."""

    def __init__(self, tokens, keys):
        self.tokens, self.keys = tokens, keys

    def __call__(self, path: str) -> bytes:
        prefix = re.search(r"prefix=([^&]*)", path)
        if "list-type=2" not in path or not prefix:
            return b""
        prefix = urllib.parse.unquote(prefix[1])
        return (
            "<ListBucketResult><IsTruncated>true</IsTruncated>"
            f"<Contents><Key>{prefix}{next(self.keys)}</Key><LastModified>2026-01-01T00:00:00Z</LastModified></Contents>"
            f"<NextContinuationToken>{next(self.tokens)}</NextContinuationToken></ListBucketResult>"
        ).encode()


def numbers():
    return map(str, itertools.count(10))


@pytest.fixture(scope="module")
def record(tmp_path_factory, endpoint):
    """A run that leaves objects to be cleaned."""
    folder = tmp_path_factory.mktemp("listing") / "run"
    done = program.run(
        "run", "--target", endpoint.store, "--bucket", endpoint.bucket, "--signer", "local", "--scenarios", "presigned-put",
        "--size", "1KiB", "-n", 1, "-c", 1, "--warmup", "0s", "--rounds", 1, "-q", "-o", folder,
        environment=endpoint.environment,
    )  # fmt: skip
    assert done.code == 0, done.text
    return folder


@pytest.mark.parametrize(
    ("tokens", "keys"),
    [
        (itertools.repeat("a"), numbers()),
        (itertools.cycle("ab"), numbers()),
        (itertools.cycle(map(str, range(50))), numbers()),
        (numbers(), itertools.cycle("ab")),
    ],
    ids=["same-token", "two-tokens", "fifty-tokens", "same-keys"],
)
def test_clean_leaves_a_listing_that_goes_round(record, tokens, keys):
    with Hostile(200, Listing(tokens, keys)) as server:
        done = program.run("clean", record, "--target", server.url, environment=KEYS)
    assert done.code == 1 and "does not end" in done.text


def test_a_barrier_ends_in_time_though_the_listing_does_not(tmp_path):
    with Hostile(200, Listing(numbers(), numbers())) as server:
        began = time.monotonic()
        done = program.run(
            "run", "--target", server.url, "--bucket", "uploads", "--signer", "local", "--scenarios", "presigned-put",
            "--size", "1KiB", "-n", 2, "-c", 2, "--warmup", "0s", "--rounds", 1, "-q", "-o", tmp_path / "run",
            "--shard", "0/2", "--run-id", "endless", "--barrier", "1s", environment=KEYS,
        )  # fmt: skip
    assert done.code == 1 and "the barrier failed" in done.err and "does not end" in done.err, done.text
    assert time.monotonic() - began < PATIENCE_S


def test_a_probe_that_trickles_is_bound_by_the_time_of_a_request(tmp_path):
    with Hostile(200, trickles=True) as server:
        started = time.monotonic()
        done = program.run(
            "run", "--target", server.url, "--bucket", "b", "--signer", "local", "--scenarios", "presigned-post",
            "--size", "1KiB", "-n", 1, "-c", 1, "--warmup", "0s", "--rounds", 1, "-q", "--request-timeout", "2s",
            "-o", tmp_path / "run", environment=KEYS,
        )  # fmt: skip
    assert done.code != 0 and time.monotonic() - started < PATIENCE_S


def test_a_listing_that_trickles_does_not_hold_an_interrupted_clean(record):
    with Hostile(200, trickles=True) as server:
        process = program.start("clean", record, "--target", server.url, environment=KEYS, stderr=subprocess.PIPE)
        deadline = time.monotonic() + PATIENCE_S
        while not server.asked:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE_S / 2)
    assert process.returncode == 130


@pytest.mark.parametrize(
    "body",
    [b"<ListBucketResult><Contents><Key>a", b"<ListBucketResult><Contents></Contents>", b"hello", b"",
     b'<!DOCTYPE x [<!ENTITY k "a">]><ListBucketResult></ListBucketResult>'],
)  # fmt: skip
def test_a_listing_that_is_cut_off_is_no_empty_one(record, body):
    with Hostile(200, body) as server:
        done = program.run("clean", record, "--target", server.url, environment=KEYS)
    assert done.code == 1 and "cannot be listed" in done.text


@pytest.mark.parametrize("versions", [b"<ListVersionsResult><Version><Key>a", b"", b"<ListVersionsResult><IsTruncated>true</IsTruncated><NextKeyMarker>a</NextKeyMarker></ListVersionsResult>"])
def test_a_version_listing_that_is_cut_off_or_goes_round_is_a_problem(record, versions):
    def body(path: str) -> bytes:
        if "versions" in path:
            return versions
        return b"<ListMultipartUploadsResult/>" if "uploads=" in path else b"<ListBucketResult></ListBucketResult>"

    with Hostile(200, body) as server:
        done = program.run("clean", record, "--target", server.url, environment=KEYS)
    assert done.code == 1 and "versions below" in done.text, done.text
