"""URLs and forms that boto3 signed, used by a client that knows no keys."""

import os

import pytest
import requests

BODY = os.urandom(100_000)


def code_in(answer) -> tuple[int, str]:
    code = answer.text.partition("<Code>")[2].partition("</Code>")[0]
    return answer.status_code, code


@pytest.mark.parametrize("style", ["path", "virtual"])
def test_a_presigned_put_get_head_and_delete(endpoint, key, style):
    s3 = endpoint.s3(style)
    name = {"Bucket": endpoint.bucket, "Key": key}
    url = s3.generate_presigned_url("put_object", Params=name | {"ContentType": "image/png"})
    headers = {"Content-Type": "image/png"}
    assert requests.put(url, data=BODY, headers=headers, timeout=30).status_code == 200
    got = requests.get(s3.generate_presigned_url("get_object", Params=name), timeout=30)
    assert (got.content, got.headers["Content-Type"]) == (BODY, "image/png")
    head = requests.head(s3.generate_presigned_url("head_object", Params=name), timeout=30)
    assert head.headers["Content-Length"] == str(len(BODY))
    gone = requests.delete(s3.generate_presigned_url("delete_object", Params=name), timeout=30)
    assert gone.status_code == 204
    assert key not in endpoint.keys()


def test_a_presigned_put_holds_for_what_was_signed_only(s3, endpoint, key):
    name = {"Bucket": endpoint.bucket, "Key": key}
    url = s3.generate_presigned_url("put_object", Params=name | {"ContentType": "image/png"})
    refused = (403, "SignatureDoesNotMatch")
    as_html = requests.put(url, data=BODY, headers={"Content-Type": "text/html"}, timeout=30)
    assert code_in(as_html) == refused
    png = {"Content-Type": "image/png"}
    elsewhere = url.replace("/checks/", "/other/")
    assert code_in(requests.put(elsewhere, data=BODY, headers=png, timeout=30)) == refused
    assert code_in(requests.get(url, headers=png, timeout=30)) == refused
    with_metadata = requests.put(url, data=BODY, headers=png | {"x-amz-meta-a": "1"}, timeout=30)
    assert code_in(with_metadata) == (403, "AccessDenied")
    assert "not signed" in with_metadata.text
    assert key not in endpoint.keys()


def test_a_signed_length_limits_a_put(s3, endpoint, key):
    params = {"Bucket": endpoint.bucket, "Key": key, "ContentLength": 10}
    url = s3.generate_presigned_url("put_object", Params=params)
    longer = requests.put(url, data=b"eleven byte", timeout=30)
    assert code_in(longer) == (403, "SignatureDoesNotMatch")
    assert requests.put(url, data=b"ten bytes!", timeout=30).status_code == 200


@pytest.fixture
def form(s3, endpoint, key):
    """A form for images of 10 to 1000 bytes below one prefix."""
    return s3.generate_presigned_post(
        endpoint.bucket,
        key + "/${filename}",
        Fields={"x-amz-meta-from": "form"},
        Conditions=[
            ["content-length-range", 10, 1000],
            ["starts-with", "$Content-Type", "image/"],
            {"x-amz-meta-from": "form"},
        ],
    )


def post(form, body=b"x" * 100, name="a.png", content_type="image/png", **changed):
    fields = form["fields"] | {"Content-Type": content_type} | changed
    return requests.post(form["url"], data=fields, files={"file": (name, body)}, timeout=30)


@pytest.mark.parametrize("style", ["path", "virtual"])
def test_a_form_stores_its_file(endpoint, key, style):
    form = endpoint.s3(style).generate_presigned_post(endpoint.bucket, key)
    answer = requests.post(
        form["url"], data=form["fields"], files={"file": ("f.bin", BODY)}, timeout=30
    )
    assert answer.status_code == 204, answer.text
    assert answer.headers["ETag"]
    assert endpoint.stored(key) == BODY


def test_a_form_that_keeps_its_policy_is_stored_with_its_fields(s3, endpoint, key, form):
    assert post(form, name="ä b.png").status_code == 204
    head = s3.head_object(Bucket=endpoint.bucket, Key=key + "/ä b.png")
    assert head["ContentType"] == "image/png"
    assert head["Metadata"] == {"from": "form"}
    assert head["ContentLength"] == 100


@pytest.mark.parametrize("size", [10, 1000])
def test_both_ends_of_the_size_range_are_allowed(form, size):
    assert post(form, body=b"x" * size).status_code == 204


REFUSED = {
    "too large": ({"body": b"x" * 1001}, (400, "EntityTooLarge")),
    "too small": ({"body": b"x" * 9}, (400, "EntityTooSmall")),
    "another type": ({"content_type": "text/html"}, (403, "AccessDenied")),
    "another key": ({"key": "elsewhere/a.png"}, (403, "AccessDenied")),
    "a field more": ({"acl": "private"}, (403, "AccessDenied")),
    "another metadata": ({"x-amz-meta-from": "me"}, (403, "AccessDenied")),
    "another policy": ({"policy": "eyJjb25kaXRpb25zIjpbXX0="}, (403, "SignatureDoesNotMatch")),
    "another signature": ({"x-amz-signature": "0" * 64}, (403, "SignatureDoesNotMatch")),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_form_against_its_policy_is_refused(endpoint, key, form, case):
    changed, expected = REFUSED[case]
    before = endpoint.keys()
    assert code_in(post(form, **changed)) == expected
    assert endpoint.keys() == before


def test_a_form_without_a_signed_field_is_refused(endpoint, form):
    fields = {name: value for name, value in form["fields"].items() if name != "x-amz-signature"}
    answer = requests.post(
        form["url"], data=fields | {"Content-Type": "image/png"}, files={"file": b"x" * 99},
        timeout=30,
    )  # fmt: skip
    assert code_in(answer) == (400, "InvalidArgument")


@pytest.mark.parametrize("status", ["200", "201", "204"])
def test_a_form_may_ask_for_its_success_status(s3, endpoint, key, status):
    form = s3.generate_presigned_post(
        endpoint.bucket,
        key,
        Fields={"success_action_status": status},
        Conditions=[{"success_action_status": status}],
    )
    answer = requests.post(form["url"], data=form["fields"], files={"file": BODY}, timeout=30)
    assert answer.status_code == int(status)
    assert ("<PostResponse>" in answer.text) == (status == "201")
