"""Uploads with curl alone."""

import os

import pytest

import program

STATUS = ["-sS", "--max-time", "60", "-o", os.devnull, "-w", "%{http_code}"]


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo one.jpg"
    path.write_bytes(b"\xff\xd8\xff\xe0" + os.urandom(200_000))
    return path


def curl(*words) -> str:
    done = program.tool("curl", *words)
    assert done.code == 0, done.err
    return done.out


def put_url(endpoint, key, style="path", **params):
    name = {"Bucket": endpoint.bucket, "Key": key}
    return endpoint.s3(style).generate_presigned_url("put_object", Params=name | params)


@pytest.mark.parametrize("style", ["path", "virtual"])
@pytest.mark.parametrize("expect", ["Expect:", "Expect: 100-continue"])
def test_a_presigned_put(endpoint, key, photo, style, expect):
    url = put_url(endpoint, key, style)
    # Not every C library knows the names below .localhost.
    resolve = f"{endpoint.bucket}.localhost:{endpoint.port}:127.0.0.1"
    assert curl(*STATUS, "--resolve", resolve, "-H", expect, "-T", photo, url) == "200"
    assert endpoint.stored(key) == photo.read_bytes()


def test_with_expect_a_refused_body_is_never_sent(endpoint, key, big_file):
    url = put_url(endpoint, key).replace(key, key + "-elsewhere")
    words = ["-sS", "-o", os.devnull, "-w", "%{http_code} %{size_upload}", "-H", "Expect: 100-continue"]
    assert curl(*words, "--expect100-timeout", "20", "-T", big_file, url) == "403 0"


def test_a_put_without_a_length_is_refused(endpoint, key, photo):
    url = put_url(endpoint, key)
    assert curl(*STATUS, "-X", "PUT", url) == "411"
    # S3 names the header that it does not implement, as many captures of its answer show.
    answer = curl("-sS", "-w", "%{http_code}", "-H", "Transfer-Encoding: chunked", "-T", photo, url)
    assert answer.endswith("501")
    assert "<Header>Transfer-Encoding</Header>" in answer


def test_a_put_of_64_mib(endpoint, key, big_file):
    assert curl(*STATUS, "-T", big_file, put_url(endpoint, key)) == "200"
    head = endpoint.s3().head_object(Bucket=endpoint.bucket, Key=key)
    assert head["ContentLength"] == 64 * 1024 * 1024
    endpoint.s3().delete_object(Bucket=endpoint.bucket, Key=key)


@pytest.fixture
def form(s3, endpoint, key):
    made = s3.generate_presigned_post(
        endpoint.bucket, key + "/${filename}", Conditions=[["content-length-range", 1, 1 << 20]]
    )
    fields = [["--form-string", f"{name}={value}"] for name, value in made["fields"].items()]
    return made["url"], sum(fields, [])


def test_a_form_with_the_file_last(endpoint, key, form, photo):
    url, fields = form
    assert curl(*STATUS, *fields, "-F", f"file=@{photo}", url) == "204"
    assert endpoint.stored(key + "/photo one.jpg") == photo.read_bytes()


def test_fields_after_the_file_are_ignored(endpoint, key, form, photo):
    url, fields = form
    late = ["--form-string", "acl=public-read"]
    assert curl(*STATUS, *fields, "-F", f"file=@{photo}", *late, url) == "204"
    assert endpoint.stored(key + "/photo one.jpg") == photo.read_bytes()


def test_a_form_with_its_fields_after_the_file_is_refused(endpoint, key, form, photo):
    url, fields = form
    answer = curl("-sS", "-w", "%{http_code}", "-F", f"file=@{photo}", *fields, url)
    assert "<Code>InvalidArgument</Code>" in answer
    assert answer.endswith("400")
    assert not any(name.startswith(key) for name in endpoint.keys())


def test_a_form_without_a_file_is_refused(form):
    url, fields = form
    answer = curl("-sS", *fields, url)
    assert "POST requires exactly one file upload per request." in answer


def test_a_range_and_head_of_a_presigned_get(s3, endpoint, key):
    s3.put_object(Bucket=endpoint.bucket, Key=key, Body=b"0123456789")
    name = {"Bucket": endpoint.bucket, "Key": key}
    url = s3.generate_presigned_url("get_object", Params=name)
    assert curl("-sS", "-r", "2-4", url) == "234"
    assert curl("-sS", "-r", "-3", url) == "789"
    head = curl("-sS", "-I", s3.generate_presigned_url("head_object", Params=name))
    assert "content-length: 10" in head.lower()


def test_many_requests_share_a_connection(endpoint, key):
    urls = sum([["-o", os.devnull, put_url(endpoint, f"{key}/{n}"), "-T", __file__] for n in range(5)], [])
    counts = curl("-sS", "-w", "%{http_code} %{num_connects}\n", *urls).splitlines()
    assert counts == ["200 1"] + ["200 0"] * 4
