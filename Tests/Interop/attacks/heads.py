"""Request heads that are wrong, that two servers would read differently, or that are too large."""

from .cases import CLOSED, Case

HIDDEN = b"GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n"
LINE_TOO_LONG = frozenset({414})
# 431, which S3 words as a 400.
FIELDS_TOO_LARGE = frozenset({400, 431})
NOT_SPOKEN = frozenset({501})
OTHER_VERSION = frozenset({505})
# Legal: answered by each role as any request that it does not know or allow.
UNKNOWN = frozenset({400, 401, 403, 404, 405, 501})


def request(fields: bytes | str, line: str = "GET /x HTTP/1.1", body: bytes = b"") -> bytes:
    fields = fields.encode("latin-1") if isinstance(fields, str) else fields
    return line.encode("latin-1") + b"\r\n" + fields + b"\r\n" + body


def put(fields: str, body: bytes = b"") -> bytes:
    return request("Host: a\r\n" + fields, "PUT /x HTTP/1.1", body)


def both_lengths() -> list[Case]:
    """Request smuggling: the body's end is told twice, or in a way that is read in two ways."""
    lengths = (
        "-1", "+5", "0x5", "5 5", "5,5", "5, 6", "5;", "5.0", "5e0", " ", "", "\x0b5", "five", "٥",
        "99999999999999999999", "9223372036854775808", "18446744073709551621", "1_0", "5\t6",
    )  # fmt: skip
    cases = [Case(f"Content-Length {text!r}", request(f"Host: a\r\nContent-Length: {text}\r\n".encode(),
                  "PUT /x HTTP/1.1", b"abcde" + HIDDEN)) for text in lengths]  # fmt: skip
    for first, second in (("5", "6"), ("5", "5"), ("0", "5"), ("5", "")):
        fields = f"Content-Length: {first}\r\nContent-Length: {second}\r\n"
        cases.append(Case(f"lengths {first!r} and {second!r}", put(fields, b"abcde" + HIDDEN)))
    chunked = "Transfer-Encoding: chunked\r\n"
    end = b"0\r\n\r\n" + HIDDEN
    cases += [
        Case("CL.TE", put("Content-Length: 5\r\n" + chunked, end)),
        Case("TE.CL", put(chunked + "Content-Length: 5\r\n", end)),
        Case("TE twice", put(chunked + chunked, end)),
        Case("TE in HTTP/1.0", request("Host: a\r\n" + chunked, "PUT /x HTTP/1.0", end)),
        Case("TE after a folded line", put("X: a\r\n " + chunked, end)),
        Case("TE with a space before its colon", put("Transfer-Encoding : chunked\r\n", end)),
        Case("TE behind a bare CR", put("X: a\r" + chunked, end)),
        Case("TE behind a bare LF", put("X: a\n" + chunked, end)),
    ]
    codings = ("xchunked", "chunked, chunked", "chunked,", "identity", "gzip, chunked", "chunked; q=1",
               '"chunked"', "chunked identity", "", "chunked\xa0", "cow")  # fmt: skip
    cases += [Case(f"TE {text!r}", put(f"Transfer-Encoding: {text}\r\n", end), NOT_SPOKEN) for text in codings]
    controls = ("chunked\x0b", "\x0bchunked", "chunked\x00", "chun\x7fked", "chunked\x0c")
    return cases + [Case(f"TE {text!r}", put(f"Transfer-Encoding: {text}\r\n", end)) for text in controls]


def lines() -> list[Case]:
    """The syntax of RFC 9112 and 9110, field by field and byte by byte."""
    fields = {
        "folded": "Host: a\r\nX: a\r\n b\r\n", "folded first line": " Host: a\r\n",
        "bare LF": "Host: a\n", "bare CR": "Host: a\r\nX: a\rb\r\n", "NUL": "Host: a\r\nX: a\0b\r\n",
        "space before the colon": "Host: a\r\nX : a\r\n", "tab before the colon": "Host: a\r\nX\t: a\r\n",
        "no name": "Host: a\r\n: a\r\n", "no colon": "Host: a\r\nX\r\n", "name in quotes": 'Host: a\r\n"X": a\r\n',
        "name with 8 bits": "Host: a\r\nX\xe4: a\r\n", "name with a bracket": "Host: a\r\nX(: a\r\n",
        "escape": "Host: a\r\nX: \x1b[2J\r\n", "DEL": "Host: a\r\nX: \x7f\r\n",
    }  # fmt: skip
    first = {
        "no version": "GET /", "two spaces": "GET  / HTTP/1.1", "tab": "GET\t/ HTTP/1.1",
        "space in target": "GET /a b HTTP/1.1", "space at the end": "GET / HTTP/1.1 ",
        "space at the start": " GET / HTTP/1.1", "no slash": "GET x HTTP/1.1", "fragment": "GET /#a HTTP/1.1",
        "small version": "GET / http/1.1", "version 1.10": "GET / HTTP/1.10", "no method": "/ HTTP/1.1",
        "method with a bracket": "GE(T / HTTP/1.1", "method of 33": f"{'G' * 33} / HTTP/1.1",
        "NUL in target": "GET /\0 HTTP/1.1", "DEL in target": "GET /\x7f HTTP/1.1",
        "overlong UTF-8 in target": "GET /\xc0\xae HTTP/1.1", "half a character": "GET /\xc3 HTTP/1.1",
        "CONNECT": "CONNECT a:80 HTTP/1.1", "other scheme": "GET ftp://a/ HTTP/1.1", "*": "GET * HTTP/1.1",
        "\\": "GET \\ HTTP/1.1", "TLS": "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    }  # fmt: skip
    cases = [Case(name, request(text)) for name, text in fields.items()]
    cases += [Case(name, request("Host: a\r\n", text)) for name, text in first.items()]
    return cases + [
        Case("HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", OTHER_VERSION),
        Case("HTTP/0.9", b"GET /\r\n\r\n"), Case("HTTP/3.0", request("Host: a\r\n", "GET / HTTP/3.0"), OTHER_VERSION),
        Case("8-bit value", request("Host: a\r\nX: \xe4\xff\r\n"), UNKNOWN),
        Case("TRACE", request("Host: a\r\n", "TRACE / HTTP/1.1"), UNKNOWN),
        Case("h2c", request("Host: a\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n"), UNKNOWN),
        Case("websocket", request("Host: a\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"), UNKNOWN),
        Case("Expect without a body", request("Host: a\r\nExpect: 100-continue\r\n"), UNKNOWN),
        Case("Expect in HTTP/1.0", request("Host: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n", "PUT /x HTTP/1.0", b"a"), UNKNOWN),
        Case("Expect and no body", put("Expect: 100-continue\r\nContent-Length: 9\r\n"), UNKNOWN),
        Case("another Expect", put("Expect: the-unexpected\r\nContent-Length: 1\r\n", b"a"), UNKNOWN),
        Case("half a head", b"GET / HTTP/1.1\r\nHo", frozenset({CLOSED})),
        Case("nothing", b"", frozenset({CLOSED})), Case("one byte", b"G", frozenset({CLOSED})),
    ]  # fmt: skip


def hosts() -> list[Case]:
    """Whom a request is for."""
    bad = ("a b", "a/b", "user@a", "user:secret@a", "a?b", "a#b", "a\\b", "<a>", '"a"', "a\x80", "a:99999", "a:65536",
           "a:-1", "a:8O", "a:1:2", "a::", "[::1", "::1]", "[::1]:99999", "[a]x", "a:00000000080", "%zz@")  # fmt: skip
    cases = [Case(f"Host {text!r}", request(f"Host: {text}\r\n")) for text in bad]
    cases += [
        Case("no Host", request("X: a\r\n")),
        Case("two Hosts", request("Host: a\r\nHost: b\r\n")),
        Case("two equal Hosts", request("Host: a\r\nHost: a\r\n")),
        Case("two Hosts in one", request("Host: a, b\r\n"), UNKNOWN | {400}),
        Case("a URL and two Hosts", request("Host: a\r\nHost: b\r\n", "GET http://a/ HTTP/1.1")),
    ]
    bad_targets = ("http://user@evil/", "http:///x", "http://a b/", "http://a:99999/", "http://[::1/", "https://a\\b/",
                   'http://"a"/', "http://\xe4/", "http://a@b:80@c/", "http://?x", "http://")  # fmt: skip
    cases += [Case(f"target {text!r}", request("Host: a\r\n", f"GET {text} HTTP/1.1")) for text in bad_targets]
    fine = ("", "a", "a:", "a:0", "a:65535", "[::1]", "[::1]:80", "bucket.localhost.evil", ".localhost", "..localhost",
            "a.localhost:1", "localhost.", "xn--a.localhost", "1.2.3.4", "s3.amazonaws.com", ".s3.amazonaws.com")  # fmt: skip
    cases += [Case(f"Host {text!r}", request(f"Host: {text}\r\n"), UNKNOWN) for text in fine]
    return cases + [Case("a URL of another host", request("Host: a\r\n", "GET http://b:80/c HTTP/1.1"), UNKNOWN)]


def floods(scale: int = 1) -> list[Case]:
    """Too much of everything; `scale` 16 is a megabyte of each."""
    size = 65_536 * scale
    long = "a" * size
    many = "X: a\r\n" * (10_000 * scale)
    return [
        Case("method", request("Host: a\r\n", f"{long} / HTTP/1.1"), LINE_TOO_LONG | {400}),
        Case("target", request("Host: a\r\n", f"GET /{long} HTTP/1.1"), LINE_TOO_LONG),
        Case("query", request("Host: a\r\n", f"GET /?{long} HTTP/1.1"), LINE_TOO_LONG),
        Case("version", request("Host: a\r\n", f"GET / HTTP/1.1{long}"), LINE_TOO_LONG),
        Case("line without end", f"GET /{long}".encode(), LINE_TOO_LONG),
        Case("bytes without end", bytes(size), LINE_TOO_LONG),
        Case("empty lines", b"\r\n" * (size // 2), LINE_TOO_LONG),
        Case("header value", request(f"Host: a\r\nX: {long}\r\n"), FIELDS_TOO_LARGE),
        Case("header name", request(f"Host: a\r\n{long}: a\r\n"), FIELDS_TOO_LARGE),
        Case("header without end", f"GET / HTTP/1.1\r\nHost: a\r\nX: {long}".encode(), FIELDS_TOO_LARGE),
        Case("headers", request("Host: a\r\n" + many), FIELDS_TOO_LARGE),
        Case("headers without end", f"GET / HTTP/1.1\r\nHost: a\r\n{many}".encode(), FIELDS_TOO_LARGE),
        Case("colons", request("Host: a\r\nX" + ":" * size + "\r\n"), FIELDS_TOO_LARGE),
        Case("spaces", request("Host: a\r\nX: " + " " * size + "b\r\n"), FIELDS_TOO_LARGE),
        Case("Host", request(f"Host: {long}\r\n"), FIELDS_TOO_LARGE),
        Case("Connection options", request("Host: a\r\nConnection: " + "a," * (size // 2) + "\r\n"), FIELDS_TOO_LARGE),
    ]  # fmt: skip
