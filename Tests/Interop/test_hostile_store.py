"""What the store, its folder, its log and its start are given by those who mean harm, or are careless."""

import base64
import json
import os
import select
import signal
import socket
import subprocess
import threading
import time
from urllib.parse import urlsplit

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

import program
from attacks import bodies, forms, signing, wire
from endpoint import STOP_LIMIT_S, Endpoint

HOST = "127.0.0.1"
# What anybody else may have to wait while the store is busy with one request; the test's build is slow.
WAIT_LIMIT_S = 5


def seconds_of_another(endpoint, request: bytes) -> float:
    """How long somebody else waits who comes just after the request."""
    attack = threading.Thread(target=lambda: wire.exchange(endpoint.store, request))
    attack.start()
    time.sleep(0.1)
    began = time.monotonic()
    wire.exchange(endpoint.store, f"GET /{endpoint.bucket}/x HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
    waited = time.monotonic() - began
    attack.join()
    return waited


def test_a_preflight_of_many_names_holds_nobody_up(endpoint):
    patterns = "<AllowedHeader>a*a</AllowedHeader>" * 1_800 + "<AllowedHeader>ab</AllowedHeader>"
    rule = f"<CORSRule>{patterns}<AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule>"
    rules = f"<CORSConfiguration>{rule}</CORSConfiguration>".encode()
    bucket = "hostile-rules"
    s3 = endpoint.s3()
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": endpoint.region})
    target = signing.Signer(endpoint).presign("PUT", f"/{bucket}", HOST, query=[("cors", "")])
    put = f"PUT {target} HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {len(rules)}\r\n\r\n".encode()
    assert [answer.status for answer in wire.exchange(endpoint.store, put + rules)] == [200]
    for count in (200, 4_000):
        preflight = (
            f"OPTIONS /{bucket}/x HTTP/1.1\r\nHost: {HOST}\r\nOrigin: http://a\r\nAccess-Control-Request-Method: GET\r\n"
            f"Access-Control-Request-Headers: {'ab,' * count}zz\r\n\r\n"
        )
        assert seconds_of_another(endpoint, preflight.encode()) < WAIT_LIMIT_S
    s3.delete_bucket(Bucket=bucket)


@pytest.mark.parametrize("item", (b"<![CDATA[]]>", b"<!---->", b"a<!---->", b"<a/>"))
def test_a_document_of_markup_holds_nobody_up(endpoint, key, item):
    upload = endpoint.s3().create_multipart_upload(Bucket=endpoint.bucket, Key=key)["UploadId"]
    start, end = b"<CompleteMultipartUpload><Part><ETag>", b"</ETag></Part></CompleteMultipartUpload>"
    body = start + item * ((4_000_000 - len(start + end)) // len(item)) + end
    request = bodies.signed(endpoint, "POST", [("uploadId", upload)], body, (), key)
    assert seconds_of_another(endpoint, request) < WAIT_LIMIT_S
    assert wire.exchange(endpoint.store, request)[0].code == "MalformedXML"


def test_a_pipe_in_place_of_a_file_holds_nobody_up(tmp_path):
    folder = tmp_path / "objects"
    with Endpoint(tmp_path, "--store", f"dir:{folder}") as endpoint:
        s3 = endpoint.s3()
        s3.put_object(Bucket=endpoint.bucket, Key="k", Body=b"x" * 100_000)
        [file] = folder.iterdir()
        file.unlink()
        os.mkfifo(file)
        target = signing.Signer(endpoint).presign("GET", f"/{endpoint.bucket}/k", HOST)
        answer = wire.exchange(endpoint.store, f"GET {target} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())[0]
        assert (answer.status, answer.code) == (500, "InternalError")
        endpoint.process.send_signal(signal.SIGTERM)
        assert endpoint.process.wait(STOP_LIMIT_S) == 0


@pytest.mark.parametrize("make", (lambda path: path.write_text(""), os.mkfifo))
def test_a_store_that_is_no_folder_is_refused_at_start(tmp_path, make):
    make(tmp_path / "odd")
    done = program.run("serve", "--until-stdin-closes", "--store", f"dir:{tmp_path}/odd")
    assert done.code == 64
    assert "is not a directory" in done.err and len(done.err.splitlines()) == 1


@pytest.mark.parametrize("name", ("policy", "x-amz-signature", "x-amz-date", "x-amz-credential"))
def test_a_repeated_field_of_the_signature_is_not_passed_over(endpoint, key, name):
    form = forms.Form(endpoint, [["eq", "$key", key]])
    given = dict(form.fields())
    more = {"policy": base64.b64encode(b"{}").decode(), "x-amz-signature": "0" * 64}.get(name, given[name])
    good = form.body([("key", key)])
    twice = good.replace(forms.file_part(), forms.part(name, more) + forms.file_part())
    [answer] = wire.exchange(endpoint.store, forms.post(endpoint, twice))
    assert (answer.status, answer.code) in ((403, "SignatureDoesNotMatch"), (403, "AccessDenied"), (400, "InvalidArgument"))
    assert key not in endpoint.keys()
    assert [each.status for each in wire.exchange(endpoint.store, forms.post(endpoint, good))] == [204]


@pytest.mark.parametrize("url", ("http://a/\r\nset-cookie: b", "http://a/ b", "http://a/\x00", "http://a/\x7f"))
def test_a_redirect_that_is_no_url_is_ignored(endpoint, key, url):
    form = forms.Form(endpoint, [["eq", "$key", key], ["starts-with", "$success_action_redirect", ""]])
    body = form.body([("key", key), ("success_action_redirect", url)])
    [answer] = wire.exchange(endpoint.store, forms.post(endpoint, body))
    assert answer.status == 204
    assert answer.field("Location").endswith(signing.encode(key)) and answer.field("set-cookie") is None


@pytest.mark.parametrize("path", ("%ff", "a%C0%AF", "%ED%A0%80", "../../../x"))
def test_a_key_that_is_none_is_refused_by_the_gateway_too(endpoint, path):
    request = (
        f"PUT /uploads/{path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {endpoint.token}\r\n"
        "Content-Length: 1\r\n\r\nx"
    )
    assert [answer.status for answer in wire.exchange(endpoint.gateway, request.encode())] == [400]
    endpoint.keys()


@pytest.mark.parametrize("role", ("gateway", "edge"))
@pytest.mark.parametrize("tokens", (("{}", "x"), ("x", "{}"), ("{}", "{}")))
def test_two_tokens_are_none(endpoint, role, tokens):
    fields = "".join(f"Authorization: Bearer {token.format(endpoint.token)}\r\n" for token in tokens)
    request = f"PUT /uploads/a HTTP/1.1\r\nHost: a\r\n{fields}Content-Length: 0\r\n\r\n"
    assert [answer.status for answer in wire.exchange(endpoint.ready[role], request.encode())] == [401]


def test_a_host_adds_no_directive_to_the_pages_policy(tmp_path):
    with Endpoint(tmp_path, "--host", "0.0.0.0", "--open") as endpoint:
        gateway = f"http://{HOST}:{urlsplit(endpoint.gateway).port}"

        def policy(host: str) -> str:
            [answer] = wire.exchange(gateway, f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            return answer.field("Content-Security-Policy")

        good = policy("a.example")
        assert "http://a.example:" in good
        for host in ("a;script-src", "a,b", "a'x"):
            assert policy(host).count(";") == good.count(";")
            assert host not in policy(host)


GOOD = {"access_key": "AKIA", "secret_key": "s"}


@pytest.mark.parametrize("entries", (
    [{"access_key": "", "secret_key": ""}], [{"access_key": "AKIA", "secret_key": ""}], [GOOD | {"session_token": ""}],
    [GOOD | {"access_key": "a/b"}], [GOOD | {"access_key": "a\nb"}], [GOOD | {"access_key": "a" * 129}],
    [GOOD, GOOD | {"secret_key": "other"}],
))  # fmt: skip
def test_credentials_that_cannot_be_used_are_refused_at_start(tmp_path, entries):
    """An empty secret is everybody's."""
    (tmp_path / "keys.json").write_text(json.dumps(entries))
    done = program.run("serve", "--until-stdin-closes", "--credentials", tmp_path / "keys.json")
    assert done.code == 64
    assert f"entry {len(entries)} of" in done.err and len(done.err.splitlines()) == 1


def few_descriptors(monkeypatch, count: int) -> None:
    monkeypatch.setattr(program, "start", lambda *words, **named: subprocess.Popen(
        ["prlimit", f"--nofile={count}:{count}", program.BINARY, *map(str, words)],
        env=program.clean_environment(), **named))  # fmt: skip


def test_idle_clients_of_other_roles_leave_descriptors_to_answer_with(tmp_path, monkeypatch):
    few_descriptors(monkeypatch, 400)
    held = []
    with Endpoint(tmp_path, "--store", f"dir:{tmp_path}/objects") as endpoint:
        put = signing.Signer(endpoint).presign("PUT", f"/{endpoint.bucket}/k", HOST)
        request = f"PUT {put} HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 1\r\n\r\nx".encode()

        def idle(role: str, count: int) -> None:
            for _ in range(count):
                held.append(socket.create_connection((HOST, urlsplit(endpoint.ready[role]).port), timeout=5))

        def statuses() -> list[int]:
            return [answer.status for answer in wire.exchange(endpoint.store, request)]

        idle("gateway", 200)
        # The roles' own connections to the store are among the 300.
        idle("edge", 60)
        assert statuses() == [200]
        idle("edge", 90)
        deadline = time.monotonic() + 10
        while len(select.select(held, [], [], 0.2)[0]) < 50 and time.monotonic() < deadline:
            pass
        deadline = time.monotonic() + 10
        while statuses() != [503] and time.monotonic() < deadline:
            time.sleep(0.05)
        assert statuses() == [503]
        for client in held:
            client.close()
        deadline = time.monotonic() + 10
        while statuses() != [200] and time.monotonic() < deadline:
            time.sleep(0.05)
        assert statuses() == [200]


def test_a_link_with_too_many_clients_keeps_descriptors_and_goes_on_when_they_leave(tmp_path, monkeypatch):
    """Each connection through it takes three: 100 find place in 400, some are told so, the rest waits."""
    few_descriptors(monkeypatch, 400)
    with Endpoint(tmp_path, "--link", "metro") as endpoint:
        held = [socket.create_connection((HOST, urlsplit(endpoint.store).port), timeout=5) for _ in range(200)]
        assert select.select(held, [], [], 10)[0], "nobody is told that there is no place"
        assert len(os.listdir(f"/proc/{endpoint.process.pid}/fd")) < 400
        for client in held:
            client.close()
        put = signing.Signer(endpoint).presign("PUT", f"/{endpoint.bucket}/k", HOST)
        request = f"PUT {put} HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 1\r\n\r\nx".encode()
        deadline = time.monotonic() + 10
        while [answer.status for answer in wire.exchange(endpoint.store, request)] != [200]:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_a_log_that_nobody_reads_holds_nobody_up(tmp_path):
    os.mkfifo(tmp_path / "log")
    reader = os.open(tmp_path / "log", os.O_RDONLY | os.O_NONBLOCK)
    with Endpoint(tmp_path, "--log", str(tmp_path / "log")) as endpoint:
        request = f"GET /{endpoint.bucket}/{'k' * 1000} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()
        for _ in range(120):
            assert [answer.status for answer in wire.exchange(endpoint.store, request)] == [403]
        # What was written before and after is whole.
        text = b""
        while len(piece := os.read(reader, 65_536)) == 65_536:
            text += piece
        wire.exchange(endpoint.store, request)
        lines = (text + piece + os.read(reader, 65_536)).decode().split("\n")
        broken = [line for line in lines if line and not line.endswith("}")]
        assert len(broken) <= 1
        assert json.loads(lines[-2])["status"] == 403
        endpoint.process.send_signal(signal.SIGTERM)
        assert endpoint.process.wait(STOP_LIMIT_S) == 0
    os.close(reader)


@pytest.mark.parametrize("fields", (
    ("good", "Bearer x"), ("Bearer x", "good"), ("good", "good"),
))  # fmt: skip
def test_two_authorizations_of_the_store_are_none(endpoint, key, fields):
    request = AWSRequest("PUT", f"{endpoint.path_style_url}/{signing.encode(key, '/-._~')}", data=b"x")
    S3SigV4Auth(Credentials(endpoint.access_key, endpoint.secret_key), "s3", endpoint.region).add_auth(request)
    good = request.headers["Authorization"]
    parts = urlsplit(request.url)

    def put(values) -> list[int]:
        rest = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items() if name != "Authorization")
        lines = "".join(f"Authorization: {good if value == 'good' else value}\r\n" for value in values)
        head = f"PUT {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n{rest}{lines}Content-Length: 1\r\n\r\nx"
        return [answer.status for answer in wire.exchange(endpoint.store, head.encode())]

    assert put(fields) == [403]
    assert key not in endpoint.keys()
    assert put(("good",)) == [200]
