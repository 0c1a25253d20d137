"""Single objects through boto3."""

import os
import time

import pytest
import requests
from botocore.exceptions import ClientError

ODD_NAMES = [
    "plain.txt",
    "with space",
    "plus+sign",
    "per%20cent",
    "slash//double",
    "grüße-日本語-😀",
    "quotes'\"&<>",
    "tilde~!*()=:@,;$",
    "k" * 900,
]


def code_of(error) -> tuple[int, str]:
    response = error.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]


@pytest.mark.parametrize("style", ["path", "virtual"])
@pytest.mark.parametrize("size", [0, 1, 70_000, 5_000_000])
def test_an_object_comes_back_byte_exact(endpoint, key, style, size):
    s3 = endpoint.s3(style)
    body = os.urandom(size)
    put = s3.put_object(Bucket=endpoint.bucket, Key=key, Body=body)
    got = s3.get_object(Bucket=endpoint.bucket, Key=key)
    assert got["Body"].read() == body
    assert got["ContentLength"] == size
    assert got["ETag"] == put["ETag"]


@pytest.mark.parametrize("style", ["path", "virtual"])
@pytest.mark.parametrize("name", ODD_NAMES, ids=range(len(ODD_NAMES)))
def test_a_key_is_its_bytes(endpoint, style, name):
    s3 = endpoint.s3(style)
    key = f"odd/{style}/{name}"
    s3.put_object(Bucket=endpoint.bucket, Key=key, Body=name.encode())
    assert s3.get_object(Bucket=endpoint.bucket, Key=key)["Body"].read() == name.encode()
    listed = s3.list_objects_v2(Bucket=endpoint.bucket, Prefix=key)
    assert [entry["Key"] for entry in listed["Contents"]] == [key]


def test_a_key_over_1024_bytes_is_refused(s3, endpoint):
    with pytest.raises(ClientError) as error:
        s3.put_object(Bucket=endpoint.bucket, Key="k" * 1025, Body=b"x")
    assert code_of(error) == (400, "KeyTooLongError")


def test_head_and_get_return_what_put_was_told(s3, endpoint, key):
    before = time.time() - 2
    s3.put_object(
        Bucket=endpoint.bucket, Key=key, Body=b"told", ContentType="image/webp",
        CacheControl="max-age=60", ContentDisposition='attachment; filename="a b.webp"',
        ContentLanguage="de", Metadata={"album": "holiday", "order": "7"},
    )  # fmt: skip
    for answer in (
        s3.head_object(Bucket=endpoint.bucket, Key=key),
        s3.get_object(Bucket=endpoint.bucket, Key=key),
    ):
        assert answer["ContentType"] == "image/webp"
        assert answer["CacheControl"] == "max-age=60"
        assert answer["ContentDisposition"] == 'attachment; filename="a b.webp"'
        assert answer["ContentLanguage"] == "de"
        assert answer["Metadata"] == {"album": "holiday", "order": "7"}
        assert answer["ContentLength"] == 4
        assert before <= answer["LastModified"].timestamp() <= time.time() + 2


def test_put_replaces_and_delete_removes(s3, endpoint, key):
    for body in (b"first", b"second, longer"):
        s3.put_object(Bucket=endpoint.bucket, Key=key, Body=body)
        assert endpoint.stored(key) == body
    for _ in range(2):  # S3 answers 204 whether or not there was an object.
        deleted = s3.delete_object(Bucket=endpoint.bucket, Key=key)
        assert deleted["ResponseMetadata"]["HTTPStatusCode"] == 204
    with pytest.raises(ClientError) as error:
        s3.get_object(Bucket=endpoint.bucket, Key=key)
    assert code_of(error) == (404, "NoSuchKey")
    with pytest.raises(ClientError) as error:
        s3.head_object(Bucket=endpoint.bucket, Key=key)
    assert code_of(error) == (404, "404")


def test_many_objects_are_deleted_at_once(s3, endpoint, key):
    names = [f"{key}/{number} & <ü>" for number in range(3)]
    for name in names:
        s3.put_object(Bucket=endpoint.bucket, Key=name, Body=b"x")
    asked = {"Objects": [{"Key": name} for name in [*names, f"{key}/never was"]]}
    deleted = s3.delete_objects(Bucket=endpoint.bucket, Delete=asked)
    assert len(deleted["Deleted"]) == 4
    assert not endpoint.keys() & set(names)


@pytest.mark.parametrize(
    "asked, first, last",
    [("bytes=0-9", 0, 9), ("bytes=90-", 90, 99), ("bytes=-5", 95, 99), ("bytes=50-500", 50, 99)],
)
def test_a_range_returns_just_those_bytes(s3, endpoint, key, asked, first, last):
    body = bytes(range(100))
    s3.put_object(Bucket=endpoint.bucket, Key=key, Body=body)
    got = s3.get_object(Bucket=endpoint.bucket, Key=key, Range=asked)
    assert got["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert got["ContentRange"] == f"bytes {first}-{last}/100"
    assert got["Body"].read() == body[first : last + 1]


def test_a_range_beyond_the_end_is_refused(s3, endpoint, key):
    s3.put_object(Bucket=endpoint.bucket, Key=key, Body=b"short")
    with pytest.raises(ClientError) as error:
        s3.get_object(Bucket=endpoint.bucket, Key=key, Range="bytes=5-9")
    assert code_of(error) == (416, "InvalidRange")


def test_a_put_on_condition_that_nothing_is_there_happens_once(s3, endpoint, key):
    s3.put_object(Bucket=endpoint.bucket, Key=key, Body=b"mine", IfNoneMatch="*")
    with pytest.raises(ClientError) as error:
        s3.put_object(Bucket=endpoint.bucket, Key=key, Body=b"theirs", IfNoneMatch="*")
    assert code_of(error) == (412, "PreconditionFailed")
    assert endpoint.stored(key) == b"mine"


def test_a_put_on_condition_of_an_etag_needs_that_etag(s3, endpoint, key):
    etag = s3.put_object(Bucket=endpoint.bucket, Key=key, Body=b"one")["ETag"]
    s3.put_object(Bucket=endpoint.bucket, Key=key, Body=b"two", IfMatch=etag)
    with pytest.raises(ClientError) as error:
        s3.put_object(Bucket=endpoint.bucket, Key=key, Body=b"three", IfMatch=etag)
    assert code_of(error) == (412, "PreconditionFailed")
    assert endpoint.stored(key) == b"two"


def test_a_get_on_condition_answers_304_or_412(s3, endpoint, key):
    etag = s3.put_object(Bucket=endpoint.bucket, Key=key, Body=b"one")["ETag"]
    assert s3.get_object(Bucket=endpoint.bucket, Key=key, IfMatch=etag)["Body"].read() == b"one"
    with pytest.raises(ClientError) as error:
        s3.get_object(Bucket=endpoint.bucket, Key=key, IfNoneMatch=etag)
    assert code_of(error)[0] == 304
    with pytest.raises(ClientError) as error:
        s3.get_object(Bucket=endpoint.bucket, Key=key, IfMatch='"00000000000000000000000000000000"')
    assert code_of(error) == (412, "PreconditionFailed")


@pytest.mark.parametrize(
    "secret, access, expected",
    [("wrong" * 8, "", "SignatureDoesNotMatch"), ("", "AKIAUNKNOWN", "InvalidAccessKeyId")],
)
def test_wrong_credentials_are_refused(endpoint, key, secret, access, expected):
    s3 = endpoint.s3(access_key=access, secret_key=secret)
    with pytest.raises(ClientError) as error:
        s3.put_object(Bucket=endpoint.bucket, Key=key, Body=b"x")
    assert code_of(error) == (403, expected)
    assert key not in endpoint.keys()


def test_a_request_without_a_signature_is_refused(endpoint, key):
    answer = requests.put(f"{endpoint.path_style_url}/{key}", data=b"x", timeout=30)
    assert answer.status_code == 403
    assert "<Code>AccessDenied</Code>" in answer.text
    assert answer.headers["Content-Type"] == "application/xml"
    assert answer.headers["x-amz-request-id"]


def test_a_bucket_that_is_not_there_is_said_so(s3):
    with pytest.raises(ClientError) as error:
        s3.get_object(Bucket="no-such-bucket-here", Key="k")
    assert code_of(error) == (404, "NoSuchBucket")
