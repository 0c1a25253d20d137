"""What API Gateway and Lambda refuse, to the byte, and in their words."""

import base64
import json
import threading
import time

import pytest
import requests

from endpoint import Endpoint

GATEWAY_LIMIT = 10_485_760
EVENT_LIMIT = 20_000


def upload(endpoint, size: int, key="file.bin"):
    return endpoint.api().put(f"{endpoint.gateway}/uploads/{key}", data=bytes(size), timeout=60)


@pytest.mark.parametrize("beyond", (-1, 0, 1))
def test_a_body_is_refused_exactly_above_the_gateways_limit(endpoint, beyond):
    answer = upload(endpoint, GATEWAY_LIMIT + beyond)
    if beyond <= 0:
        assert answer.status_code == 200, answer.text
        assert answer.json() == {"id": "users/bench/file.bin"}
        return
    assert answer.status_code == 413
    assert answer.text == "HTTP content length exceeded 10485760 bytes."
    assert answer.headers["Content-Type"] == "text/plain"
    assert "Access-Control-Allow-Origin" not in answer.headers


def send_event(endpoint, padding: int):
    """Each character of the file name is one byte of the event."""
    body = {"filename": "n" * padding, "contentType": "image/gif",
            "image": base64.b64encode(b"GIF89a" + bytes(3000)).decode()}  # fmt: skip
    text = json.dumps(body)
    # The length is part of the event, and has one more digit above 9,999 bytes.
    assert len(text) < 10_000 or padding > 9_000
    headers = {"Content-Type": "application/json", "Connection": "keep-alive"}
    return endpoint.api().post(endpoint.gateway + "/images", data=text, headers=headers, timeout=60)


def test_an_event_is_refused_exactly_above_lambdas_limit(tmp_path):
    with Endpoint(tmp_path, "--lambda-limit", str(EVENT_LIMIT)) as endpoint:
        low, high = 9_001, EVENT_LIMIT
        assert send_event(endpoint, low).status_code == 201
        while high - low > 1:
            middle = (low + high) // 2
            fits = send_event(endpoint, middle).status_code == 201
            low, high = (middle, high) if fits else (low, middle)
        refused = send_event(endpoint, high)
        assert refused.status_code == 413
        assert refused.json() == {"message": "Request Too Long"}
        # The limit moves the boundary byte by byte.
        for more in (1, 2):
            folder = tmp_path / str(more)
            folder.mkdir()
            with Endpoint(folder, "--lambda-limit", str(EVENT_LIMIT + more)) as larger:
                # The port is part of the Host field, and so of the event.
                shift = len(endpoint.gateway) - len(larger.gateway)
                token = len(endpoint.token or "") - len(larger.token or "")
                edge = low + more + 4 * (shift + token)
                if shift or token:
                    continue
                assert send_event(larger, edge).status_code == 201
                assert send_event(larger, edge + 1).status_code == 413


def test_more_requests_than_the_throttle_allows_are_refused(tmp_path):
    with Endpoint(tmp_path, "--gateway-throttle", "0.01/s", "--gateway-burst", "2") as endpoint:
        answers = [endpoint.api().get(endpoint.gateway + "/signed-url", timeout=30) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert answers[2].json() == {"message": "Too Many Requests"}


def test_more_invocations_than_environments_are_refused(tmp_path):
    flags = ("--lambda-concurrency", "1", "--service-time", "gateway=500ms")
    with Endpoint(tmp_path, *flags) as endpoint:
        statuses = []
        ask = lambda: statuses.append(  # noqa: E731
            endpoint.api().get(endpoint.gateway + "/signed-url", timeout=30).status_code
        )
        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(statuses) == [200, 429, 429]


def test_a_slow_integration_is_given_up(tmp_path):
    flags = ("--integration-timeout", "100ms", "--service-time", "gateway=2s")
    with Endpoint(tmp_path, *flags) as endpoint:
        answer = endpoint.api().get(endpoint.gateway + "/signed-url", timeout=30)
        assert answer.status_code == 504
        assert answer.json() == {"message": "Endpoint request timed out"}


def test_cold_starts_take_their_time(tmp_path):
    with Endpoint(tmp_path, "--cold-start", "300ms@100%") as endpoint:
        began = time.monotonic()
        answer = endpoint.api().get(endpoint.gateway + "/signed-url", timeout=30)
        assert answer.status_code == 200
        assert time.monotonic() - began >= 0.3


@pytest.mark.parametrize("image", ("@@@@", "QUJ", "QUJD\n", "QQ==QQ=="))
def test_what_is_no_base64_is_refused(endpoint, image):
    body = {"filename": "a.gif", "contentType": "image/gif", "image": image}
    answer = endpoint.api().post(endpoint.gateway + "/images", json=body, timeout=30)
    assert answer.status_code == 400, answer.text


def test_an_image_is_stored_and_reviewed_at_once(endpoint):
    file = b"GIF89a" + bytes(range(256)) * 40
    body = {"filename": "a.gif", "contentType": "image/gif",
            "image": base64.b64encode(file).decode()}  # fmt: skip
    answer = endpoint.api().post(endpoint.gateway + "/images", json=body, timeout=30)
    assert answer.status_code == 201, answer.text
    stored = endpoint.s3().get_object(Bucket=endpoint.bucket, Key=answer.json()["id"])
    assert stored["Body"].read() == file
    assert stored["ContentType"] == "image/gif"
    assert answer.json()["size"] == len(file)


def test_an_image_that_lies_does_not_stay(endpoint):
    before = endpoint.s3().list_objects_v2(Bucket=endpoint.bucket).get("KeyCount")
    body = {"filename": "a.png", "contentType": "image/png", "image": "QUJD"}
    answer = endpoint.api().post(endpoint.gateway + "/images", json=body, timeout=30)
    assert answer.status_code == 415, answer.text
    assert endpoint.s3().list_objects_v2(Bucket=endpoint.bucket).get("KeyCount") == before


def test_another_users_key_is_refused(endpoint):
    assert upload(endpoint, 3, "users/other/x").status_code == 403
    assert upload(endpoint, 3, "users/bench/own").json() == {"id": "users/bench/own"}


def test_a_chosen_key_is_held_below_the_user_and_taken_literally(tmp_path):
    with Endpoint(tmp_path, "--key-policy", "chosen") as endpoint:
        given = endpoint.api().get(
            endpoint.gateway + "/signed-post", params={"filename": "a.txt"}, timeout=30
        ).json()  # fmt: skip
        fields = given["data"]["fields"]
        for key, status in (("users/bench/../b c.txt", 204), ("users/other/x", 403)):
            sent = requests.post(
                given["data"]["url"], data=fields | {"key": key}, files={"file": b"abc"}, timeout=30
            )
            assert sent.status_code == status, sent.text
        stored = endpoint.s3().list_objects_v2(Bucket=endpoint.bucket)["Contents"]
        assert [entry["Key"] for entry in stored] == ["users/bench/../b c.txt"]


def test_one_key_per_user_keeps_the_last_upload(tmp_path):
    with Endpoint(tmp_path, "--key-policy", "per-user") as endpoint:
        names = {
            endpoint.api().get(endpoint.gateway + "/signed-url", params={"filename": "a.JPG"},
                               timeout=30).json()["id"]
            for _ in range(2)
        }  # fmt: skip
        assert names == {"users/bench/upload.jpg"}


def test_a_multipart_upload_signed_by_the_api(endpoint):
    parts = [bytes([7]) * 5_242_880, b"the last one"]
    body = {"filename": "a.bin", "contentType": "application/octet-stream",
            "size": sum(map(len, parts)), "partBytes": 5_242_880, "accelerate": True}  # fmt: skip
    answer = endpoint.api().post(endpoint.gateway + "/signed-multipart", json=body, timeout=30)
    assert answer.status_code == 200, answer.text
    signed = answer.json()["data"]
    assert len(signed["parts"]) == 2
    xml = "<CompleteMultipartUpload>"
    for number, (url, part) in enumerate(zip(signed["parts"], parts), 1):
        etag = requests.put(url, data=part, timeout=60).headers["ETag"]
        xml += f"<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>"
    done = requests.post(signed["complete"], data=xml + "</CompleteMultipartUpload>", timeout=60)
    assert done.status_code == 200, done.text
    stored = endpoint.s3().get_object(Bucket=endpoint.bucket, Key=answer.json()["id"])
    assert stored["Body"].read() == b"".join(parts)


@pytest.mark.parametrize(
    "change", ({"partBytes": 5_242_879}, {"size": -1}, {"size": 60_000_000_000_000}, {"size": "1"})
)
def test_a_multipart_upload_that_s3_would_refuse(endpoint, change):
    body = {"filename": "a", "contentType": "a/b", "size": 10, "partBytes": 5_242_880} | change
    answer = endpoint.api().post(endpoint.gateway + "/signed-multipart", json=body, timeout=30)
    assert answer.status_code == 400, answer.text


def put_at_once(endpoint, count: int) -> list:
    """Puts objects over as many connections, and gives each outcome with its duration."""
    outcomes = []
    s3 = endpoint.s3()
    urls = [
        s3.generate_presigned_url("put_object", {"Bucket": endpoint.bucket, "Key": f"queue/{index}"})
        for index in range(count)
    ]

    def put(index: int):
        began = time.monotonic()
        answer = requests.put(urls[index], data=b"x", timeout=30)
        outcomes.append((answer, time.monotonic() - began))

    threads = [threading.Thread(target=put, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def test_one_server_takes_uploads_in_turn(tmp_path):
    with Endpoint(tmp_path, "--service-time", "store=200ms/1") as endpoint:
        outcomes = put_at_once(endpoint, 4)
        assert all(answer.status_code == 200 for answer, _ in outcomes)
        times = sorted(seconds for _, seconds in outcomes)
        for turn, seconds in enumerate(times, start=1):
            # Those that came a little later have waited that much less.
            assert seconds >= 0.2 * turn - 0.15


def test_two_servers_take_two_at_a_time(tmp_path):
    with Endpoint(tmp_path, "--service-time", "store=400ms/2") as endpoint:
        times = sorted(seconds for _, seconds in put_at_once(endpoint, 4))
        assert times[0] >= 0.4
        assert times[3] >= 0.65
        assert times[3] < 1.6  # One server would take 1.6 s for all four.


def test_the_store_throttles_as_s3_does(tmp_path):
    with Endpoint(tmp_path, "--store-throttle", "0.01/s", "--store-burst", "2") as endpoint:
        answers = [answer for answer, _ in put_at_once(endpoint, 3)]
        assert sorted(answer.status_code for answer in answers) == [200, 200, 503]
        refused = next(answer for answer in answers if answer.status_code == 503)
        assert "<Code>SlowDown</Code>" in refused.text
        assert "<Message>Please reduce your request rate.</Message>" in refused.text
