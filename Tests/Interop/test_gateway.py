"""The gateway's API by plain HTTP, and what it refuses."""

import os
import uuid

import pytest
import requests
from botocore.exceptions import ClientError

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + os.urandom(5000)
SAMPLES = {
    "image/jpeg": JPEG,
    "image/png": b"\x89PNG\r\n\x1a\n" + os.urandom(100),
    "image/gif": b"GIF89a" + os.urandom(100),
    "image/webp": b"RIFF\x10\x00\x00\x00WEBPVP8 " + os.urandom(100),
    "application/pdf": b"%PDF-1.7\n" + os.urandom(100),
    "video/mp4": b"\x00\x00\x00\x18ftypisom" + os.urandom(100),
    "application/zip": b"PK\x03\x04" + os.urandom(100),
}


@pytest.fixture(scope="module")
def api(endpoint):
    return endpoint.api()


def permission(api, endpoint, path="/signed-url", content_type="image/jpeg", name="me.jpg"):
    answer = api.get(
        endpoint.gateway + path, params={"contentType": content_type, "filename": name}, timeout=30
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


def put(api, endpoint, body, content_type):
    """The key of an object that came by PUT."""
    given = permission(api, endpoint, content_type=content_type)
    headers = {"Content-Type": content_type}
    sent = requests.put(given["data"]["url"], data=body, headers=headers, timeout=30)
    assert sent.status_code == 200, sent.text
    return given["id"]


def review(api, endpoint, key, bucket=None):
    body = {"bucket": bucket or endpoint.bucket, "key": key}
    return api.post(endpoint.gateway + "/reviews", json=body, timeout=30)


@pytest.mark.parametrize("content_type", SAMPLES)
def test_a_put_file_of_its_type_is_reviewed(api, endpoint, content_type):
    body = SAMPLES[content_type]
    key = put(api, endpoint, body, content_type)
    answer = review(api, endpoint, key)
    assert answer.status_code == 201, answer.text
    assert answer.json()["reviewId"]
    assert answer.json()["contentType"] == content_type
    assert answer.json()["size"] == len(body)
    assert endpoint.stored(key) == body


def test_a_posted_file_is_reviewed(api, endpoint):
    given = permission(api, endpoint, "/signed-post")
    form = given["data"]
    sent = requests.post(
        form["url"], data=form["fields"], files={"file": ("me.jpg", JPEG)}, timeout=30
    )
    assert sent.status_code == 204, sent.text
    answer = review(api, endpoint, given["id"])
    assert (answer.status_code, answer.json()["contentType"]) == (201, "image/jpeg")
    assert endpoint.stored(given["id"]) == JPEG


@pytest.mark.parametrize("content_type", SAMPLES)
def test_a_file_that_is_not_what_it_says_is_refused_and_deleted(api, endpoint, content_type):
    key = put(api, endpoint, b"<script>alert(1)</script>" * 10, content_type)
    answer = review(api, endpoint, key)
    assert 400 <= answer.status_code < 500
    assert answer.json()["message"]
    with pytest.raises(ClientError):
        endpoint.stored(key)


def test_keys_are_of_the_user_and_new_each_time(api, endpoint):
    keys = {permission(api, endpoint, name="My Photo.JPG")["id"] for _ in range(5)}
    assert len(keys) == 5
    owners = set()
    for key in keys:
        users, owner, name = key.split("/")
        owners.add((users, owner))
        stem, dot, extension = name.partition(".")
        assert (str(uuid.UUID(stem)), dot, extension) == (stem, ".", "jpg")
    assert len(owners) == 1
    assert owners.pop()[0] == "users"


@pytest.mark.parametrize("name", ["../../etc/passwd", "a.exe/../b", "x.j p g", "x." + "y" * 300, ""])
def test_a_hostile_file_name_leaves_no_trace_in_the_key(api, endpoint, name):
    key = permission(api, endpoint, name=name)["id"]
    assert key.count("/") == 2
    assert ".." not in key and " " not in key
    assert len(key) < 100


def test_another_users_object_cannot_be_reviewed(api, endpoint, s3):
    key = f"users/somebody-else/{uuid.uuid4()}.jpg"
    s3.put_object(Bucket=endpoint.bucket, Key=key, Body=JPEG, ContentType="image/jpeg")
    assert review(api, endpoint, key).status_code in (403, 404)
    assert endpoint.stored(key) == JPEG, "it is not the asker's to delete"


def test_an_object_that_never_came_cannot_be_reviewed(api, endpoint):
    key = permission(api, endpoint)["id"]
    assert review(api, endpoint, key).status_code == 404


def test_another_bucket_cannot_be_reviewed(api, endpoint):
    key = put(api, endpoint, JPEG, "image/jpeg")
    assert 400 <= review(api, endpoint, key, bucket="another-bucket").status_code < 500


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"key": 1}', b'{"bucket": "b"}', b"\xff\xfe"])
def test_a_review_of_nonsense_is_refused(api, endpoint, body):
    answer = api.post(endpoint.gateway + "/reviews", data=body, timeout=30)
    assert answer.status_code == 400
    assert answer.json()["message"]


@pytest.mark.parametrize("path", ["/signed-url", "/signed-post"])
@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic eDp5"}]
)
def test_without_the_token_nothing_is_signed(endpoint, path, headers):
    answer = requests.get(endpoint.gateway + path, headers=headers, timeout=30)
    assert answer.status_code == 401
    assert answer.json() == {"message": "Unauthorized"}
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("path, method", [("/signed-url", "GET"), ("/reviews", "POST")])
def test_a_browsers_preflight_needs_no_token(endpoint, path, method):
    answer = requests.options(
        endpoint.gateway + path,
        headers={
            "Origin": "https://app.example",
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": "authorization,content-type",
        },
        timeout=30,
    )
    assert answer.status_code in (200, 204)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert method in answer.headers["Access-Control-Allow-Methods"]
    allowed = answer.headers["Access-Control-Allow-Headers"].lower()
    assert "authorization" in allowed and "content-type" in allowed


def test_a_path_that_is_not_there_is_said_so(api, endpoint):
    answer = api.get(endpoint.gateway + "/no-such-path", timeout=30)
    assert answer.status_code in (403, 404)
    assert answer.json()["message"]


def test_a_signed_url_holds_for_its_content_type_only(api, endpoint):
    given = permission(api, endpoint, content_type="image/jpeg")
    headers = {"Content-Type": "text/html"}
    sent = requests.put(given["data"]["url"], data=JPEG, headers=headers, timeout=30)
    assert sent.status_code == 403
