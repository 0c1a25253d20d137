"""The deployable backend: its template, what moto makes of it, its scripts and its package."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import warnings
import zipfile
from pathlib import Path

import boto3
import pytest
import yaml

import lambda_runtime
import program
from lambda_runtime import RuntimeAPI

pytestmark = pytest.mark.filterwarnings("ignore:Tried to parse AWS")
AWS = program.ROOT / "deploy" / "aws"
TEMPLATE = AWS / "template.yaml"
REGION = "us-east-1"
TOKEN_DIGEST = "9" * 64
PARAMETERS = {"CodeBucket": "code", "TokenDigest": TOKEN_DIGEST, "KeepDays": "3"}


class Loader(yaml.SafeLoader):
    """CloudFormation's short forms: what they stand for does not matter here."""


Loader.add_multi_constructor(
    "!",
    lambda loader, suffix, node: (
        loader.construct_scalar(node)
        if isinstance(node, yaml.ScalarNode)
        else loader.construct_sequence(node, deep=True)
    ),
)


@pytest.fixture(scope="module")
def resources():
    return yaml.load(TEMPLATE.read_text(), Loader)["Resources"]


def test_the_template_has_nothing_that_cfn_lint_warns_of(tmp_path):
    broken = tmp_path / "broken.yaml"
    broken.write_text(TEMPLATE.read_text().replace("ApiId: !Ref HttpApi", "ApiId: !Ref NoSuchThing", 1))
    lint = Path(sys.executable).with_name("cfn-lint")
    done = program.tool(lint, "--format", "parseable", "--regions", REGION, "--", TEMPLATE, broken)
    assert {line.split(":")[0] for line in done.out.splitlines()} == {str(broken)}, done.text


def test_no_role_may_do_more_than_the_uploads_of_one_user(resources):
    roles = {name: made for name, made in resources.items() if made["Type"] == "AWS::IAM::Role"}
    assert len(roles) == 3
    for made in roles.values():
        for policy in made["Properties"]["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                actions = statement["Action"]
                actions = [actions] if isinstance(actions, str) else actions
                assert not any("*" in action for action in actions)
                narrow = str(statement["Resource"]) + str(statement.get("Condition", ""))
                assert "users/${UploadUser}/" in narrow or "FunctionLogs" in narrow


def test_the_function_gets_what_lambda_reads(resources):
    given = resources["Function"]["Properties"]["Environment"]["Variables"]
    told = program.run("lambda", "--help").out
    assert set(re.findall(r"UPLOADBENCH_[A-Z_0-9]+", told)) == set(given)


# In moto, as far as it goes: its CloudFormation passes over these, and warns of it.
NOT_IN_MOTO = {
    "AWS::S3::BucketPolicy", "AWS::ApiGateway::Authorizer", "AWS::ApiGatewayV2::Api",
    "AWS::ApiGatewayV2::Integration", "AWS::ApiGatewayV2::Route", "AWS::ApiGatewayV2::Stage", "AWS::ApiGateway::Stage",
    "AWS::CloudFront::Distribution", "AWS::CloudFront::OriginAccessControl",
}  # fmt: skip


@pytest.fixture(scope="module")
def moto():
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="module")
def aws(moto):
    def client(service):
        return boto3.client(
            service, region_name=REGION, endpoint_url=moto, aws_access_key_id="k", aws_secret_access_key="s"
        )

    return client


@pytest.fixture(scope="module")
def stack(aws, tmp_path_factory):
    """The outputs of a stack with all parts."""
    package = tmp_path_factory.mktemp("code") / "code.zip"
    with zipfile.ZipFile(package, "w") as made:
        made.writestr("bootstrap", "#!/bin/sh\n")
    aws("s3").create_bucket(Bucket="code")
    aws("s3").upload_file(str(package), "code", "uploadbench-lambda.zip")
    # moto loses the credentials of an AWS integration, and then asks for them.
    text, count = re.subn(r"^        Type: AWS$", "        Type: MOCK", TEMPLATE.read_text(), flags=re.M)
    assert count == 1
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        # moto cannot describe the outputs of a distribution that it does not make.
        for name, values in {"with-edge": PARAMETERS | {"Edge": "yes"}, "bench": PARAMETERS}.items():
            aws("cloudformation").create_stack(
                StackName=name, TemplateBody=text, Capabilities=["CAPABILITY_IAM"],
                Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()],
            )  # fmt: skip
    passed_over = {match[0] for one in caught if (match := re.search(r"AWS::\w+::\w+", str(one.message)))}
    assert passed_over == NOT_IN_MOTO
    (made,) = aws("cloudformation").describe_stacks(StackName="bench")["Stacks"]
    assert made["StackStatus"] == "CREATE_COMPLETE"
    return {output["OutputKey"]: output["OutputValue"] for output in made["Outputs"]}


def test_the_bucket_is_closed_and_cleans_up(aws, stack, resources):
    rules = aws("s3").get_bucket_encryption(Bucket=stack["Bucket"])["ServerSideEncryptionConfiguration"]
    assert rules["Rules"][0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    # The rest of a bucket's properties moto passes over.
    properties = resources["Bucket"]["Properties"]
    block = properties["PublicAccessBlockConfiguration"]
    assert all(block.values()) and len(block) == 4
    rules = {rule["Id"]: rule for rule in properties["LifecycleConfiguration"]["Rules"]}
    assert rules["abandoned-multipart-uploads"]["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"] == 1
    assert rules["measured-objects"]["Prefix"] == "users/"
    (cors,) = properties["CorsConfiguration"]["CorsRules"]
    assert {"PUT", "POST"} <= set(cors["AllowedMethods"]) and cors["ExposedHeaders"] == ["ETag"]


def test_the_function_is_a_custom_runtime_with_the_stacks_settings(aws, stack):
    made = aws("lambda").list_functions()["Functions"]
    assert len(made) == 3, "two APIs and one edge"
    assert sum(function["Runtime"].startswith("nodejs") for function in made) == 1
    api = next(function for function in made if function["FunctionName"].startswith("bench-Function-"))
    assert (api["Runtime"], api["Handler"], api["Timeout"]) == ("provided.al2023", "bootstrap", 29)
    variables = api["Environment"]["Variables"]
    assert {name: str(value) for name, value in variables.items()} == {
        "UPLOADBENCH_BUCKET": stack["Bucket"], "UPLOADBENCH_USER": "bench",
        "UPLOADBENCH_TOKEN_SHA256": TOKEN_DIGEST, "UPLOADBENCH_EXPIRES": "300",
        "UPLOADBENCH_ALLOWED_ORIGIN": "*", "UPLOADBENCH_ACCELERATION": "Enabled",
    }  # fmt: skip


def test_the_rest_api_has_the_upload_path(aws, stack):
    (api,) = [made for made in aws("apigateway").get_rest_apis()["items"] if made["name"] == "bench-rest"]
    paths = {made["path"] for made in aws("apigateway").get_resources(restApiId=api["id"])["items"]}
    assert paths == {"/", "/uploads", "/uploads/{key+}"}
    assert stack["RestGateway"] == f"https://{api['id']}.execute-api.{REGION}.amazonaws.com/v1"


def plan(moto, *words):
    keys = {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": REGION}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return program.tool(
        AWS / "plan.sh", *words, environment=keys | {"AWS_ENDPOINT_URL": moto, "PATH": path}
    )


def test_a_plan_file_is_made_of_the_outputs_and_run_takes_it(moto, stack, endpoint, tmp_path):
    file = tmp_path / "plan.json"
    done = plan(moto, "bench", file)
    assert done.code == 0, done.text
    made = json.loads(file.read_text())
    assert made == {
        name.lower(): value for name, value in stack.items() if name != "RestGateway"
    }
    assert made["target"] == "https://s3.us-east-1.amazonaws.com"
    # What it says to type is what run wants to hear.
    hosts = {url.removeprefix("https://") for url in made.values() if url.startswith("https://")}
    assert set(re.search(r"--yes-load (\S+)", done.out)[1].split(",")) == hosts
    # The same keys, for a backend that is here.
    # With the edge, which this stack has not.
    local = {
        "target": endpoint.store, "gateway": endpoint.gateway, "edge": endpoint.ready["edge"],
        "accelerate": endpoint.ready["accelerate"], "bucket": endpoint.bucket, "region": endpoint.region,
    }  # fmt: skip
    assert local.keys() == made.keys() | {"edge"}
    file.write_text(json.dumps(local))
    run = program.run(
        "run", "--plan", file, "--scenarios", "presigned-put,edge-redirect,proxy-binary", "--size", "4KiB",
        "-n", "2", "--warmup", "0s", "--rounds", "1", "-q", "-o", tmp_path / "run",
        environment={"UPLOADBENCH_TOKEN": endpoint.token},
    )  # fmt: skip
    assert run.code == 0, run.text


@pytest.mark.parametrize("words", [[], ["no-such-stack"]])
def test_without_a_stack_no_plan_is_written(moto, words, tmp_path):
    file = tmp_path / "plan.json"
    done = plan(moto, *words, *([file] if words else []))
    assert done.code == 1
    assert "plan.sh: " in done.err
    assert not file.exists()


# The package


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    folder = tmp_path_factory.mktemp("package")
    done = program.tool(AWS / "package.sh", "--binary", program.BINARY, "-o", folder / "function.zip")
    assert done.code == 0, done.text
    task = folder / "task"
    subprocess.run([sys.executable, "-m", "zipfile", "-e", folder / "function.zip", task], check=True)
    # Python's own unpacker leaves the modes out, Lambda does not.
    with zipfile.ZipFile(folder / "function.zip") as zipped:
        for entry in zipped.infolist():
            (task / entry.filename).chmod(entry.external_attr >> 16 & 0o777)
    return task


def test_the_packages_bootstrap_answers_events_with_its_own_libraries(package, endpoint):
    with RuntimeAPI() as api:
        settings = lambda_runtime.settings(endpoint) | {"AWS_LAMBDA_RUNTIME_API": api.address}
        process = subprocess.Popen(
            [package / "bootstrap"], env=program.clean_environment(**settings), cwd="/"
        )
        try:
            event = lambda_runtime.event("http", "GET", "/signed-url")
            kind, _, answer = api.invoke(event)
            assert (kind, answer["statusCode"]) == ("response", 401)
            mapped = Path(f"/proc/{process.pid}/maps").read_text()
            files = set(re.findall(r" (/.*\.so[.\d]*)$", mapped, re.MULTILINE))
            assert len(files) > 5
            assert {str(Path(file).parent) for file in files} == {str(package / "lib")}
        finally:
            process.kill()
            process.wait()


@pytest.mark.parametrize("words", [["--binary", "/no/such/program"], ["--nonsense"], ["-o"]])
def test_the_package_is_refused_with_what_is_wrong(words, tmp_path):
    done = subprocess.run([AWS / "package.sh", *words], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("package.sh: ")
    assert not list(tmp_path.iterdir())


# The edge's function

NODE = shutil.which("node") or shutil.which("nodejs")
needs_node = pytest.mark.skipif(NODE is None, reason="there is no Node.js to run the edge's function with")
TOKEN = "an-edge-token"
EDGE = {
    "Bucket": "edge-bucket", "AWS::Region": "eu-central-1", "AWS::URLSuffix": "amazonaws.com", "UploadUser": "bench",
    "SignatureSeconds": "300", "AllowedOrigin": "https://app.example",
    "TokenDigest": hashlib.sha256(TOKEN.encode()).hexdigest(),
}  # fmt: skip
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    "AWS_SESSION_TOKEN": "a/session+token==",
}  # fmt: skip


def edge(resources, tmp_path, requests_):
    """What the function answers to viewers' requests."""
    code = resources["EdgeFunction"]["Properties"]["Code"]["ZipFile"]
    code = re.sub(r"\$\{([A-Za-z:]+)\}", lambda match: EDGE[match[1]], code).replace("${!", "${")
    (tmp_path / "index.js").write_text(code)
    (tmp_path / "ask.js").write_text(
        "const { handler } = require('./index.js');"
        "Promise.all(JSON.parse(require('fs').readFileSync(0)).map(request =>"
        " handler({ Records: [{ cf: { config: { eventType: 'viewer-request' }, request } }] })))"
        ".then(answers => console.log(JSON.stringify(answers)));"
    )
    done = program.tool(
        NODE, tmp_path / "ask.js", environment=CREDENTIALS, stdin=json.dumps(requests_).encode()
    )
    assert done.code == 0, done.text
    return json.loads(done.out)


def viewer(method="PUT", uri="/me.jpg", **fields):
    named = {name.replace("_", "-"): value for name, value in fields.items()}
    headers = {name: [{"key": name, "value": value}] for name, value in named.items()}
    return {"method": method, "uri": uri, "querystring": "", "clientIp": "203.0.113.7", "headers": headers}


@needs_node
@pytest.mark.parametrize(
    "content_type, uri, extension",
    [
        ("image/jpeg", "/Me.JPG", ".jpg"),
        ("text/plain; charset=utf-8", "/a.b.txt", ".txt"),
        ("  a/b   c ", "/none", ""),
        (None, "/x.tar-gz", ""),
    ],
)
def test_the_edge_signs_as_uploadbench_does(resources, tmp_path, content_type, uri, extension):
    fields = {"content_type": content_type} if content_type else {}
    request = viewer(uri=uri, authorization=f"Bearer {TOKEN}", **fields)
    (answer,) = edge(resources, tmp_path, [request])
    assert answer["status"] == "307"
    url = answer["headers"]["location"][0]["value"]
    key = re.match(r"https://edge-bucket\.s3\.eu-central-1\.amazonaws\.com/(users/bench/[-0-9a-f]{36}(\.\w+)?)\?", url)
    assert (key[2] or "") == extension
    time = re.search(r"X-Amz-Date=(\w+)", url)[1]
    signed_type = " ".join((content_type or "application/octet-stream").split())
    again = program.run(
        "presign", "put", key[1], "--bucket", "edge-bucket", "--region", "eu-central-1", "--expires", "300",
        "--header", f"content-type:{signed_type}", "--at", time, environment=CREDENTIALS,
    )  # fmt: skip
    assert again.code == 0, again.text
    signed = json.loads(again.out)["url"]
    assert url.split("?")[0] == signed.split("?")[0]
    assert sorted(parameters(url)) == sorted(parameters(signed))


def parameters(url):
    return url.split("?", 1)[1].split("&")


@needs_node
def test_the_edge_refuses_who_has_no_token_and_answers_preflights(resources, tmp_path):
    answers = edge(
        resources, tmp_path,
        [
            viewer(), viewer(authorization="Bearer wrong"), viewer(authorization=TOKEN),
            viewer("GET", authorization=f"Bearer {TOKEN}"), viewer("OPTIONS"),
            viewer(authorization=f"bearer {TOKEN}"),
        ],
    )  # fmt: skip
    assert [answer["status"] for answer in answers] == ["401", "401", "401", "403", "204", "307"]
    for answer in answers:
        assert answer["headers"]["access-control-allow-origin"][0]["value"] == "https://app.example"
        assert answer["headers"]["cache-control"][0]["value"] == "no-store"
        assert ("location" in answer["headers"]) == (answer["status"] == "307")
    assert json.loads(answers[0]["body"]) == {"message": "Unauthorized"}
    assert "PUT" in answers[4]["headers"]["access-control-allow-methods"][0]["value"]
