"""`uploadbench presign`: its output is checked by using it, and against botocore."""

import json
import random
import subprocess
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
import requests
from botocore.config import Config

import program
from test_boto3_presigned import code_in

BODY = b"signed on the command line"


@pytest.fixture
def presign(endpoint):
    def call(*words, at_endpoint=True):
        where = ("--endpoint", endpoint.store) if at_endpoint else ()
        done = program.run(
            "presign", *words, "--bucket", endpoint.bucket, "--region", endpoint.region, *where,
            environment=endpoint.environment,
        )  # fmt: skip
        assert done.code == 0, done.err
        return done.out

    return call


def test_a_put_and_a_get_as_json(presign, endpoint, key):
    signed = json.loads(presign("put", key, "--header", "Content-Type: image/png"))
    sent = requests.put(signed["url"], data=BODY, headers={"Content-Type": "image/png"}, timeout=30)
    assert sent.status_code == 200, sent.text
    assert parse_qs(urlsplit(signed["url"]).query)["X-Amz-Signature"] == [signed["signature"]]
    got = requests.get(json.loads(presign("get", key))["url"], timeout=30)
    assert (got.content, got.headers["Content-Type"]) == (BODY, "image/png")


def test_a_post_as_json_with_its_limits(presign, endpoint, key):
    words = ("--size-range", "5-100", "--starts-with", "Content-Type=image/")
    form = json.loads(presign("post", key + "/${filename}", *words))

    def post(body, content_type):
        fields = form["fields"] | {"Content-Type": content_type}
        return requests.post(form["url"], data=fields, files={"file": ("f", body)}, timeout=30)

    assert code_in(post(b"x" * 101, "image/png")) == (400, "EntityTooLarge")
    assert code_in(post(b"x", "image/png")) == (400, "EntityTooSmall")
    assert code_in(post(BODY, "text/html")) == (403, "AccessDenied")
    assert post(BODY, "image/png").status_code == 204
    assert endpoint.stored(key + "/f") == BODY


@pytest.mark.parametrize("kind", ["put", "post"])
def test_a_curl_line_can_be_typed(presign, endpoint, key, tmp_path, kind):
    path = tmp_path / "it's a file.png"
    path.write_bytes(BODY)
    line = presign(kind, key, "--format", "curl", "--file", path)
    assert line.startswith("curl ")
    done = subprocess.run(["bash", "-c", line], capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert endpoint.stored(key) == BODY


@pytest.mark.parametrize("kind", ["put", "post"])
def test_a_vegeta_target_holds_the_whole_request(presign, endpoint, key, tmp_path, kind):
    import base64

    path = tmp_path / "file.bin"
    path.write_bytes(BODY)
    target = json.loads(presign(kind, key, "--format", "vegeta", "--file", path))
    headers = {name: ",".join(values) for name, values in target.get("header", {}).items()}
    sent = requests.request(
        target["method"], target["url"], headers=headers, data=base64.b64decode(target["body"]),
        timeout=30,
    )  # fmt: skip
    assert sent.status_code in (200, 204), sent.text
    assert endpoint.stored(key) == BODY


def test_an_expired_url_and_one_from_the_future_are_refused(presign, key):
    for time, message in [
        ("20200101T000000Z", "Request has expired"),
        ("20990101T000000Z", "Request is not yet valid"),
    ]:
        url = json.loads(presign("put", key, "--at", time))["url"]
        answer = requests.put(url, data=BODY, timeout=30)
        assert code_in(answer) == (403, "AccessDenied")
        assert message in answer.text


STYLES = {
    "virtual": {"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"},
    "path": {"addressing_style": "path", "us_east_1_regional_endpoint": "regional"},
    "accelerate": {"use_accelerate_endpoint": True},
    "dualstack": {"use_dualstack_endpoint": True, "addressing_style": "virtual"},
}


def boto_client(style, access_key, secret_key, token, region):
    return boto3.client(
        "s3", region_name=region, aws_access_key_id=access_key, aws_secret_access_key=secret_key,
        aws_session_token=token, config=Config(signature_version="s3v4", s3=STYLES[style]),
    )  # fmt: skip


def batch_cases(count=40):
    """Lines for `presign batch`, each with the URL or form that botocore makes of the same."""
    chance = random.Random(20260410)
    letters = "abcXYZ019 /+%&=~!'()*;:@$,?#<>\"\\äß日😀"
    for number in range(count):
        style = list(STYLES)[number % len(STYLES)]
        region = chance.choice(["us-east-1", "eu-west-1", "ap-southeast-2"])
        token = chance.choice([None, "FwoGZXIvYXdzE+/=token"])
        secret = "".join(chance.choices("ABCabc123/+", k=40))
        # Not at the start: clients read a leading slash as a part of the path.
        name = "k" + "".join(chance.choices(letters, k=chance.randint(1, 40)))
        given = ("AKIDEXAMPLE", secret, token, region)
        inputs = {
            "access_key": given[0], "secret_key": secret, "session_token": token, "region": region,
            "bucket": "batch-bucket", "key": name, "style": style, "endpoint_url": None,
            "expires": chance.choice([1, 300, 604800]),
        }  # fmt: skip
        maker = url_case if number % 3 else form_case
        yield maker(f"case-{number}", inputs, boto_client(style, *given))


def url_case(name, inputs, client):
    params = {"ContentType": "image/png", "Metadata": {"a": "b c"}}
    where = {"Bucket": inputs["bucket"], "Key": inputs["key"]}
    url = client.generate_presigned_url("put_object", where | params, inputs["expires"])
    query = parse_qs(urlsplit(url).query)
    inputs |= {"params": params, "extra_headers": [], "amz_date": query["X-Amz-Date"][0]}
    line = {"id": name, "kind": "url", "inputs": inputs, "request": None}
    return line, {"signature": query["X-Amz-Signature"][0], "host": urlsplit(url).netloc}


def form_case(name, inputs, client):
    fields = {"Content-Type": "image/png", "x-amz-meta-a": "b c"}
    conditions = [{"Content-Type": "image/png"}, ["starts-with", "$x-amz-meta-a", "b"]]
    conditions.append(["content-length-range", 1, 1 << 20])
    form = client.generate_presigned_post(
        inputs["bucket"], inputs["key"], dict(fields), list(conditions), inputs["expires"]
    )
    date = form["fields"]["x-amz-date"]
    inputs |= {"fields": fields, "conditions": conditions, "amz_date": date}
    inputs["now"] = (
        f"{date[:4]}-{date[4:6]}-{date[6:8]}T{date[9:11]}:{date[11:13]}:{date[13:15]}Z"
    )
    line = {"id": name, "kind": "post", "inputs": inputs, "request": None}
    expected = {"signature": form["fields"]["x-amz-signature"], "host": urlsplit(form["url"]).netloc}
    return line, expected


def test_a_batch_signs_as_botocore_does():
    cases = list(batch_cases())
    done = program.run("presign", "batch", stdin="".join(json.dumps(line) + "\n" for line, _ in cases))
    answers = [json.loads(line) for line in done.out.splitlines()]
    assert [answer["id"] for answer in answers] == [line["id"] for line, _ in cases]
    for answer, (line, expected) in zip(answers, cases):
        style = line["inputs"]["style"]
        assert "error" not in answer, (answer, line)
        assert urlsplit(answer["url"]).netloc == expected["host"], (style, answer["url"])
        if line["kind"] == "url":
            assert answer["signature"] == expected["signature"], line["inputs"]
        else:
            fields = {name.lower() for name in answer["fields"]}
            assert {"key", "policy", "x-amz-signature", "content-type"} <= fields
            assert answer["signature"] == expected["signature"], line["inputs"]
    assert done.code == 0


def vector_lines():
    """The cases of both files as `presign batch` reads them, with the signature of each."""
    for kind, name in (("url", "presigned_urls"), ("post", "presigned_posts")):
        for case in json.loads((program.VECTORS / f"{name}.json").read_text())["cases"]:
            line = {"id": case["id"], "kind": kind, "inputs": case["inputs"]}
            yield line | {"request": case.get("request")}, case["expected"]


def test_a_batch_signs_every_vector():
    cases = list(vector_lines())
    lines = [json.dumps(line) for line, _ in cases]
    done = program.run("presign", "batch", stdin="\n".join(lines) + "\n")
    assert len(cases) >= 200
    answers = [json.loads(line) for line in done.out.splitlines()]
    assert len(answers) == len(cases)
    wrong = [
        answer
        for answer, (line, expected) in zip(answers, cases)
        if answer["id"] != line["id"] or answer.get("signature") != expected["signature"]
    ]
    assert not wrong


def test_a_line_that_cannot_be_signed_answers_with_its_error_and_the_rest_go_on():
    (first, _), (second, _), (third, _) = list(batch_cases(3))
    second["inputs"]["expires"] = 604_801
    lines = [json.dumps(first), json.dumps(second), json.dumps(third), '{"id": "cut", "kind": "ur']
    done = program.run("presign", "batch", stdin="\n".join(lines))
    answers = [json.loads(line) for line in done.out.splitlines()]
    assert len(answers) == 4
    assert ["error" in answer for answer in answers] == [False, True, False, True]
    assert answers[1]["id"] == second["id"]
    assert done.code == 1
    assert len(done.err.splitlines()) == 1
    assert first["inputs"]["secret_key"] not in done.text


@pytest.mark.parametrize("params", [[1], "text", 1, True])
def test_params_of_a_wrong_type_are_an_error_of_the_line(params):
    line, _ = next(case for case in batch_cases() if case[0]["kind"] == "url")
    line["inputs"]["params"] = params
    done = program.run("presign", "batch", stdin=json.dumps(line) + "\n")
    assert done.code == 1 and "'params' must be an object" in done.out


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [("url", "session_token", 5), ("url", "style", 5), ("url", "botocore_s3_config", [1]), ("url", "endpoint_url", 1),
     ("post", "conditions", {"content-length-range": [0, 10]}), ("post", "conditions", "x")],
)  # fmt: skip
def test_what_cannot_be_read_is_not_left_out_of_what_is_signed(kind, name, value):
    line, _ = next(case for case in batch_cases() if case[0]["kind"] == kind)
    line["inputs"][name] = value
    done = program.run("presign", "batch", stdin=json.dumps(line) + "\n")
    assert done.code == 1 and f"'{name}' must be" in done.out
