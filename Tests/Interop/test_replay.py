"""Requests made for AWS's hosts, replayed on a stopped clock: `serve --clock` answers as S3 does.

The cases are those of Tests/PresignTests/Fixtures. Held to are those that were recorded on S3 or follow
from its documented rules; what others only guess is left out.
"""

import base64
import datetime
import json
import re
import socket
import xml.etree.ElementTree as ET
from http.client import HTTPResponse
from urllib.parse import urlsplit

import botocore.auth
import pytest

import program
from endpoint import Endpoint

ANSWER_LIMIT_S = 20
# boto3's HTTP library resolves dot segments, which are a part of the key.
ODD_PATH = re.compile(r"(^|/)\.\.?(/|$)|^/")


def cases(name: str) -> list[dict]:
    every = json.loads((program.VECTORS / f"{name}.json").read_text())["cases"]
    return [c for c in every if c.get("confidence", "confirmed").startswith(("confirmed", "derived"))]


def by_id(name: str):
    found = cases(name)
    names = [f"{case.get('kind', 'form')} {case['id']}" for case in found]
    return pytest.mark.parametrize("case", found, ids=names)


def replay_store(folder, keys: dict[str, dict], clock: str, bucket: str, region: str) -> Endpoint:
    keys = keys or {"AKIASOMEBODYELSE": {"secret_key": "s" * 40, "session_token": None}}
    pairs = [{"access_key": key, **secrets} for key, secrets in keys.items()]
    (folder / "keys.json").write_text(json.dumps(pairs))
    flags = ("--clock", clock, "--credentials", str(folder / "keys.json"))
    return Endpoint(folder, *flags, bucket=bucket, region=region)


def store_of(case: dict, folder) -> Endpoint:
    server = case["server"]
    keys = server["known_keys"]
    return replay_store(folder, keys, case["server_time"], server["bucket"], server["region"])


class Answer:
    """What came back over one connection for bytes that no client library has touched."""

    def __init__(self, store: Endpoint, method: str, target: str, headers: list, body: bytes):
        head = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers)]
        with socket.create_connection(("127.0.0.1", store.port), ANSWER_LIMIT_S) as connection:
            connection.sendall("\r\n".join(head).encode() + b"\r\n\r\n" + body)
            answer = HTTPResponse(connection, method=method)
            answer.begin()
            self.body = answer.read()
        self.status = answer.status
        self.headers = answer.headers
        is_error = self.status >= 400 and self.body
        self.error = {e.tag: e.text for e in ET.fromstring(self.body)} if is_error else {}


def check(answer: Answer, expected: dict):
    assert (answer.status, answer.error.get("Code")) == (expected["status"], expected["code"])
    if expected["code"]:
        assert answer.error["Message"] == expected["message"]
        for name, value in expected["extra_elements"].items():
            if not value.startswith("<"):  # "<...>" depends on the server.
                assert (answer.error.get(name) or "") == value, name


@by_id("presigned_negative")
def test_a_presigned_request_is_answered_as_s3_does(case, tmp_path):
    request = case["request"]
    headers = [["Host", request["host"]], *request["headers"]]
    if not any(name.lower() == "content-length" for name, _ in headers):
        headers.append(["Content-Length", "0"])
    target = f"{request['raw_path']}?{request['raw_query']}"
    with store_of(case, tmp_path) as store:
        # A refusal must not wait for the body, which is therefore not sent.
        check(Answer(store, request["method"], target, headers, b""), case["expected"])


def post(store: Endpoint, url: str, content_type: str, body: bytes) -> Answer:
    where = urlsplit(url)
    headers = [
        ["Host", where.netloc], ["Content-Type", content_type], ["Content-Length", len(body)],
    ]  # fmt: skip
    return Answer(store, "POST", where.path or "/", headers, body)


@by_id("post_policy_cases")
def test_a_form_is_answered_as_s3_does(case, tmp_path):
    request = case["request"]
    body = base64.b64decode(request["multipart_b64"])
    with store_of(case, tmp_path) as store:
        check(post(store, request["url"], request["content_type"], body), case["expected"])


@by_id("presigned_posts")
def test_a_form_of_boto3_is_stored(case, tmp_path, monkeypatch):
    inputs, form, expected = case["inputs"], case["form"], case["expected_result"]
    secrets = {name: inputs[name] for name in ("secret_key", "session_token")}
    stopped = datetime.datetime.fromisoformat(inputs["now"].replace("Z", "+00:00"))
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: stopped)
    with replay_store(
        tmp_path, {inputs["access_key"]: secrets}, inputs["now"], inputs["bucket"], inputs["region"]
    ) as store:
        content_type = f"multipart/form-data; boundary={form['boundary']}"
        body = base64.b64decode(form["multipart_b64"])
        answer = post(store, case["expected"]["url"], content_type, body)
        assert answer.status == expected["status"], answer.body
        s3 = store.s3(access_key=inputs["access_key"], **secrets)
        (stored,) = s3.list_objects_v2(Bucket=store.bucket)["Contents"]
        assert (stored["Key"], stored["ETag"]) == (expected["stored_key"], expected["etag"])
        if not ODD_PATH.search(stored["Key"]):
            got = s3.get_object(Bucket=store.bucket, Key=stored["Key"])
            assert got["ContentType"] == expected["stored_content_type"]
            assert got["Body"].read() == base64.b64decode(form["content_b64"])
