"""`doctor`: what it finds at the embedded endpoint, at one that lacks something, and at none."""

import json

import program
import pytest
from endpoint import Endpoint

ORIGIN = "https://app.example"
STRATEGIES = "presigned-put,presigned-post,presigned-multipart"


def doctor(*words, environment=None) -> tuple[dict, program.Ended]:
    """The checks by their names; the report must never hold a secret."""
    done = program.run("doctor", "--format", "json", *words, environment=environment)
    report = json.loads(done.out)
    return {check["id"]: check for check in report["checks"]}, done


def at(endpoint, *more) -> tuple:
    return (
        "--target", endpoint.store, "--bucket", endpoint.bucket, "--region", endpoint.region,
        "--scenarios", STRATEGIES, *more,
    )  # fmt: skip


def test_the_embedded_endpoint_is_well():
    checks, done = doctor()
    assert done.code == 0
    assert {check["outcome"] for name, check in checks.items() if not name.endswith("-tls")} == {"pass"}
    for strategy in ("proxy-json", "edge-redirect", "accelerated-multipart", "cors-put", "policy-size", "expiry"):
        assert strategy in checks


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with Endpoint(tmp_path_factory.mktemp("doctor")) as endpoint:
        yield endpoint


def test_a_page_that_is_not_let_in_gets_rules_to_paste(store):
    s3 = store.s3()
    rule = {"AllowedOrigins": ["https://other.example"], "AllowedMethods": ["PUT"]}
    s3.put_bucket_cors(Bucket=store.bucket, CORSConfiguration={"CORSRules": [rule]})
    checks, done = doctor(*at(store, "--origin", ORIGIN), environment=store.environment)
    assert done.code == 1
    for name in ("cors-put", "cors-post", "cors-etag"):
        assert checks[name]["outcome"] == "fail", checks[name]
    # What is pasted makes it well.
    text = "".join(line.strip() for line in checks["cors-put"]["advice"] if line.startswith("  ") and "aws " not in line)
    s3.put_bucket_cors(Bucket=store.bucket, CORSConfiguration=json.loads(text))
    checks, done = doctor(*at(store, "--origin", ORIGIN), environment=store.environment)
    assert done.code == 0, done.out
    assert store.keys() == set()


def test_wrong_keys_are_named_by_their_source_and_never_shown(store):
    wrong = store.environment | {"AWS_SECRET_ACCESS_KEY": "nobody/should+see-this"}
    checks, done = doctor(*at(store), environment=wrong)
    assert done.code == 1 and "nobody/should" not in done.text
    assert "SignatureDoesNotMatch" in checks["put"]["detail"]
    assert "the environment (AWS_ACCESS_KEY_ID)" in checks["put"]["advice"][0]
    for name in ("get", "delete", "rate"):
        assert checks[name]["outcome"] == "not-tried"


def test_a_bucket_that_is_not_there_is_named(store):
    words = [word if word != store.bucket else "another" for word in at(store)]
    checks, done = doctor(*words, environment=store.environment)
    assert done.code == 1
    assert "NoSuchBucket" in checks["put"]["detail"] and "another" in checks["put"]["advice"][0]


def test_a_target_that_is_not_there_is_unavailable():
    keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    checks, done = doctor("--target", "http://127.0.0.1:9", "--bucket", "b", environment=keys)
    assert done.code == 69 and checks["store-tcp"]["outcome"] == "fail"


def test_without_credentials_the_network_is_still_looked_at(store):
    checks, done = doctor("--target", store.store, "--bucket", store.bucket, "--gateway", store.gateway)
    assert done.code == 1
    assert checks["store-tcp"]["outcome"] == "pass" and checks["credentials"]["outcome"] == "fail"


def test_an_origin_that_is_none_is_refused():
    done = program.run("doctor", "--origin", "app.example")
    assert done.code == 64 and "https://app.example" in done.err
