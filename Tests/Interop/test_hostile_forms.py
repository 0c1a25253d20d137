"""Forms that try to get past their policy, or to break the store; a signed policy is all the attacker has."""

import json
import re
import time
from urllib.parse import parse_qs, urlsplit

import pytest

from attacks import forms, signing, wire
from endpoint import Endpoint


def send(endpoint, body: bytes, **head) -> wire.Answer:
    answers = wire.exchange(endpoint.store, forms.post(endpoint, body, **head))
    assert len(answers) == 1
    return answers[0]


def fetch(endpoint, key: str) -> wire.Answer:
    path = f"/{endpoint.bucket}/{signing.encode(key)}"
    target = signing.Signer(endpoint).presign("GET", path, "127.0.0.1")
    request = f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
    return wire.exchange(endpoint.store, request)[0]


# Text that Unicode, but not HTTP, holds for the same: the Kelvin sign's lower case is k.
KELVIN = "\u212a"


@pytest.mark.parametrize(
    "fields",
    (
        [(f"{KELVIN}ey", "users/bench/"), ("key", "users/other/a")],
        [("key", "users/other/a"), (f"{KELVIN}ey", "users/bench/")],
        [("key", "users/other/a"), ("key", "users/bench/a")],
        [("key", "users/other/a"), ("Key ", "users/bench/a")],
        [("key", "users/other/a"), ("key\u0000", "users/bench/a")],
        [("key", "users/bench/a"), (f"x-ignore-\u0301{KELVIN}", "")],
    ),
)
def test_no_other_field_stands_for_the_key(endpoint, fields):
    form = forms.Form(endpoint, [["starts-with", "$key", "users/bench/"]])
    answer = send(endpoint, form.body(fields))
    assert (answer.status, answer.code) == (403, "AccessDenied")
    assert "users/other/a" not in endpoint.keys()


def test_a_repeated_field_is_stored_as_the_policy_saw_it(endpoint, key):
    """Some have the first, some the last of them in their hands."""
    conditions = [["eq", "$key", key], ["starts-with", "$x-amz-storage-class", "STANDARD"],
                  ["starts-with", "$Content-Type", "image/"]]  # fmt: skip
    form = forms.Form(endpoint, conditions)
    classes = [("x-amz-storage-class", "STANDARD"), ("x-amz-storage-class", "GLACIER")]
    types = [("Content-Type", "image/png"), ("content-type", "image/gif")]
    answer = send(endpoint, form.body([("key", key), *types, *classes]))
    assert (answer.status, answer.code) == (400, "InvalidStorageClass")
    assert send(endpoint, form.body([("key", key), *types, *classes[:1]])).status == 204
    assert fetch(endpoint, key).field("Content-Type") == "image/png,image/gif"


@pytest.mark.parametrize("types", ("image/png,text/html", "image/png,\u0301text/html", ",image/png"))
def test_every_content_type_of_a_list_is_held_to_the_policy(endpoint, key, types):
    conditions = [["eq", "$key", key], ["starts-with", "$Content-Type", "image/"]]
    answer = send(endpoint, forms.Form(endpoint, conditions).body([("key", key), ("Content-Type", types)]))
    assert (answer.status, answer.code) == (403, "AccessDenied")


@pytest.mark.parametrize(
    "ranges, status, code",
    (
        ([[0, 3], [7, 9]], 400, "EntityTooLarge"),
        ([[7, 9], [0, 3]], 400, "EntityTooLarge"),
        ([[0, 9], [8, 9]], 400, "EntityTooSmall"),
        ([[-5, 9]], 204, ""),
        ([[0, 9_223_372_036_854_775_807]], 204, ""),
        ([[-9_223_372_036_854_775_808, 3]], 400, "EntityTooLarge"),
        ([[9, 3]], 403, "AccessDenied"),
        ([["0", "7"]], 204, ""),
        ([["0", "9223372036854775808"]], 403, "AccessDenied"),
        ([[0, 9_223_372_036_854_775_808]], 400, "InvalidPolicyDocument"),
        ([[0, 1e3]], 400, "InvalidPolicyDocument"),
        ([[0, None]], 400, "InvalidPolicyDocument"),
        ([[[], {}]], 400, "InvalidPolicyDocument"),
    ),
)
def test_the_size_is_within_every_range(endpoint, key, ranges, status, code):
    conditions = [["eq", "$key", key], *(["content-length-range", *bounds] for bounds in ranges)]
    form = forms.Form(endpoint, conditions)
    answer = send(endpoint, form.body([("key", key)], forms.file_part(b"7 bytes")))
    assert (answer.status, answer.code) == (status, code)
    assert (key in endpoint.keys()) == (status == 204)


@pytest.mark.parametrize("suffix", ("%0D%0Aset-cookie: evil=1%0D%0Ax", " ", ":", "\u00e4", "(", "\x00"))
def test_a_metadata_name_cannot_add_a_field_to_an_answer(endpoint, key, suffix):
    name = f"x-amz-meta-a{suffix}"
    spelled = name.replace("%0D", "\r").replace("%0A", "\n")
    form = forms.Form(endpoint, [["eq", "$key", key], ["starts-with", f"${spelled}", ""]])
    answer = send(endpoint, form.body([("key", key), (name, "v")]))
    assert (answer.status, answer.code) == (400, "InvalidArgument")
    # The same, moved into the query as the JavaScript SDK does with headers.
    host, path = "127.0.0.1", f"/{endpoint.bucket}/{signing.encode(key)}"
    target = signing.Signer(endpoint).presign("PUT", path, host, query=[(spelled, "v")])
    request = f"PUT {target} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\n\r\n".encode()
    [answer] = wire.exchange(endpoint.store, request)
    assert (answer.status, answer.code) == (400, "InvalidArgument")


def test_a_metadata_value_cannot_add_a_field_to_an_answer(endpoint, key):
    form = forms.Form(endpoint, [["eq", "$key", key], ["starts-with", "$x-amz-meta-a", ""]])
    assert send(endpoint, form.body([("key", key), ("x-amz-meta-a", "b\r\nset-cookie: c")])).status == 204
    stored = fetch(endpoint, key)
    assert stored.field("set-cookie") is None
    assert stored.field("x-amz-meta-a") == "b  set-cookie: c"


ODD_KEYS = {
    "a header": "form/a\r\nset-cookie: evil=1\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
    "control characters": "form/\x01\x08\t\x0b\x1b[2J\x1f\x7f\u0085\u2028.",
    "NUL": "form/a\x00b",
    "markup": "form/</Key><Key>other</Key>&amp;&#10;]]>\"'",
    "white space": "form/ \r \n ",
}


def written(key: str) -> str:
    """As S3 writes a key into XML: control characters as references, though few parsers take all of them."""
    text = key.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    return "".join(f"&#{ord(c)};" if ord(c) < 0x20 and c != "\n" else c for c in text)


@pytest.fixture(scope="module")
def logged(tmp_path_factory):
    """A store with all that a key could get into: a folder and a log."""
    folder = tmp_path_factory.mktemp("logged")
    with Endpoint(folder, "--store", f"dir:{folder}/objects", "--log", str(folder / "log")) as running:
        running.folder = folder
        yield running


@pytest.mark.parametrize("odd", ODD_KEYS.values(), ids=ODD_KEYS)
@pytest.mark.parametrize("more", ([], [("success_action_status", "201")], [("success_action_redirect", "http://a/b?c")]))
def test_a_key_of_any_bytes_is_a_key_and_nothing_else(logged, odd, more):
    """S3 takes them all (S3 User Guide, "Object key naming guidelines")."""
    form = forms.Form(logged, [["starts-with", "$key", "form/"], *({name: value} for name, value in more)])
    answer = send(logged, form.body([("key", odd), *more]))
    assert answer.status == {"": 204, "success_action_status": 201, "success_action_redirect": 303}[more[0][0] if more else ""]
    names = {line.split(":", 1)[0].lower() for line in answer.head.split("\r\n")[1:]}
    assert names <= {
        "x-amz-id-2", "x-amz-request-id", "etag", "location", "content-type", "content-length", "date", "server",
        "x-amz-server-side-encryption", "x-amz-checksum-crc64nvme", "x-amz-checksum-type",
    }  # fmt: skip
    place = answer.field("Location")
    if answer.status == 303:
        assert parse_qs(urlsplit(place).query)["key"] == [odd]
    else:
        assert urlsplit(place).path == f"/{logged.bucket}/{signing.encode(odd)}"
    if answer.status == 201:
        assert f"<Key>{written(odd)}</Key>" in answer.text and f"<Location>{place}</Location>" in answer.text

    signer, path = signing.Signer(logged), f"/{logged.bucket}"
    listing = f"GET {signer.presign('GET', path, '127.0.0.1')} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
    [listed] = wire.exchange(logged.store, listing)
    assert f"<Key>{written(odd)}</Key>" in listed.text
    assert logged.keys() == {odd}
    assert fetch(logged, odd).body == b"content"
    [stored] = (logged.folder / "objects").iterdir()
    assert re.fullmatch("[0-9a-f-]+", stored.name)

    logged.s3().delete_object(Bucket=logged.bucket, Key=odd)
    missing = fetch(logged, odd)
    assert (missing.status, missing.code) == (404, "NoSuchKey")
    assert f"<Key>{written(odd)}</Key>" in missing.text
    for line in (logged.folder / "log").read_bytes().splitlines():
        json.loads(line)


def test_the_address_of_a_redirect_cannot_add_a_field_to_the_answer(endpoint, key):
    address = ("success_action_redirect", "http://a/\r\nset-cookie: evil=1\r\n\r\nbody")
    form = forms.Form(endpoint, [["eq", "$key", key], ["starts-with", "$success_action_redirect", ""]])
    answer = send(endpoint, form.body([("key", key), address]))
    # It is no URL, and so is ignored.
    assert answer.status == 204
    assert answer.field("set-cookie") is None
    assert "evil" not in answer.head


@pytest.mark.parametrize("start", (b"--b\r\n", b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n'))
def test_a_form_a_byte_at_a_time_does_not_keep_the_store_from_others(endpoint, start):
    """Of each return in it a boundary could be the rest: it is not looked at again for each byte that follows."""
    body = start + b"\r" * 20_000
    head = (
        f"POST /{endpoint.bucket} HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\n"
        "Transfer-Encoding: chunked\r\n\r\n"
    )

    def seconds(text: bytes) -> float:
        began = time.monotonic()
        [answer] = wire.exchange(endpoint.store, head.encode() + forms.byte_chunks(text))
        assert (answer.status, answer.code) == (400, "MalformedPOSTRequest")
        return time.monotonic() - began

    assert seconds(body) < 4 * seconds(body.replace(b"\r" * 20_000, b"a" * 20_000)) + 0.5
