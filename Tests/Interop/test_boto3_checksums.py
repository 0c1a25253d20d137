"""Checksums that S3 verifies and keeps."""

import base64
import hashlib
import zlib
from urllib.parse import quote

import pytest
import requests
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from attacks import forms, wire
from test_boto3_objects import code_of

BODY = b"what is checked is also kept" * 1000


def text(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


CHECKSUMS = {
    "CRC32": text(zlib.crc32(BODY).to_bytes(4, "big")),
    "SHA1": text(hashlib.sha1(BODY).digest()),
    "SHA256": text(hashlib.sha256(BODY).digest()),
}


@pytest.mark.parametrize("algorithm", CHECKSUMS)
def test_a_right_checksum_is_kept_with_the_object(s3, endpoint, key, algorithm):
    field = f"Checksum{algorithm}"
    s3.put_object(
        Bucket=endpoint.bucket, Key=key, Body=BODY, **{field: CHECKSUMS[algorithm]}
    )
    head = s3.head_object(Bucket=endpoint.bucket, Key=key, ChecksumMode="ENABLED")
    assert head[field] == CHECKSUMS[algorithm]


@pytest.mark.parametrize("algorithm", CHECKSUMS)
def test_a_wrong_checksum_is_refused_and_nothing_stored(s3, endpoint, key, algorithm):
    wrong = text(bytes(len(base64.b64decode(CHECKSUMS[algorithm]))))
    with pytest.raises(ClientError) as error:
        s3.put_object(
            Bucket=endpoint.bucket, Key=key, Body=BODY, **{f"Checksum{algorithm}": wrong}
        )
    assert code_of(error) == (400, "BadDigest")
    assert key not in endpoint.keys()


# The check values of the CRC catalogue, for the text "123456789".
CATALOGUED = {
    "CRC32": 0xCBF43926.to_bytes(4, "big"),
    "CRC32C": 0xE3069283.to_bytes(4, "big"),
    "CRC64NVME": 0xAE8B14860A799888.to_bytes(8, "big"),
}


@pytest.mark.parametrize("algorithm", CATALOGUED)
def test_a_crc_is_the_catalogued_one(endpoint, key, algorithm):
    header = f"x-amz-checksum-{algorithm.lower()}"

    def put(digest):
        request = AWSRequest("PUT", f"{endpoint.path_style_url}/{quote(key)}", data=b"123456789")
        request.headers[header] = text(digest)
        S3SigV4Auth(credentials(endpoint), "s3", endpoint.region).add_auth(request)
        headers = dict(request.headers.items())
        return requests.put(request.url, data=request.data, headers=headers, timeout=30)

    assert put(bytes(len(CATALOGUED[algorithm]))).status_code == 400
    sent = put(CATALOGUED[algorithm])
    assert sent.status_code == 200, sent.text
    assert sent.headers[header] == text(CATALOGUED[algorithm])


def test_an_object_without_a_checksum_gets_one(s3, endpoint, key):
    name = {"Bucket": endpoint.bucket, "Key": key}
    url = s3.generate_presigned_url("put_object", Params=name)
    requests.put(url, data=b"123456789", timeout=30).raise_for_status()
    head = s3.head_object(**name, ChecksumMode="ENABLED")
    assert head["ChecksumCRC64NVME"] == text(CATALOGUED["CRC64NVME"])


def credentials(endpoint) -> Credentials:
    return Credentials(endpoint.access_key, endpoint.secret_key)


def test_content_md5_is_checked(s3, endpoint, key):
    right = text(hashlib.md5(BODY).digest())
    s3.put_object(Bucket=endpoint.bucket, Key=key, Body=BODY, ContentMD5=right)
    with pytest.raises(ClientError) as error:
        s3.put_object(Bucket=endpoint.bucket, Key=key, Body=BODY + b"!", ContentMD5=right)
    assert code_of(error) == (400, "BadDigest")
    with pytest.raises(ClientError) as error:
        s3.put_object(Bucket=endpoint.bucket, Key=key, Body=BODY, ContentMD5="no digest")
    assert code_of(error) == (400, "InvalidDigest")
    assert endpoint.stored(key) == BODY


def test_the_etag_is_the_md5_of_the_body(s3, endpoint, key):
    etag = s3.put_object(Bucket=endpoint.bucket, Key=key, Body=BODY)["ETag"]
    assert etag == f'"{hashlib.md5(BODY).hexdigest()}"'


@pytest.mark.parametrize("is_right", [True, False])
def test_a_chunked_body_with_an_unsigned_trailer(endpoint, key, is_right):
    """`aws-chunked` with the checksum after the body, as the SDKs send it over HTTPS."""
    checksum = CHECKSUMS["CRC32"] if is_right else text(bytes(4))
    chunks = [BODY[:8192], BODY[8192:]]
    encoded = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
    encoded += f"0\r\nx-amz-checksum-crc32:{checksum}\r\n\r\n".encode()
    request = AWSRequest(
        "PUT",
        f"{endpoint.path_style_url}/{quote(key)}",
        headers={
            "Content-Encoding": "aws-chunked",
            "X-Amz-Decoded-Content-Length": str(len(BODY)),
            "X-Amz-Trailer": "x-amz-checksum-crc32",
        },
        data=encoded,
    )
    request.context["checksum"] = {
        "request_algorithm": {"in": "trailer", "algorithm": "crc32", "name": "x-amz-checksum-crc32"}
    }
    S3SigV4Auth(credentials(endpoint), "s3", endpoint.region).add_auth(request)
    sent = requests.put(
        request.url, data=encoded, headers=dict(request.headers.items()), timeout=30
    )
    if is_right:
        assert sent.status_code == 200, sent.text
        assert endpoint.stored(key) == BODY
    else:
        assert (sent.status_code, "<Code>BadDigest</Code>" in sent.text) == (400, True)
        assert key not in endpoint.keys()


NEWER = {"MD5": hashlib.md5(BODY).digest(), "SHA512": hashlib.sha512(BODY).digest()}


@pytest.mark.parametrize("name", (*NEWER, "XXHASH64", "XXHASH3", "XXHASH128"))
def test_no_checksum_of_a_form_goes_unread(endpoint, key, name):
    field = f"x-amz-checksum-{name.lower()}"
    form = forms.Form(endpoint, [["eq", "$key", key], ["starts-with", f"${field}", ""]])

    def code(digest: bytes) -> tuple[int, str]:
        body = form.body([("key", key), (field, text(digest))], forms.file_part(BODY))
        [answer] = wire.exchange(endpoint.store, forms.post(endpoint, body))
        return answer.status, answer.code

    if name in NEWER:
        assert code(bytes(len(NEWER[name]))) == (400, "BadDigest")
        assert key not in endpoint.keys()
        assert code(NEWER[name]) == (204, "")
    else:
        assert code(bytes(8)) == (501, "NotImplemented")
        assert key not in endpoint.keys()


@pytest.mark.parametrize("name", NEWER)
def test_a_multipart_upload_has_a_newer_digest_of_its_parts(s3, endpoint, key, name):
    """Sent by hand: not every botocore that can name these algorithms can compute them."""
    digest, field = text(NEWER[name]), f"Checksum{name}"
    target = {"Bucket": endpoint.bucket, "Key": key}
    if name not in s3.meta.service_model.shape_for("ChecksumAlgorithm").enum:
        pytest.skip("this botocore does not know it")
    upload = s3.create_multipart_upload(**target, ChecksumAlgorithm=name)
    named = target | {"UploadId": upload["UploadId"]}
    with pytest.raises(ClientError) as error:
        wrong = text(bytes(len(NEWER[name])))
        s3.upload_part(**named, PartNumber=1, Body=BODY, **{field: wrong})
    assert code_of(error) == (400, "BadDigest")
    part = s3.upload_part(**named, PartNumber=1, Body=BODY, **{field: digest})
    assert part[field] == digest
    parts = [{"PartNumber": 1, "ETag": part["ETag"], field: digest}]
    done = s3.complete_multipart_upload(**named, MultipartUpload={"Parts": parts})
    whole = hashlib.new(name.lower(), NEWER[name]).digest()
    assert (done[field], done["ChecksumType"]) == (f"{text(whole)}-1", "COMPOSITE")
