"""multipart/form-data as browsers would never send it. All of it is signed: only the form itself is wrong."""

from .cases import Case
from .forms import BOUNDARY, END, MULTIPART, Form, file_part, part, post, post_chunked

STORE = ("store",)
MALFORMED = frozenset({400})
TAKEN = frozenset({204})


def forms(endpoint, scale: int = 1) -> list[Case]:
    """`scale` 16 is a megabyte of each, and a million parts or chunks."""
    size, many = 65_536 * scale, 62_500 * scale
    form = Form(endpoint, [["starts-with", "$key", "form/"], ["starts-with", "$x-amz-meta-a", ""]])
    named = [("key", "form/a"), ("x-amz-meta-a", "b")]
    good = form.body(named)
    fields = form.body(named, b"", b"")
    long = b"a" * size

    def case(name: str, body: bytes, statuses=MALFORMED, content_type: str = MULTIPART) -> Case:
        return Case(f"form: {name}", post(endpoint, body, content_type), statuses, STORE)

    types = {
        "no boundary": "multipart/form-data", "empty": "multipart/form-data; boundary=", "empty in quotes": 'multipart/form-data; boundary=""',
        "another": "multipart/form-data; boundary=x", "one character more": f"{MULTIPART}y", "one character": "multipart/form-data; boundary=-",
        "of 300": f"multipart/form-data; boundary={'b' * 300}", "of 10,000": f"multipart/form-data; boundary={'b' * 10_000}",
        "open quote": 'multipart/form-data; boundary="x', "two": f"multipart/form-data; boundary=x; boundary={BOUNDARY}",
    }  # fmt: skip
    cases = [case(f"boundary: {name}", good, content_type=text) for name, text in types.items()]
    cases += [case("mixed", good, frozenset({412}), "multipart/mixed; boundary=x"), case("no type", good, frozenset({412}), "text/plain")]
    inner = b"--inner\r\n" + part("file", b"evil") + b"--inner--\r\n"
    cases += [
        case("good", good, TAKEN), case("nothing", b""), case("no end", good[: -len(END)]), case("half an end", good[:-4]),
        case("bare LF", good.replace(b"\r\n", b"\n")), case("boundary only", END), case("boundary without dashes", good.replace(b"\r\n--", b"\r\n")),
        case("the boundary in the content", form.body(named, file_part(f"x\r\n--{BOUNDARY}y\r\n".encode()))),
        case("nearly the boundary, often", form.body(named, file_part(f"\r\n--{BOUNDARY[:-1]}".encode() * (size // 20))), TAKEN),
        case("returns", form.body(named, file_part(b"\r" * size)), TAKEN), case("nested", form.body(named, file_part(inner)), MALFORMED),
        case("nested with another boundary", form.body(named, file_part(inner.replace(BOUNDARY.encode(), b"other"))), TAKEN),
        case("preamble", long + b"\r\n" + good), case("epilogue", good + long * 2), case("small epilogue", good + b"bye", TAKEN),
        case("parts before the file", part("x-ignore-a", "") * many + good), case("parts after the file", form.body(named, None, part("a", "") * many + END)),
        case("a part's head without end", fields + b"--" + BOUNDARY.encode() + b"\r\nContent-Disposition: " + long), case("a field without end", fields + part("a", long)[:-2]),
        case("white space behind a boundary", fields + b"--" + BOUNDARY.encode() + b" " * size), case("a head of many lines", fields + b"--" + BOUNDARY.encode() + b"\r\n" + b"A: b\r\n" * (size // 6)),
        case("huge field", part("x-ignore-a", long) + good), case("fields after the file", form.body([], file_part(), part("key", "form/late") + END)),
        case("two files", form.body(named, file_part() + file_part())), case("file first", file_part() + form.body(named, b"")), case("no file", form.body(named, b"")),
        case("no key", form.body([("x-amz-meta-a", "b")])), case("empty key", form.body([("key", ""), named[1]]), frozenset({403})),
        case("long key", form.body([("key", "form/" + "k" * 1_020), named[1]])), case("two keys", form.body([*named, ("key", "x")]), TAKEN),
        case("two policies", form.body([("policy", "e30="), *named]), frozenset({403})), case("two signatures", form.body([("x-amz-signature", "0" * 64), *named]), frozenset({403})),
        case("expanding file name", form.body([*named, ("x-ignore-a", "${filename}" * 600)], file_part(b"c", f'; filename="{"n" * 9_000}"'))),
    ]  # fmt: skip
    # What the name of a part may look like, and whether it is `file`.
    dispositions = {
        "no name": 'form-data; filename="f"', "empty": "", "attachment": "attachment", "no value": "form-data; name", "a name in another part's head": 'form-data; x="; name=file; y="', "RFC 5987": "form-data; name*=UTF-8''file", "escaped quote": 'form-data; name="fi\\"le"', "NUL": 'form-data; name="file\0"',
        "two names": 'form-data; name="a"; name="file"', "spaces": 'form-data; name="file "', "line end": 'form-data; name="file%0D%0A"', "folded": 'form-data;\r\n name="file"',
    }  # fmt: skip
    cases += [case(f"disposition: {name}", form.body(named, f"--{BOUNDARY}\r\nContent-Disposition: {text}\r\n\r\nx\r\n".encode()), frozenset({400, 403})) for name, text in dispositions.items()]
    # A byte at a time.
    in_chunks = {
        "a file": (form.body(named, file_part(b"c" * many)), TAKEN), "returns for a field": (fields + part("a", "\r" * 20_000)[:-2], MALFORMED),
        "returns for a head": (fields + f"--{BOUNDARY}".encode() + b"\r\n" + b"\r" * 20_000, MALFORMED), "a field without end": (fields + part("a", b"a" * many)[:-2], MALFORMED),
    }  # fmt: skip
    return cases + [Case(f"form in chunks of a byte: {name}", post_chunked(endpoint, body), statuses, STORE) for name, (body, statuses) in in_chunks.items()]


def file_names(endpoint) -> list[tuple[str, str, str]]:
    """Names of files and the key that `form/${filename}` becomes with each."""
    return [
        ("f.txt", "form/f.txt", "plain"), ("../../etc/passwd", "form/passwd", "path"), ("..\\..\\boot.ini", "form/boot.ini", "Windows path"), ("", "form/", "empty"),
        ("/", "form/", "slash"), ("a/", "form/", "ends in a slash"), ("..", "form/..", "dots"), ("${filename}", "form/${filename}", "itself"), ("a%0D%0Ab", "form/a\r\nb", "line end"),
        ("a%22b", 'form/a"b', "quote"), ("a;b", "form/a;b", "semicolon"), ("\u00fc\u0301", "form/\u00fc\u0301", "marks"),
    ]  # fmt: skip


def policies(endpoint) -> list[Case]:
    """Policy documents, signed as they are."""
    from .forms import iso8601

    when = iso8601()
    documents = {
        "nothing": b"", "null": b"null", "array": b"[]", "empty": b"{}", "no conditions": b'{"expiration":"%s"}' % when.encode(), "no expiration": b'{"conditions":[]}', "nested": b"[" * 14_000,
        "number": b'{"expiration":1e999,"conditions":[]}', "conditions in an object": b'{"expiration":"%s","conditions":{}}' % when.encode(), "not UTF-8": b'{"expiration":"\xff","conditions":[]}',
        "offset": b'{"expiration":"2099-01-01T00:00:00+00:00","conditions":[]}', "year 99999": b'{"expiration":"99999-01-01T00:00:00Z","conditions":[]}', "February 30": b'{"expiration":"2099-02-30T00:00:00Z","conditions":[]}',
        "null condition": b'{"expiration":"%s","conditions":[null]}' % when.encode(), "unknown operation": b'{"expiration":"%s","conditions":[["regex","$key",".*"]]}' % when.encode(), "four words": b'{"expiration":"%s","conditions":[["eq","$key","a","b"]]}' % when.encode(),
        "two properties": b'{"expiration":"%s","conditions":[{"a":"b","key":"form/a"}]}' % when.encode(), "number as value": b'{"expiration":"%s","conditions":[{"key":1}]}' % when.encode(), "two documents": b'{"expiration":"%s","conditions":[]}{}' % when.encode(),
    }  # fmt: skip
    cases = [Case(f"policy: {name}", post(endpoint, Form(endpoint, (), document).body([("key", "form/p")])), MALFORMED, STORE) for name, document in documents.items()]
    expired = b'{"expiration":"2001-01-01T00:00:00Z","conditions":[]}'
    nothing = b'{"expiration":"%s","conditions":[]}' % when.encode()
    cases += [Case(f"policy: {name}", post(endpoint, Form(endpoint, (), document).body([("key", "form/p")])), frozenset({403}), STORE) for name, document in (("expired", expired), ("covers nothing", nothing))]
    good = Form(endpoint, [["starts-with", "$key", ""]])
    for text in ("=", "A", "e30", "e30=\n", "e3 0=", "%65%33", "\u0391\u0391\u0391\u0391"):
        good.policy = text
        cases.append(Case(f"policy: Base64 {text!r}", post(endpoint, good.body([("key", "form/p")])), frozenset({403}), STORE))
    return cases
