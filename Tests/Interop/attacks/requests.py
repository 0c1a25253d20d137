"""Signed requests whose signature, parameters, ranges or keys try to be more than they are."""

from . import signing
from .bodies import STORE, signed
from .cases import Case
from .signing import amz_date, encode

DENIED = frozenset({403})
MALFORMED = frozenset({400})
HOST = "127.0.0.1"


def put(target: str, more: str = "", body: bytes = b"x", host: str = HOST) -> bytes:
    return f"PUT {target} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}\r\n{more}\r\n".encode() + body


def signatures(endpoint) -> list[Case]:
    signer, path = signing.Signer(endpoint), f"/{endpoint.bucket}/forged"

    def url(**what) -> str:
        return signer.presign("PUT", path, HOST, **what)

    good = url()
    base, signature = good.rsplit("=", 1)
    flipped = ("0" if signature[0] != "0" else "1") + signature[1:]
    forged = {
        "none": base + "=", "one digit": f"{base}={flipped}", "upper case": f"{base}={signature.upper()}", "short": good[:-1], "long": good + "0", "twice as long": good + signature, "NUL": good + "%00",
        "another behind": f"{good}&X-Amz-Signature={flipped}", "encoded and another": f"{good}&X-Amz-Signatur%65={flipped}", "the same twice": f"{good}&X-Amz-Signature={signature}", "another first": good.replace("X-Amz-Signature", f"X-Amz-Signature={flipped}&X-Amz-Signature"), "space": good + "%20", "another key": good.replace("forged", "forgee"), "encoded key": good.replace("forged", "%66orge%64"),
        "slash": good.replace("/forged", "//forged"), "dots": good.replace("/forged", "/./forged"), "one parameter more": good + "&partNumber=1", "x-amz-acl in the query": good + "&x-amz-acl=public-read",
        "longer life": good.replace("X-Amz-Expires=300", "X-Amz-Expires=604800"), "life twice": good + "&X-Amz-Expires=604800", "life before": good.replace("?", "?X-Amz-Expires=604800&"), "date twice": good + f"&X-Amz-Date={amz_date(60)}",
        "other date": good.replace(amz_date()[:11], "20380101T00"), "SignedHeaders twice": good + "&X-Amz-SignedHeaders=host", "payload": good + "&X-Amz-Content-Sha256=UNSIGNED-PAYLOAD", "lower-case names": good.replace("X-Amz-", "x-amz-"),
        "encoded name": good.replace("X-Amz-Expires", "X-Amz-Expire%73").replace("=300", "=301"), "empty SignedHeaders": url(signed=""), "no host signed": url(signed="date"), "HOST signed": url(signed="HOST"), "host and more": url(signed="host;;x-amz-acl"),
    }  # fmt: skip
    fine = {"encoded key", "host and more"}
    cases = [Case(f"signature: {name}", put(target), frozenset({200}) if name in fine else frozenset({400, 403}), STORE) for name, target in forged.items()]
    headers = {
        "unsigned x-amz-acl": "x-amz-acl: public-read\r\n", "unsigned X-AMZ-META-A": "X-AMZ-META-A: b\r\n", "unsigned copy source": f"x-amz-copy-source: /{endpoint.bucket}/health\r\n", "unsigned date": f"x-amz-date: {amz_date()}\r\n",
        "token": "x-amz-security-token: t\r\n", "digest": f"x-amz-content-sha256: {'0' * 64}\r\n",
    }  # fmt: skip
    cases += [Case(f"signature: {name}", put(good, more), DENIED, STORE) for name, more in headers.items()]
    cases += [
        Case("signature: header and query", put(good, "Authorization: AWS4-HMAC-SHA256 Credential=a\r\n"), MALFORMED, STORE),
        Case("signature: header and Version 2", put(f"{path}?AWSAccessKeyId=a&Expires=1&Signature=b", "Authorization: AWS4-HMAC-SHA256 Credential=a\r\n"), MALFORMED, STORE),
        Case("signature: token in the query", put(url(more=[("X-Amz-Security-Token", "t")])), MALFORMED, STORE), Case("signature: other method", put(good).replace(b"PUT", b"DELETE", 1), DENIED, STORE),
        Case("signature: other host", put(good, host="localhost"), DENIED, STORE), Case("signature: absolute form of another host", put(f"http://localhost{good}"), DENIED, STORE), Case("signature: absolute form of its host", put(f"http://{HOST}{good}", host="evil"), frozenset({200}), STORE),
    ]  # fmt: skip
    expires = {"": 400, "+300": 400, "0": 403, "-1": 400, "604801": 400, "9223372036854775807": 400, "9223372036854775808": 400, "99999999999999999999": 400, "1e3": 400, "300.0": 400, "0x10": 400, "three": 400, "300s": 400}
    cases += [Case(f"expires {text!r}", put(url(expires=text)), frozenset({status}), STORE) for text, status in expires.items()]
    dates = {"19700101T000000Z": 403, "99991231T235959Z": 403, "20261301T000000Z": 400, "20260101T240000Z": 400, "20260101": 400, "": 400, "0" * 16: 400, "20260101T000000z": 400, "٢0260101T00000Z": 400}
    cases += [Case(f"date {text!r}", put(url(date=text)), frozenset({status, 400}), STORE) for text, status in dates.items() if text]
    for text in ("", "a", "a/b/c/d", "a/b/c/d/e/f", "////", f"{endpoint.access_key}/20260101/{endpoint.region}/s3/aws4_request", "\u212a/20260101/x/s3/aws4_request"):
        cases.append(Case(f"credential {text!r}", put(f"{path}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={encode(text)}&X-Amz-Date={amz_date()}&X-Amz-Expires=9&X-Amz-SignedHeaders=host&X-Amz-Signature=0"), frozenset({400, 403}), STORE))
    authorizations = ("", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 ", "AWS4-HMAC-SHA256 Credential", "AWS4-HMAC-SHA256 =,=,=", "AWS4-HMAC-SHA256 Credential=,SignedHeaders=,Signature=", "AWS4-HMAC-SHA256 " + "," * 900,
                      "AWS a:b", "Basic YTpi", "Bearer x", "AWS4-ECDSA-P256-SHA256 Credential=a/b/c/d/e,SignedHeaders=host,Signature=0", "Negotiate " + "A" * 9_000)  # fmt: skip
    cases += [Case(f"Authorization {text[:40]!r}", put(path, f"Authorization: {text}\r\nx-amz-date: {amz_date()}\r\n"), frozenset({400, 403}), STORE) for text in authorizations]
    return cases


def numbers(endpoint) -> list[Case]:
    """Lengths, ranges, part numbers and page sizes beyond what any integer holds; of an object of 4 bytes."""
    huge = ("9223372036854775807", "9223372036854775808", "18446744073709551616", "9" * 400)
    whole, part, none = frozenset({200}), frozenset({206}), frozenset({416})
    ranges = {
        "bytes=0-0": part, "bytes=3-": part, "bytes=4-": none, "bytes=-0": none, "bytes=-1": part, "bytes=-4": part, "bytes=-": whole, "bytes=": whole, "bytes=1-0": whole, "bytes=a-b": whole, "bytes=0-0,2-2": whole, "bytes": whole, "bytes=--1": whole,
        "bytes=-1-": whole, "bytes=+0-1": whole, "bytes= 0-1": whole, "items=0-1": whole, "bytes=0-1;": whole, "bytes=0x0-0x1": whole, "bytes=" + "0-0," * 2_000: whole, "bytes=0-" + "9" * 400: frozenset({200, 206}),
    }  # fmt: skip
    ranges |= {f"bytes={number[:30]}-": frozenset({200, 416}) for number in huge} | {f"bytes=-{number}": frozenset({200, 206}) for number in huge[:3]} | {f"bytes=0-{number}": frozenset({200, 206}) for number in huge[:3]}
    cases = [Case(f"Range {text[:30]!r}", signed(endpoint, "GET", [], b"", [("Range", text)], "health"), statuses, STORE) for text, statuses in ranges.items()]
    bad = ("-1", "+1", "1.5", "1e3", "0x10", "a", "1 ", "\u0661", *huge)
    for name, query in (("max-keys", []), ("max-uploads", [("uploads", "")])):
        cases += [Case(f"{name} {text[:20]!r}", signed(endpoint, "GET", [*query, (name, text)], b""), MALFORMED, STORE) for text in bad]
    cases += [Case(f"partNumber {text[:20]!r}", signed(endpoint, "GET", [("partNumber", text)], b"", (), "health"), MALFORMED, STORE) for text in (*bad, "0", "10001", "")]
    cases += [Case("partNumber 2 of 1", signed(endpoint, "GET", [("partNumber", "2")], b"", (), "health"), none, STORE)]
    cases += [Case(f"continuation token {text[:20]!r}", signed(endpoint, "GET", [("list-type", "2"), ("continuation-token", text)], b""), MALFORMED, STORE) for text in ("x", "0", "zz", "\x00", "")]
    target = signing.Signer(endpoint).presign("PUT", f"/{endpoint.bucket}/large", HOST)
    for length in ("5368709121", "9223372036854775807"):
        head = f"PUT {target} HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {length}\r\n\r\n"
        cases.append(Case(f"Content-Length {length}", head.encode(), MALFORMED, STORE))
    for path in ("/images", "/uploads/a", "/reviews"):
        head = f"{'PUT' if 'a/' not in path and 'uploads' in path else 'POST'} {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {endpoint.token}\r\nContent-Length: 9223372036854775807\r\n\r\n"
        cases.append(Case(f"Content-Length 2^63-1 to {path}", head.encode(), frozenset({413}), ("gateway",)))
    queries = ("expires=0", "expires=-1", "expires=9223372036854775808", "clockOffset=9223372036854775808", "clockOffset=-9223372036854775808", "maxBytes=-1", "maxBytes=9223372036854775808", "minBytes=2&maxBytes=1", "contentType=%0d%0a", "maxBytes=1e3")
    cases += [Case(f"GET /signed-post?{query}", f"GET /signed-post?{query} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {endpoint.token}\r\n\r\n".encode(), MALFORMED, ("gateway",)) for query in queries]
    return cases


def paths(endpoint) -> list[Case]:
    """Keys that would be other files, were they paths. S3 takes most of them literally."""
    keys = (
        "..", "../..", "../../../../etc/passwd", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "a/../../../../tmp/hostile", "/etc/passwd", "//", "///a", ".", "./a", "a/", "a//", "a/.", "a/..", "%00", "a%00b", "a%00/../../b", "%0d%0a", "%c0%ae%c0%ae/a",
        "%e0%80%ae", "%ff%fe", "%", "%zz", "%2", "..%5c..%5ca", "~", "$HOME", "`id`", "|id", "%252e%252e%252f", "%u002e", "\u212a", "a" * 1024, "%2f" * 300, "con", "a:b", "%f0%9f%92%a9" * 200,
    )  # fmt: skip
    cases = []
    for key in keys:
        target = signing.Signer(endpoint).presign("PUT", f"/{endpoint.bucket}/{key}", HOST)
        cases.append(Case(f"key {key[:30]!r}", put(target), frozenset({200, 400}), STORE))
    for key in ("a" * 1025, "%41" * 1025, "\u00e4" * 513):
        target = signing.Signer(endpoint).presign("PUT", f"/{endpoint.bucket}/{key}", HOST)
        cases.append(Case(f"key of 1,025 bytes or more {key[:6]!r}", put(target), MALFORMED, STORE))
    for bucket in ("..", ".", "%2e%2e", "a%00b", "A", "a", "a" * 64, "a..b", "%ff", "\u212a" * 3):
        target = signing.Signer(endpoint).presign("PUT", f"/{bucket}", HOST)
        cases.append(Case(f"bucket {bucket!r}", put(target, body=b""), frozenset({400, 403}), STORE))
    for key in ("../other/a", "users/other/a", "users/bench/../other/a", "%2e%2e/other/a", "..%2fother%2fa", "users%2fother%2fa", "/users/other/a", "a%00b"):
        head = f"PUT /uploads/{key} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {endpoint.token}\r\nContent-Length: 1\r\n\r\nx"
        cases.append(Case(f"upload to {key!r}", head.encode(), frozenset({200, 400, 403}), ("gateway",)))
    return cases
