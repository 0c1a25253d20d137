"""STS, SSO, a container's endpoint, an instance's and a store that takes anything: on one loopback port.

What it gives follows from what it was asked, so that two clients get the same only if they ask the same.
"""

import datetime
import hashlib
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

STS = """<{0}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{0}Result><Credentials>
<AccessKeyId>{1}</AccessKeyId><SecretAccessKey>{2}</SecretAccessKey><SessionToken>{3}</SessionToken>
<Expiration>{4}</Expiration></Credentials></{0}Result></{0}Response>"""


def derived(*parts: str) -> tuple[str, str, str]:
    digest = hashlib.sha256("|".join(parts).encode()).hexdigest()
    return "ASIA" + digest[:16].upper(), digest[16:56], "token/" + digest[40:] + "=="


def iso(seconds: float) -> str:
    now = datetime.datetime.now(datetime.timezone.utc)
    return (now + datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


class FakeAWS:
    def __init__(self, life_s: float = 3600, imds: str = "v2"):
        self.life_s = life_s
        self.imds = imds
        self.asked: list[str] = []
        self.keys_used: list[str] = []
        self.rotates = False
        self.container_token: str | None = None
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def answer(self, status, body="", **fields):
                self.send_response(status)
                for name, value in fields.items():
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("Content-Length", str(len(body.encode())))
                self.end_headers()
                self.wfile.write(body.encode())

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                form = {name: values[0] for name, values in parse_qs(body).items()}
                action = form.get("Action", "")
                fake.asked.append(action)
                signer = re.search(r"Credential=([^/]+)/", self.headers.get("Authorization", ""))
                parts = [
                    action, signer.group(1) if signer else "", form.get("RoleArn", ""),
                    form.get("ExternalId", ""), form.get("DurationSeconds", ""),
                    form.get("WebIdentityToken", ""),
                ]  # fmt: skip
                self.answer(200, STS.format(action, *derived(*parts), iso(fake.life_s)), Content_Type="text/xml")

            def do_PUT(self):
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                if self.path == "/latest/api/token":
                    fake.asked.append("token")
                    wanted = self.headers.get("x-aws-ec2-metadata-token-ttl-seconds") == "21600"
                    if fake.imds == "v1":
                        return self.answer(404)
                    return self.answer(200 if wanted else 400, "imds-token")
                query = parse_qs(urlsplit(self.path).query)
                fake.keys_used.append(query["X-Amz-Credential"][0].split("/")[0])
                self.answer(200, ETag='"0"')

            def do_GET(self):
                url = urlsplit(self.path)
                fake.asked.append(url.path)
                if url.path == "/federation/credentials":
                    token = self.headers.get("x-amz-sso_bearer_token", "")
                    key, secret, session = derived(url.path, token, str(sorted(parse_qs(url.query).items())))
                    end = int((datetime.datetime.now().timestamp() + fake.life_s) * 1000)
                    return self.answer(200, json.dumps({"roleCredentials": {
                        "accessKeyId": key, "secretAccessKey": secret, "sessionToken": session, "expiration": end,
                    }}))  # fmt: skip
                if url.path == "/container":
                    given = self.headers.get("Authorization", "")
                    if fake.container_token is not None and given != fake.container_token:
                        return self.answer(401)
                    turn = str(fake.asked.count("/container")) if fake.rotates else ""
                    return self.credentials(derived(url.path, given, turn))
                if url.path.startswith("/latest/meta-data/iam/security-credentials/"):
                    if fake.imds == "v2" and self.headers.get("x-aws-ec2-metadata-token") != "imds-token":
                        return self.answer(401)
                    if url.path.endswith("/"):
                        return self.answer(200, "a-role")
                    return self.credentials(derived(url.path), Code="Success", Type="AWS-HMAC")
                self.answer(200, "<ListBucketResult></ListBucketResult>")

            def credentials(self, made, **more):
                key, secret, token = made
                self.answer(200, json.dumps(more | {
                    "AccessKeyId": key, "SecretAccessKey": secret, "Token": token,
                    "Expiration": iso(fake.life_s), "LastUpdated": iso(0),
                }))  # fmt: skip

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
