"""`uploadbench lambda` on an emulated Runtime API: what the API behind a socket answers, by events."""

import base64
import json
import re
import socket
import threading
import time
import uuid

import pytest
import requests

import lambda_runtime
import program
from endpoint import Endpoint
from lambda_runtime import Function

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + bytes(range(256)) * 8
KINDS = ["rest", "http", "function-url"]
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


@pytest.fixture(scope="module")
def secure(tmp_path_factory):
    """A store and a gateway with TLS, as AWS's have."""
    with Endpoint(tmp_path_factory.mktemp("secure"), "--tls") as running:
        yield running


@pytest.fixture(scope="module")
def function(secure, tmp_path_factory):
    with Function(tmp_path_factory.mktemp("lambda"), **lambda_runtime.settings(secure)) as running:
        yield running


def image(body: bytes, name="a.jpg", content_type="image/jpeg") -> bytes:
    image = base64.b64encode(body).decode()
    return json.dumps({"filename": name, "contentType": content_type, "image": image}).encode()


def document(**members) -> bytes:
    return json.dumps(members).encode()


BUCKET = "interop-bucket"
# Method, target, body, whether the token is sent.
REQUESTS = {
    "a permission to PUT": ("GET", "/signed-url?contentType=image%2Fjpeg&filename=me%20%26.JPG", None, True),
    "a permission to POST": ("GET", "/signed-post?contentType=image%2Fjpeg&maxBytes=100", None, True),
    "a permission with a type that is none": ("GET", "/signed-url?contentType=jpeg", None, True),
    "a permission of a repeated parameter": ("GET", "/signed-url?filename=a.gif&filename=b.png", None, True),
    "acceleration that is not there": ("POST", "/signed-multipart", document(size=1, partBytes=5242880, accelerate=False), True),
    "a multipart upload": ("POST", "/signed-multipart", document(filename="a.bin", contentType="application/zip", size=12_000_000, partBytes=5_242_880), True),
    "parts that are too small": ("POST", "/signed-multipart", document(size=10, partBytes=10), True),
    "an image": ("POST", "/images", image(JPEG), True),
    "an empty image": ("POST", "/images", image(b"", "a", "text/plain"), True),
    "an image that lies": ("POST", "/images", image(b"<script>"), True),
    "an image that is no Base64": ("POST", "/images", document(image="%%"), True),
    "an upload of bytes": ("PUT", "/uploads/a%20b%2Fc.jpg", JPEG, True),
    "an upload of text": ("PUT", "/uploads/a.txt", "grüße".encode(), True),
    "an upload of nothing": ("PUT", "/uploads/nothing.bin", b"", True),
    "an upload to another's key": ("PUT", "/uploads/users/other/a.jpg", JPEG, True),
    "a review of nothing": ("POST", "/reviews", document(bucket=BUCKET, key="users/bench/none.jpg"), True),
    "a review of another's": ("POST", "/reviews", document(bucket=BUCKET, key="users/other/a.jpg"), True),
    "a review that is no JSON": ("POST", "/reviews", b"{", True),
    "a review that is not UTF-8": ("POST", "/reviews", b"\xff\xfe", True),
    "a review that is too large": ("POST", "/reviews", b" " * 20_000, True),
    "no such route": ("GET", "/nothing-here", None, True),
    "no token": ("GET", "/signed-url", None, False),
    "a preflight": ("OPTIONS", "/reviews", None, False),
}  # fmt: skip


def fixed(value):
    """Without what differs from one answer to the next: names, times and signatures."""
    if isinstance(value, dict):
        secrets = ("policy", "x-amz-signature", "x-amz-date")
        return {name: "…" if name in secrets else fixed(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [fixed(inner) for inner in value]
    if not isinstance(value, str):
        return value
    value = UUID.sub("UUID", value)
    value = re.sub(r"(X-Amz-Signature|X-Amz-Date|uploadId)=[^&]*", r"\1=…", value)
    return re.sub(r"^[0-9A-Za-z]{24,}$", "…", value)


def test_an_image_of_a_name_that_was_used_is_answered_as_the_first(secure, function):
    headers = {"Authorization": f"Bearer {secure.token}", "Idempotency-Key": (name := str(uuid.uuid4()))}
    events = [lambda_runtime.event(kind, "POST", "/images", headers, image(JPEG)) for kind in KINDS]
    answers = [(status, json.loads(answer)) for status, _, answer in map(function.call, events)]
    assert answers[0][0] == 201 and name in answers[0][1]["id"]
    assert answers[1:] == [answers[0]] * 2


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", REQUESTS)
def test_an_event_is_answered_as_the_request_would_be(secure, function, kind, name):
    method, target, body, has_token = REQUESTS[name]
    headers = {"Content-Type": "image/jpeg" if body == JPEG else "application/json"}
    if has_token:
        headers["Authorization"] = f"Bearer {secure.token}"
    expected = requests.request(
        method, secure.gateway + target, headers=headers, data=body,
        verify=secure.ready["ca_file"], timeout=30,
    )  # fmt: skip
    status, fields, answer = function.call(
        lambda_runtime.event(kind, method, target, headers, body)
    )
    assert status == expected.status_code
    passed_over = ("date", "content-length", "connection")
    there = {name.lower(): value for name, value in expected.headers.items()}
    assert {k: v for k, v in there.items() if k not in passed_over} == {
        k: v for k, v in fields.items() if k not in passed_over
    }
    if expected.content:
        assert fixed(json.loads(answer)) == fixed(expected.json())
    else:
        assert answer == b""


@pytest.mark.parametrize("kind", KINDS)
def test_a_permission_of_the_function_is_good_at_the_store(secure, function, kind):
    token = {"Authorization": f"Bearer {secure.token}"}
    ask = lambda_runtime.event(kind, "GET", "/signed-url?contentType=image/jpeg&filename=a.jpg", token)
    given = json.loads(function.call(ask)[2])
    sent = requests.put(
        given["data"]["url"], data=JPEG, headers={"Content-Type": "image/jpeg"},
        verify=secure.ready["ca_file"], timeout=30,
    )  # fmt: skip
    assert sent.status_code == 200, sent.text
    body = document(bucket=secure.bucket, key=given["id"])
    # As function URLs send what is not declared as text.
    review = lambda_runtime.event(kind, "POST", "/reviews", token, body, as_base64=True)
    status, _, answer = function.call(review)
    assert (status, json.loads(answer)["size"]) == (201, len(JPEG))


def test_a_stage_is_no_part_of_the_route(secure, function):
    event = lambda_runtime.event("http", "GET", "/signed-url", {"Authorization": f"Bearer {secure.token}"})
    event["requestContext"]["stage"] = "beta"
    event["rawPath"] = event["requestContext"]["http"]["path"] = "/beta/signed-url"
    assert function.call(event)[0] == 200


def authorizer_events(token: str):
    rest = lambda_runtime.shape("authorizer-request")
    rest["headers"]["authorization"] = token
    rest["multiValueHeaders"]["authorization"] = [token]
    bearer = lambda_runtime.shape("authorizer-token") | {"authorizationToken": token}
    http = lambda_runtime.shape("authorizer-http") | {"identitySource": [token]}
    http["headers"]["authorization"] = token
    return [rest, bearer, http]


@pytest.mark.parametrize("index", range(3))
def test_the_authorizer_names_the_tokens_user(secure, function, index):
    event = authorizer_events(f"Bearer {secure.token}")[index]
    kind, _, answer = function.api.invoke(event)
    assert kind == "response"
    assert answer["principalId"] == "bench"
    (statement,) = answer["policyDocument"]["Statement"]
    stage = "/".join((event.get("methodArn") or event["routeArn"]).split("/")[:2])
    assert statement == {
        "Action": "execute-api:Invoke", "Effect": "Allow", "Resource": stage + "/*",
    }  # fmt: skip


@pytest.mark.parametrize("index", range(3))
@pytest.mark.parametrize("token", ["Bearer wrong", "Basic eDp5", ""])
def test_the_authorizer_refuses_as_api_gateway_wants_it(function, index, token):
    kind, headers, answer = function.api.invoke(authorizer_events(token)[index])
    # The only message for which clients get a 401.
    assert (kind, answer["errorMessage"]) == ("error", "Unauthorized")
    assert headers["Lambda-Runtime-Function-Error-Type"] == "Unauthorized"


MALFORMED = json.loads((lambda_runtime.EVENTS / "malformed.json").read_text())


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_event_is_an_error_and_the_next_one_is_answered(secure, function, name):
    kind, headers, answer = function.api.invoke(MALFORMED[name])
    assert kind == "error"
    assert answer["errorType"] == headers["Lambda-Runtime-Function-Error-Type"]
    assert answer["errorType"] in ("Uploadbench.MalformedEvent", "Uploadbench.UnknownEvent")
    assert answer["errorMessage"]
    token = {"Authorization": f"Bearer {secure.token}"}
    assert function.call(lambda_runtime.event("http", "GET", "/signed-url", token))[0] == 200


def test_an_answer_over_lambdas_limit_is_refused_with_what_to_do(secure, tmp_path):
    body = document(size=5_242_880 * 500, partBytes=5_242_880, filename="a")
    token = {"Authorization": f"Bearer {secure.token}"}
    event = lambda_runtime.event("http", "POST", "/signed-multipart", token, body)
    answer = b"<UploadId>%s</UploadId>" % (b"u" * 14_000)

    def serve(connection):
        request_head(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(answer), answer))

    with Store(serve) as store:
        settings = lambda_runtime.settings(secure, AWS_ENDPOINT_URL_S3=store.url)
        with Function(tmp_path, **settings) as function:
            status, _, answered = function.call(event)
    assert status == 400
    assert "6291556 bytes: use a larger partBytes" in json.loads(answered)["message"]


# What goes wrong behind it


@pytest.fixture
def broken(secure, tmp_path):
    """A function with other settings than it needs."""
    running = []

    def start(**others):
        made = Function(tmp_path, **(lambda_runtime.settings(secure) | others))
        running.append(made)
        return made.__enter__()

    yield start
    for made in running:
        made.__exit__()


def ask_image(secure):
    token = {"Authorization": f"Bearer {secure.token}"}
    return lambda_runtime.event("http", "POST", "/images", token, image(JPEG))


def test_a_store_that_is_not_there_is_a_502_and_logged(secure, broken):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        function = broken(AWS_ENDPOINT_URL_S3=f"https://127.0.0.1:{closed.getsockname()[1]}")
        status, _, answer = function.call(ask_image(secure))
    assert (status, json.loads(answer)) == (502, {"message": "Internal server error"})
    assert "refused" in function.log


def test_a_store_with_another_certificate_is_not_talked_to(secure, broken):
    function = broken(AWS_CA_BUNDLE="/etc/ssl/certs/ca-certificates.crt")
    assert function.call(ask_image(secure))[0] == 502
    assert "TLS failed" in function.log
    assert secure.token not in function.log and secure.secret_key not in function.log


def test_a_role_without_rights_is_a_502_and_the_log_has_s3s_own_word(secure, broken):
    function = broken(AWS_SECRET_ACCESS_KEY="wrong")
    assert function.call(ask_image(secure))[0] == 502
    assert "403 SignatureDoesNotMatch" in function.log


class Store:
    """Takes connections and does with each what it is told."""

    def __init__(self, serve):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.connections = []
        self.serve = serve

    def __enter__(self):
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections.append(connection)
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def __exit__(self, *_):
        self.listener.close()
        for connection in self.connections:
            connection.close()


def test_a_silent_store_is_a_504_before_the_deadline_and_the_next_event_is_answered(secure, broken):
    with Store(lambda connection: connection.recv(1)) as store:
        function = broken(AWS_ENDPOINT_URL_S3=store.url)
        began = time.monotonic()
        status, _, answer = function.call(ask_image(secure), time_ms=1_000)
        assert time.monotonic() - began < 1
        assert (status, json.loads(answer)) == (504, {"message": "Endpoint request timed out"})
        token = {"Authorization": f"Bearer {secure.token}"}
        assert function.call(lambda_runtime.event("rest", "GET", "/signed-url", token))[0] == 200
    assert "deadline" in function.log


def request_head(connection) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head:
        piece = connection.recv(65536)
        if not piece:
            return b""
        head += piece
    return head


def test_connections_are_kept_the_trace_is_sent_on_and_a_closed_one_is_replaced(secure, broken):
    heads = []

    def serve(connection):
        # Two answers on a connection, then it is closed as idle ones are.
        for _ in range(2):
            head = request_head(connection)
            if not head:
                return
            heads.append(head)
            connection.sendall(
                b"HTTP/1.1 206 OK\r\nContent-Type: image/jpeg\r\n"
                b"Content-Range: bytes 0-2/9\r\nContent-Length: 3\r\n\r\n\xff\xd8\xff"
            )
        connection.shutdown(socket.SHUT_RDWR)

    token = {"Authorization": f"Bearer {secure.token}"}
    body = document(bucket=secure.bucket, key="users/bench/a.jpg")
    with Store(serve) as store:
        function = broken(AWS_ENDPOINT_URL_S3=store.url)
        for _ in range(5):
            event = lambda_runtime.event("http", "POST", "/reviews", token, body)
            assert function.call(event)[0] == 201
        assert len(heads) == 5
        assert len(store.connections) == 3
    assert all(f"X-Amzn-Trace-Id: {lambda_runtime.TRACE}".encode() in head for head in heads)
    assert all(b"Authorization: AWS4-HMAC-SHA256 Credential=" in head for head in heads)


# Its start and its end


@pytest.mark.parametrize(
    "name, value",
    [
        ("UPLOADBENCH_BUCKET", ""), ("UPLOADBENCH_BUCKET", "a/b"), ("UPLOADBENCH_USER", "../x"),
        ("UPLOADBENCH_TOKEN_SHA256", "abc"), ("UPLOADBENCH_EXPIRES", "0"), ("AWS_REGION", ""),
        ("UPLOADBENCH_ALLOWED_ORIGIN", "a\r\nb"), ("AWS_SECRET_ACCESS_KEY", ""),
        ("AWS_ENDPOINT_URL_S3", "ftp://x"),
    ],
)  # fmt: skip
def test_a_bad_setting_is_an_init_error(secure, broken, name, value):
    function = broken(**{name: value})
    path, headers, body = function.api.posts.get(timeout=30)
    assert path == "/init/error"
    answer = json.loads(body)
    assert answer["errorType"] == headers["Lambda-Runtime-Function-Error-Type"]
    assert answer["errorMessage"]
    assert function.process.wait(10) == 1
    assert answer["errorMessage"] in function.log


def test_an_answer_that_lambda_does_not_take_is_logged_and_the_next_event_answered(secure, broken):
    function = broken()
    function.api.statuses = [413]
    event = lambda_runtime.event("http", "GET", "/nothing-here")
    assert function.call(event)[0] == function.call(event)[0] == 404
    assert "the Runtime API answered 413" in function.log


def test_it_ends_when_lambda_says_that_it_cannot_go_on(broken):
    function = broken()
    function.api.events.put(None)
    assert function.process.wait(10) == 69
    assert "the Runtime API answered 500" in function.log


def test_outside_lambda_it_says_what_to_type():
    done = program.run("lambda")
    assert done.code == 64
    assert "AWS_LAMBDA_RUNTIME_API" in done.err and "uploadbench serve" in done.err


@pytest.mark.parametrize("kind", KINDS)
def test_answers_are_for_the_configured_origin(secure, broken, kind):
    function = broken(UPLOADBENCH_ALLOWED_ORIGIN="https://app.example")
    status, fields, _ = function.call(lambda_runtime.event(kind, "GET", "/signed-url"))
    assert status == 401
    assert fields["access-control-allow-origin"] == "https://app.example"
    assert fields["vary"] == "Origin"


def test_urls_name_awss_own_hosts_and_carry_the_roles_session(secure, broken):
    function = broken(
        AWS_ENDPOINT_URL_S3="", AWS_SESSION_TOKEN="a session/token+", UPLOADBENCH_ACCELERATION="Enabled"
    )
    token = {"Authorization": f"Bearer {secure.token}"}
    for query, host in [
        ("", "interop-bucket.s3.eu-central-1.amazonaws.com"),
        ("?accelerate=true", "interop-bucket.s3-accelerate.amazonaws.com"),
    ]:
        event = lambda_runtime.event("function-url", "GET", "/signed-url" + query, token)
        url = json.loads(function.call(event)[2])["data"]["url"]
        assert url.startswith(f"https://{host}/users/bench/")
        assert "X-Amz-Security-Token=a%20session%2Ftoken%2B&" in url
