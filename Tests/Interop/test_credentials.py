"""Credentials, region and endpoint: what botocore finds in the same files and the same environment."""

import base64
import hashlib
import hmac
import json
import os
import sys

import botocore.credentials
import botocore.exceptions
import botocore.session
import botocore.tokens
import pytest
from botocore.config import Config

import program
import results
from fake_aws import FakeAWS

PROGRAM = """import json, sys
print(json.dumps({"Version": int(sys.argv[1]), "AccessKeyId": "AKIAPROCESS", "SecretAccessKey": "process secret",
    "SessionToken": sys.argv[2], "Expiration": "2099-01-01T00:00:00Z"}))"""

STATIC = """
[default]
aws_access_key_id = AKIADEFAULT
aws_secret_access_key = default/secret+1
[work]
aws_access_key_id=AKIAWORK
aws_secret_access_key=work secret = with signs
aws_session_token=work/token==
"""

ROLES = """
[default]
region = eu-west-3
[profile work]
region = eu-central-1
s3 =
    addressing_style = path
[profile role]
role_arn = arn:aws:iam::123456789012:role/one
source_profile = work
external_id = e&1
duration_seconds = 900
[profile chained]
role_arn = arn:aws:iam::123456789012:role/two
source_profile = role
[profile itself]
role_arn = arn:aws:iam::123456789012:role/three
source_profile = itself
aws_access_key_id = AKIAITSELF
aws_secret_access_key = itself
[profile from-environment]
role_arn = arn:aws:iam::123456789012:role/four
credential_source = Environment
[profile from-container]
role_arn = arn:aws:iam::123456789012:role/five
credential_source = EcsContainer
[profile from-instance]
role_arn = arn:aws:iam::123456789012:role/six
credential_source = Ec2InstanceMetadata
[profile web]
role_arn = arn:aws:iam::123456789012:role/web
web_identity_token_file = {folder}/token
role_session_name = a-session
[profile from-web]
role_arn = arn:aws:iam::123456789012:role/seven
source_profile = web
[profile process]
credential_process = {python} "{folder}/a program.py" 1 'a token'
[profile from-process]
role_arn = arn:aws:iam::123456789012:role/eight
source_profile = process
[profile config-keys]
aws_access_key_id = AKIACONFIG
aws_secret_access_key = config
[profile sso]
sso_session = corp
sso_account_id = 123456789012
sso_role_name = Reader
[sso-session corp]
sso_region = eu-west-1
sso_start_url = https://corp.example/start
sso_registration_scopes = sso:account:access
[profile sso-legacy]
sso_start_url = https://old.example/start
sso_region = eu-west-1
sso_account_id = 123456789012
sso_role_name = Reader
"""

KEYS = {"AWS_ACCESS_KEY_ID": "AKIAENVIRON", "AWS_SECRET_ACCESS_KEY": "env+secret/"}


@pytest.fixture(scope="module")
def fake():
    with FakeAWS() as server:
        yield server


@pytest.fixture
def home(tmp_path):
    """A home folder with both files, a token, a program and SSO's cache."""
    folder = tmp_path / "home"
    (folder / ".aws/sso/cache").mkdir(parents=True)
    (folder / ".aws/credentials").write_text(STATIC)
    (folder / ".aws/config").write_text(
        ROLES.replace("{folder}", str(folder)).replace("{python}", sys.executable)
    )
    (folder / "token").write_text("web.identity.token")
    (folder / "a program.py").write_text(PROGRAM)
    for name in ("corp", "https://old.example/start"):
        cache = {"accessToken": "sso-" + name, "expiresAt": "2099-01-01T00:00:00Z", "region": "eu-west-1",
                 "startUrl": "https://corp.example/start"}  # fmt: skip
        (folder / ".aws/sso/cache" / (hashlib.sha1(name.encode()).hexdigest() + ".json")).write_text(json.dumps(cache))
    return folder


def variables(home, fake, **more) -> dict[str, str]:
    return {
        "HOME": str(home), "AWS_CONFIG_FILE": str(home / ".aws/config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(home / ".aws/credentials"),
        "AWS_ENDPOINT_URL_STS": fake.url, "AWS_ENDPOINT_URL_SSO": fake.url,
        "AWS_DEFAULT_REGION": "eu-west-2",
    } | more  # fmt: skip


@pytest.fixture
def botocore_session(monkeypatch):
    def make(settings: dict[str, str], profile=None):
        for name in list(os.environ):
            if name.startswith("AWS_"):
                monkeypatch.delenv(name)
        for name, value in ({"AWS_EC2_METADATA_DISABLED": "true"} | settings).items():
            monkeypatch.setenv(name, value)
        # botocore has worked out the cache's folder before this home was made.
        cache = os.path.join(settings["HOME"], ".aws/sso/cache")
        for owner in (botocore.credentials.SSOProvider, botocore.tokens.SSOTokenProvider):
            monkeypatch.setattr(owner, "_SSO_TOKEN_CACHE_DIR", cache)
        return botocore.session.Session(profile=profile)

    return make


def signature(secret: str, scope: str, policy: str) -> str:
    key = ("AWS4" + secret).encode()
    for part in scope.split("/")[1:]:
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.new(key, policy.encode(), "sha256").hexdigest()


def check_same(settings, expected, *words):
    """Our form is signed with the secret that botocore found, and carries its key and token."""
    done = program.run("presign", "post", "key", "--bucket", "bucket", *words, environment=settings)
    assert done.code == 0, done.err
    fields = {name.lower(): value for name, value in json.loads(done.out)["fields"].items()}
    key, scope = fields["x-amz-credential"].split("/", 1)
    assert key == expected.access_key
    assert fields.get("x-amz-security-token") == expected.token
    assert fields["x-amz-signature"] == signature(expected.secret_key, "_/" + scope, fields["policy"])
    json.loads(base64.b64decode(fields["policy"]))


CASES = {
    "the environment": KEYS,
    "the environment with a token": KEYS | {"AWS_SESSION_TOKEN": "env/token=="},
    "the environment before a profile that is named there": KEYS | {"AWS_PROFILE": "work"},
    "the default profile": {},
    "a named profile": {"AWS_PROFILE": "work"},
    "a role by a source profile": {"AWS_PROFILE": "role"},
    "a role by a role": {"AWS_PROFILE": "chained"},
    "a role by the profile's own keys": {"AWS_PROFILE": "itself"},
    "web identity of a profile": {"AWS_PROFILE": "web"},
    "a role by web identity": {"AWS_PROFILE": "from-web"},
    "web identity of the environment": {
        "AWS_WEB_IDENTITY_TOKEN_FILE": "{home}/token", "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/env",
    },
    "a program": {"AWS_PROFILE": "process"},
    "a role by a program": {"AWS_PROFILE": "from-process"},
    "keys in the config file": {"AWS_PROFILE": "config-keys"},
    "SSO by a session": {"AWS_PROFILE": "sso"},
    "SSO as it was before": {"AWS_PROFILE": "sso-legacy"},
    "a container": {"AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_CONTAINER_CREDENTIALS_FULL_URI": "{fake}/container"},
    "a container with a token": {
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_CONTAINER_CREDENTIALS_FULL_URI": "{fake}/container",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": "Basic abc",
    },
    "a container with a token's file": {
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_CONTAINER_CREDENTIALS_FULL_URI": "{fake}/container",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "{home}/token", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "other",
    },
    "an instance": {
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_EC2_METADATA_DISABLED": "false",
        "AWS_EC2_METADATA_SERVICE_ENDPOINT": "{fake}/",
    },
    "a role by a container": {
        "AWS_PROFILE": "from-container", "AWS_CONTAINER_CREDENTIALS_FULL_URI": "{fake}/container",
    },
    "a role by an instance": {
        "AWS_PROFILE": "from-instance", "AWS_EC2_METADATA_DISABLED": "false",
        "AWS_EC2_METADATA_SERVICE_ENDPOINT": "{fake}",
    },
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_same_credentials_as_botocore(name, home, fake, botocore_session):
    case = {key: value.format(home=home, fake=fake.url) for key, value in CASES[name].items()}
    settings = variables(home, fake, **case)
    expected = botocore_session(settings).get_credentials().get_frozen_credentials()
    check_same(settings, expected)


@pytest.mark.parametrize("profile", ["work", "role", "process", "sso", "config-keys"])
def test_a_profile_of_the_command_line_wins_over_the_environment(profile, home, fake, botocore_session):
    settings = variables(home, fake, **KEYS)
    expected = botocore_session(settings, profile).get_credentials().get_frozen_credentials()
    assert expected.access_key != KEYS["AWS_ACCESS_KEY_ID"]
    check_same(settings, expected, "--profile", profile)


def test_a_role_by_the_keys_of_the_environment(home, fake, botocore_session):
    settings = variables(home, fake, **KEYS)
    expected = botocore_session(settings, "from-environment").get_credentials().get_frozen_credentials()
    check_same(settings, expected, "--profile", "from-environment")


def test_an_instance_of_the_first_version_only(home, botocore_session):
    with FakeAWS(imds="v1") as fake:
        settings = variables(
            home, fake, AWS_SHARED_CREDENTIALS_FILE="/dev/null", AWS_EC2_METADATA_DISABLED="false",
            AWS_EC2_METADATA_SERVICE_ENDPOINT=fake.url,
        )  # fmt: skip
        check_same(settings, botocore_session(settings).get_credentials().get_frozen_credentials())
        settings["AWS_EC2_METADATA_V1_DISABLED"] = "true"
        with pytest.raises(botocore.exceptions.MetadataRetrievalError):
            botocore_session(settings).get_credentials()
        assert program.run("presign", "put", "k", "--bucket", "b", environment=settings).code == 64


REFUSED = {
    "half a pair": ({"AWS_ACCESS_KEY_ID": "a"}, 1, "AWS_SECRET_ACCESS_KEY is not"),
    "a profile that is nowhere": ({"AWS_PROFILE": "nobody"}, 1, "'nobody'"),
    "a host that is no container's": (
        {"AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://192.0.2.7/x"}, 1,
        "169.254.170.2"),
    "no source": ({"AWS_SHARED_CREDENTIALS_FILE": "/dev/null"}, 64, "AWS_ACCESS_KEY_ID"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_botocore_refuses_is_refused(name, home, fake, botocore_session):
    case, code, message = REFUSED[name]
    settings = variables(home, fake, **case)
    try:
        assert botocore_session(settings).get_credentials() is None
    except (botocore.exceptions.BotoCoreError, ValueError):
        pass
    done = program.run("presign", "put", "k", "--bucket", "b", environment=settings)
    assert (done.code, message in done.err) == (code, True), done.text


def test_an_sso_token_that_has_expired_says_how_to_get_one(home, fake):
    for path in (home / ".aws/sso/cache").iterdir():
        path.write_text(json.dumps({"accessToken": "secret-token", "expiresAt": "2001-01-01T00:00:00Z"}))
    done = program.run("presign", "put", "k", "--bucket", "b", environment=variables(home, fake, AWS_PROFILE="sso"))
    assert done.code == 1 and "aws sso login" in done.err and "secret-token" not in done.text


SERVICES = """
[profile services]
services = local
region = eu-north-1
[services local]
s3 =
  endpoint_url = http://127.0.0.1:7001
[profile endpoint]
region = eu-north-1
endpoint_url = http://127.0.0.1:7002
[profile ignoring]
region = eu-north-1
endpoint_url = http://127.0.0.1:7002
ignore_configured_endpoint_urls = true
[profile dual]
region = eu-north-1
use_dualstack_endpoint = true
[profile dual-s3]
region = eu-north-1
s3 =
  use_dualstack_endpoint = true
[profile fips]
region = us-east-2
use_fips_endpoint = true
"""

PLACES = {
    "a region": {"AWS_DEFAULT_REGION": "eu-central-1"},
    "China": {"AWS_DEFAULT_REGION": "cn-north-1"},
    "S3's own endpoint": {"AWS_DEFAULT_REGION": "eu-central-1", "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:7003"},
    "any service's endpoint": {"AWS_DEFAULT_REGION": "eu-central-1", "AWS_ENDPOINT_URL": "http://127.0.0.1:7004"},
    "S3's before any service's": {
        "AWS_DEFAULT_REGION": "eu-central-1", "AWS_ENDPOINT_URL": "http://127.0.0.1:7004",
        "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:7003",
    },
    "endpoints ignored": {
        "AWS_DEFAULT_REGION": "eu-central-1", "AWS_ENDPOINT_URL": "http://127.0.0.1:7004",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
    },
    "a services section": {"AWS_PROFILE": "services"},
    "the environment before a services section": {"AWS_PROFILE": "services", "AWS_ENDPOINT_URL": "http://127.0.0.1:7004"},
    "a profile's endpoint": {"AWS_PROFILE": "endpoint"},
    "a profile that ignores its endpoint": {"AWS_PROFILE": "ignoring"},
    "dual stack by a profile": {"AWS_PROFILE": "dual"},
    "dual stack by the block s3": {"AWS_PROFILE": "dual-s3"},
    "dual stack by the environment": {"AWS_DEFAULT_REGION": "eu-north-1", "AWS_USE_DUALSTACK_ENDPOINT": "true"},
    "FIPS by a profile": {"AWS_PROFILE": "fips"},
    "FIPS and dual stack": {
        "AWS_DEFAULT_REGION": "us-west-2", "AWS_USE_DUALSTACK_ENDPOINT": "true", "AWS_USE_FIPS_ENDPOINT": "true",
    },
}  # fmt: skip


@pytest.mark.parametrize("name", PLACES)
def test_the_same_endpoint_and_region_as_botocore(name, home, fake, botocore_session):
    (home / ".aws/config").write_text(SERVICES)
    settings = variables(home, fake, **KEYS, **PLACES[name])
    if "AWS_PROFILE" in PLACES[name]:
        del settings["AWS_DEFAULT_REGION"]  # It would win over the profile's.
    session = botocore_session(settings)
    client = session.create_client("s3", config=Config(signature_version="s3v4", s3={"addressing_style": "path"}))
    url = client.generate_presigned_url("put_object", {"Bucket": "bucket", "Key": "key"})
    done = program.run(
        "doctor", "--target", "aws", "--bucket", "bucket", "--resolve", "--format", "json", environment=settings
    )
    assert done.code == 0, done.text
    target = json.loads(done.out)["target"]
    assert target["endpoint"] == url.split("/bucket/key?")[0]
    assert target["region"] == client.meta.region_name
    assert target["credentials"] == "the environment (AWS_ACCESS_KEY_ID)"
    assert KEYS["AWS_SECRET_ACCESS_KEY"] not in done.text


def test_aws_without_a_region_says_what_is_missing(home, fake):
    (home / ".aws/config").write_text("")
    done = program.run("doctor", "--target", "aws", "--bucket", "b", "--resolve", environment=variables(home, fake, **KEYS, AWS_DEFAULT_REGION=""))
    assert done.code == 64 and "--region" in done.err


def test_credentials_are_renewed_while_a_run_goes_on(tmp_path):
    with FakeAWS(life_s=4) as fake:
        fake.rotates = True
        done = program.run(
            "run", "--target", fake.url, "--bucket", "b", "--signer", "local", "--scenarios", "presigned-put",
            "--size", "1KiB", "-r", 40, "-d", "4s", "--warmup", "0s", "--rounds", 1, "-q", "-o", tmp_path / "run",
            environment={"AWS_CONTAINER_CREDENTIALS_FULL_URI": fake.url + "/container"},
        )  # fmt: skip
        assert done.code == 0, done.text
        assert len(set(fake.keys_used)) >= 2
        # Each is used for a while, and none again after the next.
        changes = sum(a != b for a, b in zip(fake.keys_used, fake.keys_used[1:]))
        assert changes < 2 * len(set(fake.keys_used))
    assert "container" in results.record(tmp_path / "run")["target"]["credentials"]
    assert "token/" not in results.every_file(tmp_path / "run")
