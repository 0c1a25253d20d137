"""ListObjectsV2 and the bucket itself through boto3."""

import pytest
import requests
from botocore.exceptions import ClientError

from test_boto3_objects import code_of

NAMES = ["a.txt", "b/1.txt", "b/2.txt", "b/c/3.txt", "d e/4.txt", "ß.txt"]


@pytest.fixture(scope="module")
def prefix(s3, endpoint):
    for name in NAMES:
        s3.put_object(Bucket=endpoint.bucket, Key=f"listing/{name}", Body=name.encode())
    return "listing/"


def test_all_keys_come_in_byte_order_with_size_and_etag(s3, endpoint, prefix):
    listed = s3.list_objects_v2(Bucket=endpoint.bucket, Prefix=prefix)
    assert [entry["Key"] for entry in listed["Contents"]] == [prefix + name for name in NAMES]
    assert [entry["Size"] for entry in listed["Contents"]] == [len(n.encode()) for n in NAMES]
    assert all(entry["ETag"].startswith('"') for entry in listed["Contents"])
    assert listed["KeyCount"] == len(NAMES)
    assert listed["IsTruncated"] is False


def test_a_delimiter_gathers_folders(s3, endpoint, prefix):
    listed = s3.list_objects_v2(Bucket=endpoint.bucket, Prefix=prefix, Delimiter="/")
    assert [entry["Key"] for entry in listed["Contents"]] == [prefix + "a.txt", prefix + "ß.txt"]
    assert [p["Prefix"] for p in listed["CommonPrefixes"]] == [prefix + "b/", prefix + "d e/"]


@pytest.mark.parametrize("page", [1, 2, 5])
def test_pages_together_are_the_whole(s3, endpoint, prefix, page):
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=endpoint.bucket, Prefix=prefix, PaginationConfig={"PageSize": page}
    )
    listed = [[entry["Key"] for entry in part["Contents"]] for part in pages]
    assert all(len(part) <= page for part in listed)
    assert sum(listed, []) == [prefix + name for name in NAMES]


def test_folders_come_once_across_pages(s3, endpoint, prefix):
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=endpoint.bucket, Prefix=prefix, Delimiter="/", PaginationConfig={"PageSize": 1}
    )
    folders = [p["Prefix"] for part in pages for p in part.get("CommonPrefixes", [])]
    assert folders == [prefix + "b/", prefix + "d e/"]


def test_start_after_skips(s3, endpoint, prefix):
    listed = s3.list_objects_v2(
        Bucket=endpoint.bucket, Prefix=prefix, StartAfter=prefix + "b/2.txt"
    )
    assert [entry["Key"] for entry in listed["Contents"]] == [prefix + n for n in NAMES[3:]]


def test_nothing_below_a_prefix_is_an_empty_list(s3, endpoint):
    listed = s3.list_objects_v2(Bucket=endpoint.bucket, Prefix="nothing/here/")
    assert listed["KeyCount"] == 0
    assert "Contents" not in listed


def test_head_bucket_tells_whether_it_is_there(s3, endpoint):
    s3.head_bucket(Bucket=endpoint.bucket)
    with pytest.raises(ClientError) as error:
        s3.head_bucket(Bucket="no-such-bucket-here")
    assert code_of(error)[0] == 404


def test_cors_rules_decide_preflights_and_headers(s3, endpoint, key):
    rules = [
        {
            "AllowedOrigins": ["https://app.example"],
            "AllowedMethods": ["PUT", "GET"],
            "AllowedHeaders": ["content-type"],
            "ExposeHeaders": ["ETag"],
            "MaxAgeSeconds": 600,
        }
    ]
    try:
        before = s3.get_bucket_cors(Bucket=endpoint.bucket)["CORSRules"]
    except ClientError:
        before = None
    s3.put_bucket_cors(Bucket=endpoint.bucket, CORSConfiguration={"CORSRules": rules})
    try:
        assert s3.get_bucket_cors(Bucket=endpoint.bucket)["CORSRules"] == rules
        check_preflights(f"{endpoint.path_style_url}/{key}")
    finally:
        if before:
            s3.put_bucket_cors(Bucket=endpoint.bucket, CORSConfiguration={"CORSRules": before})
        else:
            s3.delete_bucket_cors(Bucket=endpoint.bucket)


def check_preflights(url):
    asked = {"Access-Control-Request-Method": "PUT"}
    allowed = requests.options(
        url,
        headers=asked
        | {"Origin": "https://app.example", "Access-Control-Request-Headers": "content-type"},
        timeout=30,
    )
    assert allowed.status_code == 200
    assert allowed.headers["Access-Control-Allow-Origin"] == "https://app.example"
    assert allowed.headers["Access-Control-Allow-Methods"] == "PUT, GET"
    assert allowed.headers["Access-Control-Allow-Headers"] == "content-type"
    assert allowed.headers["Access-Control-Max-Age"] == "600"
    refused = requests.options(url, headers=asked | {"Origin": "https://evil.example"}, timeout=30)
    assert refused.status_code == 403
    assert "<Code>AccessForbidden</Code>" in refused.text
    actual = requests.get(url, headers={"Origin": "https://app.example"}, timeout=30)
    assert actual.headers["Access-Control-Expose-Headers"] == "ETag"
