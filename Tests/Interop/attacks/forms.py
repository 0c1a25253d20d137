"""multipart/form-data as it should not be."""

import base64
import json
import time

from .signing import Signer, amz_date

BOUNDARY = "----boundary"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"


def iso8601(offset_s: int = 300) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + offset_s))


def part(name: str, value: bytes | str, more: str = "") -> bytes:
    value = value.encode() if isinstance(value, str) else value
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'
    return head.encode() + value + b"\r\n"


def file_part(content: bytes = b"content", more: str = '; filename="f.txt"') -> bytes:
    return part("file", content, more)


END = f"--{BOUNDARY}--\r\n".encode()


class Form:
    """A form with a signed policy. `conditions` come besides those that the signature needs."""

    def __init__(self, endpoint, conditions, policy: bytes | None = None):
        signer = Signer(endpoint)
        date = amz_date()
        self.signature_fields = [
            ("x-amz-algorithm", "AWS4-HMAC-SHA256"),
            ("x-amz-credential", f"{signer.access_key}/{signer.scope(date)}"),
            ("x-amz-date", date),
        ]  # fmt: skip
        own = [{"bucket": endpoint.bucket}, *({name: value} for name, value in self.signature_fields)]
        document = policy if policy is not None else json.dumps(
            {"expiration": iso8601(), "conditions": own + list(conditions)}
        ).encode()  # fmt: skip
        self.policy = base64.b64encode(document).decode()
        self.signature = signer.signature(self.policy, date)

    def fields(self) -> list[tuple[str, str]]:
        return [*self.signature_fields, ("policy", self.policy), ("x-amz-signature", self.signature)]

    def body(self, fields, file: bytes | None = None, end: bytes = END) -> bytes:
        parts = [part(name, value) for name, value in [*fields, *self.fields()]]
        return b"".join(parts) + (file_part() if file is None else file) + end


def post(endpoint, body: bytes, content_type: str = MULTIPART, more: str = "") -> bytes:
    head = (
        f"POST /{endpoint.bucket} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {content_type}\r\n"
        f"Content-Length: {len(body)}\r\n{more}\r\n"
    )
    return head.encode() + body


def byte_chunks(body: bytes) -> bytes:
    """In chunks of one byte each, as RFC 9112 has them."""
    table = [b"1\r\n%c\r\n" % byte for byte in range(256)]
    return b"".join([table[byte] for byte in body]) + b"0\r\n\r\n"


def post_chunked(endpoint, body: bytes) -> bytes:
    head = (
        f"POST /{endpoint.bucket} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {MULTIPART}\r\n"
        "Transfer-Encoding: chunked\r\n\r\n"
    )
    return head.encode() + byte_chunks(body)
