"""The gateway's API by plain HTTP, and what it refuses."""

import base64
import os
import threading
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


# --- Idempotency-Key


def image(body=JPEG, name="me.jpg", content_type="image/jpeg"):
    return {"filename": name, "contentType": content_type, "image": base64.b64encode(body).decode()}


def post(api, endpoint, path, name, body):
    return api.post(endpoint.gateway + path, json=body, headers={"Idempotency-Key": name}, timeout=30)


def owner(api, endpoint) -> str:
    return permission(api, endpoint)["id"].split("/")[1]


def test_a_named_image_is_stored_under_its_name_once(api, endpoint):
    name = str(uuid.uuid4())
    first = post(api, endpoint, "/images", name, image())
    assert first.status_code == 201, first.text
    key = f"users/{owner(api, endpoint)}/{name}.jpg"
    assert first.json()["id"] == key
    again = post(api, endpoint, "/images", name, image(b"\xff\xd8\xff" + b"another" * 10))
    assert (again.status_code, again.json()) == (201, first.json())
    assert endpoint.stored(key) == JPEG


def test_a_named_image_that_lies_is_gone_each_time(api, endpoint):
    name = str(uuid.uuid4())
    answers = [post(api, endpoint, "/images", name, image(b"<script>")) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [415, 415]
    assert post(api, endpoint, "/images", name, image()).status_code == 201


def test_many_requests_of_one_name_at_once_store_one_file(api, endpoint):
    name = str(uuid.uuid4())
    bodies = [b"\xff\xd8\xff" + bytes([number]) * 200_000 for number in range(8)]
    answers = []

    def send(body):
        headers = {"Authorization": api.headers["Authorization"], "Idempotency-Key": name}
        url = endpoint.gateway + "/images"
        answers.append(requests.post(url, json=image(body), headers=headers, timeout=30))

    threads = [threading.Thread(target=send, args=(body,)) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} <= {201, 409}
    stored = [answer.json() for answer in answers if answer.status_code == 201]
    assert stored and all(one == stored[0] for one in stored)
    assert endpoint.stored(stored[0]["id"]) in bodies


@pytest.mark.parametrize("path", ["/images", "/signed-multipart"])
@pytest.mark.parametrize(
    "name",
    ["x", "", "../../../etc/passwd", "F5725887-D62D-4C7D-9DE7-22A4A23D23D1", "37c4cd05-28cc-48fc-b6f4-e79f25bafe6b/x", "0" * 36, "*", "\u00e9" * 36],
)
def test_a_name_that_is_no_uuid_is_refused(api, endpoint, path, name):
    before = endpoint.keys()
    headers = {"Idempotency-Key": name.encode("latin-1")}
    answer = api.post(endpoint.gateway + path, json=image(), headers=headers, timeout=30)
    assert answer.status_code == 400
    assert "Idempotency-Key" in answer.json()["message"]
    assert endpoint.keys() == before


def multipart(api, endpoint, name):
    body = {"filename": "me.jpg", "contentType": "image/jpeg", "size": 5, "partBytes": 5242880}
    answer = post(api, endpoint, "/signed-multipart", name, body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def complete(given, body=b"12345", headers=None):
    sent = requests.put(given["data"]["parts"][0], data=body, timeout=30)
    assert sent.status_code == 200, sent.text
    etag = sent.headers["ETag"]
    xml = f"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{etag}</ETag></Part></CompleteMultipartUpload>"
    fields = given["data"]["completeHeaders"] if headers is None else headers
    return requests.post(given["data"]["complete"], data=xml, headers=fields, timeout=30)


def test_a_named_multipart_upload_never_writes_over_an_object(api, endpoint):
    name = str(uuid.uuid4())
    first, second = multipart(api, endpoint, name), multipart(api, endpoint, name)
    key = f"users/{owner(api, endpoint)}/{name}.jpg"
    assert first["id"] == second["id"] == key
    assert complete(first).status_code == 200
    refused = complete(second, b"other")
    assert refused.status_code == 412 and "PreconditionFailed" in refused.text
    # Nor without what was signed.
    refused = complete(second, b"other", headers={})
    assert refused.status_code == 403
    # Nor by permission for a name that is taken already.
    assert complete(multipart(api, endpoint, name), b"other").status_code == 412
    assert endpoint.stored(key) == b"12345"
    assert requests.delete(second["data"]["abort"], timeout=30).status_code == 204


def test_a_multipart_upload_without_a_name_is_completed_as_ever(api, endpoint):
    body = {"filename": "me.jpg", "contentType": "image/jpeg", "size": 5, "partBytes": 5242880}
    given = api.post(endpoint.gateway + "/signed-multipart", json=body, timeout=30).json()
    assert "completeHeaders" not in given["data"]
    assert complete(given, headers={}).status_code == 200
