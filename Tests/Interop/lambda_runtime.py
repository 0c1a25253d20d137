"""The Lambda Runtime API in one process, events for it, and the function that asks it."""

import base64
import copy
import hashlib
import json
import queue
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import program

EVENTS = Path(__file__).parent / "lambda_events"
BASE = "/2018-06-01/runtime"
ANSWER_LIMIT_S = 30
TRACE = "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1"


class RuntimeAPI:
    """Hands out events and keeps what the function posts: (path, headers, body)."""

    def __init__(self):
        self.events = queue.Queue()
        self.posts = queue.Queue()
        self.count = 0
        # Statuses for the posts to come; 202 when there are none.
        self.statuses = []
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Head and body are two writes, and the second would wait 40 ms for the first to be acknowledged.
            disable_nagle_algorithm = True

            def do_GET(self):
                event = api.events.get()
                if event is None:
                    return api.answer(self, 500, {}, b"{}")
                request_id, deadline_ms, body = event
                headers = {
                    "Lambda-Runtime-Aws-Request-Id": request_id,
                    "Lambda-Runtime-Deadline-Ms": str(deadline_ms),
                    "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-central-1:123456789012:function:f",
                    "Lambda-Runtime-Trace-Id": TRACE,
                }
                api.answer(self, 200, headers, body)

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = api.statuses.pop(0) if api.statuses else 202
                api.posts.put((self.path.removeprefix(BASE), self.headers, body))
                api.answer(self, status, {}, b'{"status": "OK"}')

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.address = f"127.0.0.1:{self.server.server_port}"

    @staticmethod
    def answer(handler, status, headers, body):
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.events.put(None)
        self.server.shutdown()
        self.server.server_close()

    def invoke(self, event, time_ms=29_000):
        """The post that ends one invocation: kind (response or error), headers, JSON."""
        self.count += 1
        request_id = f"8476a536-e9f4-11e8-9739-{self.count:012}"
        body = event.encode() if isinstance(event, str) else json.dumps(event).encode()
        self.events.put((request_id, int(time.time() * 1000) + time_ms, body))
        path, headers, answer = self.posts.get(timeout=ANSWER_LIMIT_S)
        _, invocation, answered_id, kind = path.split("/")
        assert (invocation, answered_id) == ("invocation", request_id)
        return kind, headers, json.loads(answer)


class Function:
    """`uploadbench lambda`, with an emulated Runtime API of its own."""

    def __init__(self, folder: Path, **settings: str):
        self.log_file = Path(folder) / "lambda.log"
        self.settings = settings
        self.api = RuntimeAPI()

    def __enter__(self):
        self.api.__enter__()
        with open(self.log_file, "wb") as log:
            environment = self.settings | {"AWS_LAMBDA_RUNTIME_API": self.api.address}
            self.process = program.start(
                "lambda", environment=environment, stdin=subprocess.DEVNULL, stderr=log
            )
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.api.__exit__()

    @property
    def log(self) -> str:
        return self.log_file.read_text(errors="replace")

    def call(self, event, time_ms=29_000):
        """Status, headers and body that API Gateway makes of the function's answer."""
        kind, _, answer = self.api.invoke(event, time_ms)
        assert kind == "response", answer
        fields = {name: value for name, value in (answer.get("headers") or {}).items()}
        for name, values in (answer.get("multiValueHeaders") or {}).items():
            fields[name] = ", ".join(values)
        body = answer["body"]
        body = base64.b64decode(body) if answer["isBase64Encoded"] else body.encode()
        return answer["statusCode"], fields, body


def settings(endpoint, **others: str) -> dict[str, str]:
    """What the template would set, for a store of `uploadbench serve`."""
    return endpoint.environment | {
        "UPLOADBENCH_BUCKET": endpoint.bucket,
        "UPLOADBENCH_USER": "bench",
        "UPLOADBENCH_TOKEN_SHA256": hashlib.sha256(endpoint.token.encode()).hexdigest(),
        "AWS_ENDPOINT_URL_S3": endpoint.store,
    } | ({"AWS_CA_BUNDLE": endpoint.ready["ca_file"]} if endpoint.ready["ca_file"] else {}) | others


def shape(name: str) -> dict:
    return json.loads((EVENTS / "shapes" / f"{name}.json").read_text())


def event(kind, method, target, headers=None, body: bytes | None = None, as_base64=None) -> dict:
    """A request in one of the three shapes, as that service fills it."""
    made = copy.deepcopy(shape(kind))
    parts = urlsplit(target)
    headers = dict(headers or {})
    if body is not None:
        headers["Content-Length"] = str(len(body))
        as_base64 = _needs_base64(body) if as_base64 is None else as_base64
        made["body"] = base64.b64encode(body).decode() if as_base64 else body.decode()
        made["isBase64Encoded"] = as_base64
    if kind == "rest":
        _fill_rest(made, method, parts, headers)
    else:
        _fill_http(made, method, parts, headers, with_route=kind == "http")
    return made


def _needs_base64(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return True
    return False


def _fill_rest(made, method, parts, headers):
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    made["httpMethod"] = made["requestContext"]["httpMethod"] = method
    made["path"] = parts.path
    made["requestContext"]["path"] = "/v1" + parts.path
    made["pathParameters"] = {"proxy": parts.path.lstrip("/")}
    if pairs:
        made["queryStringParameters"] = dict(pairs)
        lists = made["multiValueQueryStringParameters"] = {}
        for name, value in pairs:
            lists.setdefault(name, []).append(value)
    for name, value in headers.items():
        made["headers"][name] = value
        made["multiValueHeaders"][name] = [value]


def _fill_http(made, method, parts, headers, with_route):
    context = made["requestContext"]
    context["http"] |= {"method": method, "path": parts.path}
    made["rawPath"], made["rawQueryString"] = parts.path, parts.query
    if parts.query:
        made["queryStringParameters"] = dict(parse_qsl(parts.query, keep_blank_values=True))
    if with_route:
        made["routeKey"] = context["routeKey"] = f"{method} {parts.path}"
    made["headers"] |= {name.lower(): value for name, value in headers.items()}
