"""nginx in front of `serve`, with the configuration that docs/nginx.md has users copy."""

import collections
import os
import re
import ssl
import socket
import time

import pytest
import requests

import nginx
import program
import results
from endpoint import Endpoint
from nginx import Nginx

pytestmark = pytest.mark.skipif(nginx.BINARY is None, reason="nginx is not installed (scripts/setup-test.sh)")
SLOW = [("rate=100r/s", "rate=5r/s"), ("burst=200", "burst=5")]
BUFFERED = [("proxy_request_buffering off;", "")]
HOSTLESS = [("proxy_set_header Host $http_host;", "")]


@pytest.fixture(scope="module")
def ports():
    return nginx.free_ports(2)


@pytest.fixture(scope="module")
def behind(tmp_path_factory, ports):
    """A backend that signs for the front."""
    front = f"https://127.0.0.1:{ports[0]}"
    with Endpoint(tmp_path_factory.mktemp("behind"), "--public-store", front) as running:
        yield running


@pytest.fixture
def front(behind, ports, tmp_path):
    """Starts nginx, with changes to its configuration."""
    running = []

    def start(*changes):
        upstreams = [url.removeprefix("http://") for url in (behind.store, behind.gateway)]
        made = Nginx(tmp_path, ports, upstreams, changes).__enter__()
        running.append(made)
        return made

    yield start
    for made in running:
        made.__exit__()


def run(front, behind, folder, *flags):
    done = program.run(
        "run", "--target", front.store, "--gateway", front.api, "--bucket", behind.bucket,
        "--region", behind.region, "--cacert", front.certificate, "--warmup", "0s", "--rounds", "1", "-q",
        "-o", folder, *flags,
        environment=behind.environment | {"UPLOADBENCH_TOKEN": behind.token},
    )  # fmt: skip
    return done, collections.Counter(
        (row["scenario"], row["outcome"], row["http_status"]) for row in results.rows(folder, "samples.csv")
    )


@pytest.mark.parametrize("signer", ["gateway", "local"])
def test_signatures_hold_through_the_front(front, behind, tmp_path, signer):
    scenarios = "presigned-put,presigned-post,presigned-multipart"
    if signer == "gateway":
        scenarios += ",proxy-json,proxy-binary"
    done, ended = run(
        front(), behind, tmp_path / "run", "--scenarios", scenarios, "--signer", signer, "--size", "6MiB,4KiB", "-n", "2",
    )  # fmt: skip
    assert done.code == 0, done.text
    failed = {key for key in ended if key[1] != "ok"}
    # A file of 6 MiB is more than a Lambda event holds.
    assert failed <= {("proxy-json", "refused", "413")}, ended
    assert {key[0] for key in ended} == set(scenarios.split(","))


def put_url(front, behind, name="a.bin"):
    answer = requests.get(
        front.api + "/signed-url", params={"contentType": "application/octet-stream", "filename": name},
        headers={"Authorization": f"Bearer {behind.token}"}, verify=front.certificate, timeout=30,
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    given = answer.json()
    assert given["data"]["url"].startswith(front.store + "/")
    return given["id"], given["data"]["url"]


def put(front, behind, body):
    key, url = put_url(front, behind)
    headers = {"Content-Type": "application/octet-stream"}
    return key, requests.put(url, data=body, headers=headers, verify=front.certificate, timeout=60)


def test_a_large_file_is_streamed_and_never_on_nginxs_disk(front, behind, big_file):
    running = front()
    with open(big_file, "rb") as body:
        key, answer = put(running, behind, body)
    assert answer.status_code == 200, answer.text
    assert behind.s3().head_object(Bucket=behind.bucket, Key=key)["ContentLength"] == 64 << 20
    assert "buffered to a temporary file" not in running.log
    assert not any((running.folder / "bodies").rglob("*.*"))


def test_the_first_half_of_a_body_is_at_the_store_before_the_second_is_sent(front, behind):
    running = front()
    _, url = put_url(running, behind)
    context = ssl.create_default_context(cafile=running.certificate)
    raw = socket.create_connection(("127.0.0.1", running.store_port), timeout=30)
    with context.wrap_socket(raw, server_hostname="127.0.0.1") as client:
        target = url.removeprefix(running.store)
        client.sendall(
            f"PUT {target} HTTP/1.1\r\nHost: 127.0.0.1:{running.store_port}\r\n"
            f"Content-Type: application/octet-stream\r\nContent-Length: {4 << 20}\r\n\r\n".encode()
        )
        client.sendall(bytes(2 << 20))
        deadline = time.monotonic() + 20
        while received_by_store(behind) < 2 << 20:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        client.sendall(bytes(2 << 20))
        assert b" 200 " in client.recv(4096).split(b"\r\n")[0]


def received_by_store(behind) -> int:
    """Bytes that the kernel has handed to the store on one connection, at most."""
    listing = program.tool("ss", "-Htin", "sport", "=", f":{behind.port}").out
    return max((int(count) for count in re.findall(r"bytes_received:(\d+)", listing)), default=0)


def test_without_the_two_lines_it_would_be_buffered_and_refused(front, behind, big_file):
    """What the checks above can tell."""
    running = front(*BUFFERED, *HOSTLESS)
    _, answer = put(running, behind, os.urandom(1 << 20))
    assert (answer.status_code, "SignatureDoesNotMatch" in answer.text) == (403, True)
    assert "buffered to a temporary file" in running.log


@pytest.mark.parametrize(
    "scenario, signer, good, bad",
    [
        ("proxy-json", "gateway", ("ok", "201"), ("refused", "429")),
        ("presigned-put", "local", ("ok", "200"), ("server-error", "503")),
    ],
)
def test_what_the_limiter_refuses_is_counted_by_its_status(front, behind, tmp_path, scenario, signer, good, bad):
    _, ended = run(
        front(*SLOW), behind, tmp_path / "run", "--scenarios", scenario, "--signer", signer, "--size", "4KiB",
        "-n", "40", "-c", "8",
    )  # fmt: skip
    assert ended[scenario, *good] >= 5
    assert ended[scenario, *bad] >= 5
    assert sum(ended.values()) == 40
    assert len(ended) == 2, ended
    codes = {row["error_code"] for row in results.rows(tmp_path / "run", "samples.csv") if row["outcome"] != "ok"}
    # The API says it in words, S3 by a code.
    assert codes == {"SlowDown" if signer == "local" else ""}


def test_a_browser_can_read_the_apis_refusal(front, behind):
    running = front(*SLOW)
    for _ in range(20):
        answer = requests.get(running.api + "/signed-url", verify=running.certificate, timeout=30)
        if answer.status_code == 429:
            assert answer.json() == {"message": "Too Many Requests"}
            assert answer.headers["Access-Control-Allow-Origin"] == "*"
            return
    raise AssertionError("20 requests at once were never too many")
