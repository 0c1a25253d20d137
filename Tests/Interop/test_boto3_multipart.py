"""Multipart uploads through boto3."""

import hashlib
import os

import pytest
import requests
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from test_boto3_objects import code_of

PART_BYTES = 5 * 1024 * 1024


@pytest.mark.parametrize("style", ["path", "virtual"])
def test_64_mib_in_parallel_parts_come_back_byte_exact(endpoint, key, big_file, tmp_path, style):
    s3 = endpoint.s3(style)
    parts = TransferConfig(multipart_threshold=1, multipart_chunksize=8 << 20, max_concurrency=4)
    s3.upload_file(str(big_file), endpoint.bucket, key, Config=parts)
    s3.download_file(endpoint.bucket, key, str(tmp_path / "back"), Config=parts)
    assert digest(tmp_path / "back") == digest(big_file)
    head = s3.head_object(Bucket=endpoint.bucket, Key=key)
    assert head["ETag"].endswith('-8"')
    s3.delete_object(Bucket=endpoint.bucket, Key=key)


def digest(path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def upload(s3, endpoint, key):
    """An upload in progress, as the arguments of its calls."""
    made = s3.create_multipart_upload(
        Bucket=endpoint.bucket, Key=key, ContentType="video/mp4", Metadata={"reel": "2"}
    )
    return {"Bucket": endpoint.bucket, "Key": key, "UploadId": made["UploadId"]}


def put_parts(s3, upload, bodies) -> list[dict]:
    return [
        {
            "PartNumber": number,
            "ETag": s3.upload_part(**upload, PartNumber=number, Body=body)["ETag"],
        }
        for number, body in enumerate(bodies, start=1)
    ]


def test_parts_become_one_object_with_the_headers_of_its_creation(s3, endpoint, key, upload):
    bodies = [os.urandom(PART_BYTES), os.urandom(PART_BYTES), b"the rest"]
    parts = put_parts(s3, upload, bodies)
    listed = s3.list_parts(**upload)["Parts"]
    assert [(p["PartNumber"], p["Size"], p["ETag"]) for p in listed] == [
        (p["PartNumber"], len(b), p["ETag"]) for p, b in zip(parts, bodies)
    ]
    assert key not in endpoint.keys(), "the object appears when the upload is complete"
    done = s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    md5s = b"".join(hashlib.md5(body).digest() for body in bodies)
    assert done["ETag"] == f'"{hashlib.md5(md5s).hexdigest()}-3"'
    got = s3.get_object(Bucket=endpoint.bucket, Key=key)
    assert got["Body"].read() == b"".join(bodies)
    assert (got["ContentType"], got["Metadata"]) == ("video/mp4", {"reel": "2"})


def test_a_range_crosses_parts(s3, endpoint, key, upload):
    bodies = [os.urandom(PART_BYTES), os.urandom(1000)]
    parts = put_parts(s3, upload, bodies)
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    asked = f"bytes={PART_BYTES - 10}-{PART_BYTES + 9}"
    got = s3.get_object(Bucket=endpoint.bucket, Key=key, Range=asked)["Body"].read()
    assert got == bodies[0][-10:] + bodies[1][:10]


def test_a_small_part_before_the_last_is_refused(s3, upload):
    parts = put_parts(s3, upload, [b"too small", b"the last"])
    with pytest.raises(ClientError) as error:
        s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    assert code_of(error) == (400, "EntityTooSmall")


def test_a_wrong_part_list_is_refused(s3, upload):
    parts = put_parts(s3, upload, [b"x" * PART_BYTES] * 2)
    wrong_etag = parts[0] | {"ETag": '"00000000000000000000000000000000"'}
    with pytest.raises(ClientError) as error:
        s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": [wrong_etag]})
    assert code_of(error) == (400, "InvalidPart")
    with pytest.raises(ClientError) as error:
        s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts[::-1]})
    assert code_of(error) == (400, "InvalidPartOrder")


def test_an_aborted_upload_is_gone(s3, endpoint, key, upload):
    put_parts(s3, upload, [b"never kept"])
    s3.abort_multipart_upload(**upload)
    with pytest.raises(ClientError) as error:
        s3.upload_part(**upload, PartNumber=2, Body=b"late")
    assert code_of(error) == (404, "NoSuchUpload")
    with pytest.raises(ClientError) as error:
        s3.list_parts(**upload)
    assert code_of(error) == (404, "NoSuchUpload")
    assert key not in endpoint.keys()


def test_parts_can_be_put_with_presigned_urls(s3, endpoint, key, upload):
    bodies = [os.urandom(PART_BYTES), b"end"]
    parts = []
    for number, body in enumerate(bodies, start=1):
        url = s3.generate_presigned_url("upload_part", Params=upload | {"PartNumber": number})
        answer = requests.put(url, data=body, timeout=60)
        assert answer.status_code == 200, answer.text
        parts.append({"PartNumber": number, "ETag": answer.headers["ETag"]})
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    assert endpoint.stored(key) == b"".join(bodies)
