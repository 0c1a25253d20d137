"""Signature Version 4 by hand, so that each part of it can be wrong."""

import hashlib
import hmac
import time
from urllib.parse import quote, unquote_to_bytes

LIFE_S = 300


def amz_date(offset_s: int = 0) -> str:
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(time.time() + offset_s))


def encode(text: str | bytes, safe: str = "-._~") -> str:
    return quote(text, safe=safe)


def _mac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


class Signer:
    def __init__(self, endpoint):
        self.region = endpoint.region
        self.access_key, self.secret_key = endpoint.access_key, endpoint.secret_key

    def scope(self, date: str) -> str:
        return f"{date[:8]}/{self.region}/s3/aws4_request"

    def signature(self, text: str, date: str) -> str:
        key = f"AWS4{self.secret_key}".encode()
        for part in (date[:8], self.region, "s3", "aws4_request"):
            key = _mac(key, part)
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()

    def _canonical(self, method, path, query, headers, names, payload) -> str:
        given = {}
        for name, value in headers:
            given.setdefault(name.lower(), []).append(" ".join(value.split()))
        lines = "".join(f"{name}:{','.join(given[name])}\n" for name in names if name in given)
        pairs = sorted((encode(name), encode(value)) for name, value in query)
        joined = "&".join(f"{name}={value}" for name, value in pairs)
        canonical_path = encode(unquote_to_bytes(path), "/-._~")
        return "\n".join([method, canonical_path, joined, lines, ";".join(names), payload])

    def _sign(self, canonical: str, date: str) -> str:
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        return self.signature(f"AWS4-HMAC-SHA256\n{date}\n{self.scope(date)}\n{digest}", date)

    def presign(self, method, path, host, query=(), headers=(), expires: str = str(LIFE_S),
                date: str | None = None, signed: str | None = None, more=()) -> str:  # fmt: skip
        """A target, `path` as it is to go over the wire.

        `signed` overrides the list of signed headers; `more` holds parameters besides the usual.
        """
        date = date or amz_date()
        headers = [("host", host), *headers]
        names = sorted({name.lower() for name, _ in headers}) if signed is None else signed.split(";")
        pairs = [
            *query, ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
            ("X-Amz-Credential", f"{self.access_key}/{self.scope(date)}"), ("X-Amz-Date", date),
            ("X-Amz-Expires", expires), ("X-Amz-SignedHeaders", ";".join(names)), *more,
        ]  # fmt: skip
        canonical = self._canonical(method, path, pairs, headers, names, "UNSIGNED-PAYLOAD")
        text = "&".join(f"{encode(name)}={encode(value)}" for name, value in pairs)
        return f"{path}?{text}&X-Amz-Signature={self._sign(canonical, date)}"

    def headers(self, method, path, host, query=(), headers=(), payload="UNSIGNED-PAYLOAD") -> dict:
        """What a request signed by header carries, Host and Authorization included."""
        date = amz_date()
        given = [("host", host), ("x-amz-content-sha256", payload), ("x-amz-date", date), *headers]
        names = sorted({name.lower() for name, _ in given})
        signature = self._sign(
            self._canonical(method, path, query, given, names, payload), date)  # fmt: skip
        credential = f"{self.access_key}/{self.scope(date)}"
        return dict(given) | {
            "authorization": f"AWS4-HMAC-SHA256 Credential={credential},"
            f"SignedHeaders={';'.join(names)},Signature={signature}"
        }
