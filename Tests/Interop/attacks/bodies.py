"""Bodies in chunks, aws-chunked bodies, and documents, all of them not as they should be."""

import json

from . import signing
from .cases import Case
from .forms import byte_chunks
from .heads import HIDDEN

GATEWAY = ("gateway",)
STORE = ("store",)
REFUSED_BODY = frozenset({400, 413})


def api(endpoint, path: str, body: bytes, more: str = "", method: str = "POST") -> bytes:
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {endpoint.token}\r\n"
        f"{more or f'Content-Length: {len(body)}' + chr(13) + chr(10)}\r\n"
    )
    return head.encode() + body


def chunks(endpoint, scale: int = 1) -> list[Case]:
    """Framing that a front and a back server could read differently, each with a request hidden behind it;
    `scale` 16 is a million chunks."""
    many = 62_500 * scale
    bad = {
        "no digits": b"\r\n", "not hexadecimal": b"x\r\n", "negative": b"-1\r\n", "0x": b"0x1\r\na\r\n",
        "plus": b"+1\r\na\r\n", "space before": b" 1\r\na\r\n", "17 digits": b"1" * 17 + b"\r\n",
        "16 digits": b"f" * 16 + b"\r\n", "16 zeros": b"0" * 16 + b"1\r\na\r\n", "overflow": b"10000000000000001\r\na\r\n",
        "2^63": b"8000000000000000\r\n", "bare LF after the size": b"1\na\r\n0\r\n\r\n", "bare CR": b"1\ra\r\n0\r\n\r\n",
        "LF in the extension": b"1;a\nb\r\na\r\n", "NUL in the extension": b"1;\0\r\na\r\n", "two sizes": b"1 1\r\na\r\n",
        "no semicolon": b"1 a\r\na\r\n", "data too long": b"1\r\nab\r\n0\r\n\r\n", "data without end": b"1\r\na0\r\n\r\n",
        "bare LF after data": b"1\r\na\n0\r\n\r\n", "trailer without colon": b"0\r\na\r\n\r\n", "folded trailer": b"0\r\nA: b\r\n c\r\n\r\n",
        "space before a trailer's colon": b"0\r\nA : b\r\n\r\n", "bare LF in trailers": b"0\r\nA: b\n\r\n",
        "NUL in a trailer": b"0\r\nA: \0\r\n\r\n", "extension without end": b"1;" + b"a" * 5_000,
        "extensions": b"1;aaaaaaa\r\na\r\n" * 9_000, "trailers without end": b"0\r\n" + b"A: b\r\n" * 3_000,
        "one trailer without end": b"0\r\nA: " + b"b" * 17_000, "Arabic digits": "١\r\na\r\n".encode(),
    }  # fmt: skip
    chunked = "Transfer-Encoding: chunked\r\n"
    cases = [Case(f"chunk: {name}", api(endpoint, "/reviews", body + HIDDEN, chunked), REFUSED_BODY, GATEWAY)
             for name, body in bad.items()]  # fmt: skip
    # RFC 9110 §6.5.1: what decides about framing has no place in a trailer. It is read and dropped.
    forbidden = b"2\r\n{}\r\n0\r\nContent-Length: 900\r\nTransfer-Encoding: gzip\r\nHost: evil\r\nAuthorization: x\r\n\r\n"
    return cases + [
        Case("chunk: forbidden trailers", api(endpoint, "/reviews", forbidden, chunked), REFUSED_BODY, GATEWAY),
        Case("chunk: one byte each", api(endpoint, "/reviews", byte_chunks(b"{}"), chunked), REFUSED_BODY, GATEWAY),
        Case("chunk: one byte each, many", api(endpoint, "/images", byte_chunks(b"[" + b"0," * (many // 2)), chunked), REFUSED_BODY, GATEWAY),
        Case("chunk: one byte each, more than the limit", api(endpoint, "/reviews", byte_chunks(b"a" * many), chunked), REFUSED_BODY, GATEWAY),
        Case("chunk: no end", api(endpoint, "/reviews", b"5\r\nab", chunked), REFUSED_BODY, GATEWAY),
        Case("chunks to the store", (f"PUT /{endpoint.bucket}/x HTTP/1.1\r\nHost: a\r\n{chunked}\r\n".encode()
             + b"0\r\n\r\n"), frozenset({403}), STORE),
    ]  # fmt: skip


def json_documents(endpoint, scale: int = 1) -> list[Case]:
    """`scale` 16 is a megabyte, or a million levels or values, of each."""
    size, many = 65_536 * scale, 62_500 * scale
    documents = {
        "nested arrays": b"[" * many, "nested arrays that end": b"[" * many + b"]" * many, "nested objects": b'{"a":' * many,
        "a long number": b'{"size":' + b"9" * size + b"}", "1e999": b'{"size":1e999,"partBytes":5242880}',
        "2^63": b'{"size":9223372036854775808,"partBytes":5242880}', "2^63-1": b'{"size":9223372036854775807,"partBytes":5242880}',
        "-2^63": b'{"size":-9223372036854775808,"partBytes":5242880}', "-0": b'{"size":-0,"partBytes":-0}',
        "parts of 0": b'{"size":1,"partBytes":0}', "a float": b'{"size":1.0,"partBytes":5242880}',
        "a long string": b'{"key":"' + b"a" * size + b'"}', "escapes": b'{"key":"' + b"\\u0041" * (size // 6) + b'"}',
        "half a pair": b'{"key":"\\ud800"}', "the other half": b'{"key":"\\udc00"}', "pair the wrong way": b'{"key":"\\udc00\\ud800"}',
        "no UTF-8": b'{"key":"\xff\xfe"}', "overlong UTF-8": b'{"key":"\xc0\xaf"}', "UTF-8 of a surrogate": b'{"key":"\xed\xa0\x80"}',
        "NUL": b'{"key":"\0"}', "UTF-16": '{"key":"a"}'.encode("utf-16"), "BOM": b'\xef\xbb\xbf{"key":"a"}', "nothing": b"", "null": b"null",
        "repeated members": b'{"partBytes":1,"partBytes":5242880,"size":1,"size":-1}', "many members": b"{" + b'"a":1,' * many,
        "empty arrays": b"[" + b"[]," * many, "empty objects": b"[" + b"{}," * many, "zeros": b"[" + b"0," * many,
        "comment": b'{/**/"key":"a"}', "NaN": b'{"size":NaN}', "trailing comma": b'{"key":"a",}', "two values": b"{}{}", "NULs": bytes(size),
    }  # fmt: skip
    return [
        Case(f"JSON to {path}: {name}", api(endpoint, path, body), REFUSED_BODY, GATEWAY)
        for name, body in documents.items()
        for path in ("/reviews", "/signed-multipart", "/images")
    ]


def images(endpoint) -> list[Case]:
    """Base64 as it should not be."""
    texts = ("=", "====", "A", "AA", "AAA", "A===", "AA=A", "=AAA", "AAAA=", "AAAA\n", "AA AA", "AAA-", "AA_A", "\u0391AAA", "AAA\0", "%41AAA")
    cases = [Case(f"Base64 {text!r}", api(endpoint, "/images", json.dumps({"image": text, "contentType": "image/gif"}).encode()),
                  frozenset({400}), GATEWAY) for text in texts]  # fmt: skip
    types = ("image/gif\r\nX: y", "gif", "image/" + "g" * 300, "\u00e4/b", "a/b\x00")
    return cases + [Case(f"type {text!r}", api(endpoint, "/images", json.dumps({"image": "AAAA", "contentType": text}).encode()),
                         frozenset({400}), GATEWAY) for text in types]  # fmt: skip


def signed(endpoint, method: str, query: list, body: bytes, headers=(), key: str = "") -> bytes:
    """A request to the store, presigned: what is wrong with it is its body or a parameter."""
    path = f"/{endpoint.bucket}" + (f"/{key}" if key else "")
    target = signing.Signer(endpoint).presign(method, path, "127.0.0.1", query=query)
    fields = "".join(f"{name}: {value}\r\n" for name, value in headers)
    head = f"{method} {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n{fields}\r\n"
    return head.encode() + body


def xml_documents(endpoint, upload_id: str, scale: int = 1) -> list[Case]:
    """Sent as the four documents that the store reads; `upload_id` is of an upload to the key `xml`."""
    size = 16_384 * scale
    entity = '<!DOCTYPE a [<!ENTITY b "bb">' + "".join(f'<!ENTITY c{n} "{"&c%d;" % (n - 1) * 10}">' for n in range(1, 20)) + "]>"
    documents = {
        "a billion laughs": f"{entity}<a>&c19;</a>", "external entity": '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
        "parameter entity": '<!DOCTYPE a SYSTEM "http://127.0.0.1:1/x.dtd"><a/>', "nested": "<a>" * size, "nested to the end": "<a>" * size + "</a>" * size,
        "flat": "<a>" + "<b/>" * size, "flat to the end": "<Delete>" + "<Object/>" * size + "</Delete>", "attributes": "<a " + 'b="c" ' * size, "no name": "<>",
        "long name": "<" + "a" * size, "open quote": '<a b="' + "c" * size, "open comment": "<!--" + "a" * size, "open CDATA": "<a><![CDATA[" + "a" * size,
        "open reference": "<a>&" + "a" * size, "NUL": "<a>&#0;</a>", "too large a character": "<a>&#x110000;</a>", "surrogate": "<a>&#xD800;</a>",
        "unknown reference": "<a>&evil;</a>", "negative reference": "<a>&#-1;</a>", "other end": "<a></b>", "two roots": "<a/><b/>", "text only": "a", "nothing": "",
        "comments": "<a>" + "<!---->" * 8 * size, "CDATA sections": "<a>" + "<![CDATA[]]>" * 8 * size, "instructions": "<?a?>" * 8 * size,
        "instruction": "<?" + "a" * size, "xinclude": '<a xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="/etc/passwd"/></a>', "UTF-16": "\ufeff<\0a",
    }  # fmt: skip
    places = {
        "complete": ("POST", [("uploadId", upload_id)], (), "xml"), "delete": ("POST", [("delete", "")], (("Content-MD5", "{md5}"),), ""),
        "cors": ("PUT", [("cors", "")], (), ""), "accelerate": ("PUT", [("accelerate", "")], (), ""),
    }  # fmt: skip
    cases = []
    for place, (method, query, headers, key) in places.items():
        for name, text in documents.items():
            body = text.encode()
            given = [(field, _md5(body)) for field, _ in headers]
            cases.append(Case(f"XML to {place}: {name}", signed(endpoint, method, query, body, given, key), frozenset({400}), STORE))
    numbers = ("0", "-1", "10001", "1.0", "1e3", "9223372036854775808", "99999999999999999999", "", "one", "0x1")
    for text in numbers:
        xml = f"<CompleteMultipartUpload><Part><PartNumber>{text}</PartNumber><ETag>a</ETag></Part></CompleteMultipartUpload>"
        cases.append(Case(f"part number {text!r}", signed(endpoint, "POST", [("uploadId", upload_id)], xml.encode(), (), "xml"), frozenset({400}), STORE))
    return cases


def _md5(body: bytes) -> str:
    import base64
    import hashlib

    return base64.b64encode(hashlib.md5(body).digest()).decode()


def aws_chunked(endpoint, scale: int = 1) -> list[Case]:
    """The framing inside the framing; `scale` 16 is a million chunks."""
    many = 62_500 * scale
    signer, host, path = signing.Signer(endpoint), "127.0.0.1", f"/{endpoint.bucket}/framed"
    good = b"3\r\nabc\r\n0\r\n\r\n"
    bad = {
        "overflow": b"fffffffffffffffff\r\n", "negative": b"-1\r\n", "minus nothing": b"-0\r\n\r\n", "plus": b"+3\r\nabc\r\n0\r\n\r\n", "0x": b"0x3\r\nabc\r\n0\r\n\r\n",
        "no size": b"\r\nabc", "size without end": b"3" * 2_000, "too long": b"4\r\nabcd\r\n0\r\n\r\n", "too short": b"2\r\nab\r\n0\r\n\r\n", "no end": b"3\r\nabc\r\n",
        "data after the chunk": b"3\r\nabcd\r\n0\r\n\r\n", "more after the end": good + b"3\r\nabc\r\n", "hidden after the end": good + HIDDEN, "no colon": b"3\r\nabc\r\n0\r\na\r\n\r\n",
        "many trailers": b"3\r\nabc\r\n0\r\n" + b"a:b\r\n" * 20, "Arabic digits": "٣\r\nabc\r\n0\r\n\r\n".encode(), "nothing": b"",
    }  # fmt: skip

    def request(body: bytes, decoded: str, payload: str = "STREAMING-UNSIGNED-PAYLOAD-TRAILER") -> bytes:
        fields = signer.headers("PUT", path, host, headers=[("x-amz-decoded-content-length", decoded)], payload=payload)
        text = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        return f"PUT {path} HTTP/1.1\r\n{text}Content-Length: {len(body)}\r\n\r\n".encode() + body

    cases = [Case(f"aws-chunked: {name}", request(body, "3"), frozenset({400}), STORE) for name, body in bad.items()]
    lengths = ("", "-1", "+3", "4", "2", "3.0", "0x3", "9223372036854775808", "99999999999999999999", "9223372036854775807", "3,3")
    cases += [Case(f"decoded length {text!r}", request(good, text), frozenset({400, 411}), STORE) for text in lengths]
    unsigned = request(good, "3", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD")
    forged = request(b"3;chunk-signature=" + b"0" * 64 + b"\r\nabc\r\n0;chunk-signature=" + b"0" * 64 + b"\r\n\r\n", "3", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD")
    tiny = Case("aws-chunked: one byte each, many", request(b"1\r\na\r\n" * many + b"0\r\n\r\n", str(many)), frozenset({200}), STORE)
    return cases + [tiny, Case("chunks without signatures", unsigned, frozenset({400}), STORE), Case("forged chunks", forged, frozenset({403}), STORE)]
