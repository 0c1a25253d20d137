"""The files in deploy/: valid by the schedulers' own schemas, and their command lines by being run."""

import json
import re

import botocore.session
import kubernetes_validate
import pytest
import yaml
from botocore.validate import ParamValidator

import program
import results
import shards

DEPLOY = program.ROOT / "deploy"
# Newest and oldest that a cluster may well have.
KUBERNETES_VERSIONS = ("1.30.0", kubernetes_validate.latest_version())
SHORT = {"--rate": "50", "--duration": "1s", "--size": "4KiB", "--scenarios": "presigned-put"}


def documents() -> list[dict]:
    return list(yaml.safe_load_all((DEPLOY / "kubernetes/load.yaml").read_text()))


def container(name: str) -> dict:
    job = next(d for d in documents() if d["kind"] == "Job" and d["metadata"]["name"] == name)
    return job["spec"]["template"]["spec"]["containers"][0]


@pytest.mark.parametrize("version", KUBERNETES_VERSIONS)
def test_the_kubernetes_files_fit_the_published_schema(version):
    for document in documents():
        kubernetes_validate.validate(document, version, strict=True)


def test_all_places_of_the_kubernetes_files_name_the_same_number_of_shards():
    load = next(d for d in documents() if d["metadata"]["name"] == "uploadbench-load")["spec"]
    environment = {e["name"]: e.get("value") for e in container("uploadbench-load")["env"]}
    merge = next(a for a in container("uploadbench-merge")["args"] if a.startswith("--shards="))
    numbers = {
        load["completions"], load["parallelism"], int(environment["UPLOADBENCH_SHARDS"]),
        int(merge.removeprefix("--shards=")),
    }  # fmt: skip
    assert len(numbers) == 1
    assert load["completionMode"] == "Indexed"


def with_values(words: list[str], values: dict[str, str]) -> list[str]:
    """A command line of `--name=value` words with other values."""
    return [
        f"{word.split('=')[0]}={values[word.split('=')[0]]}"
        if "=" in word and word.split("=")[0] in values
        else word
        for word in words
    ]


def test_the_kubernetes_command_lines_run_in_the_environment_that_they_inject(endpoint, tmp_path):
    out = tmp_path / "load-1"
    place = {
        "--target": endpoint.store, "--bucket": endpoint.bucket, "--region": endpoint.region,
        "--gateway": endpoint.gateway, "--out": f"{out}/{{shard}}", "--barrier": "60s",
    }  # fmt: skip
    words = with_values(container("uploadbench-load")["args"], SHORT | place)
    secret = endpoint.environment | {"UPLOADBENCH_TOKEN": endpoint.token}
    started = [
        program.start(
            *words,
            environment=secret | {"UPLOADBENCH_SHARDS": "2", "JOB_COMPLETION_INDEX": str(index)},
            stdout=program.subprocess.DEVNULL,
        )
        for index in range(2)
    ]
    assert [process.wait(program.TIME_LIMIT_S) for process in started] == [0, 0]
    merge = with_values(container("uploadbench-merge")["args"], {"--shards": "2", "--wait": "1s"})
    merge = [word.replace("/results/load-1", str(out)) for word in merge]
    done = program.run(*merge)
    assert done.code == 0, done.text
    shards.check_merged(tmp_path / "load-1-merged", [out / "0", out / "1"])


def test_the_batch_job_fits_the_api_and_its_command_line_runs(endpoint, tmp_path):
    definition = json.loads((DEPLOY / "batch/job-definition.json").read_text())
    model = botocore.session.get_session().get_service_model("batch")
    shape = model.operation_model("RegisterJobDefinition").input_shape
    report = ParamValidator().validate(definition, shape)
    assert not report.has_errors(), report.generate_report()

    values = definition["parameters"] | {
        "target": endpoint.store, "bucket": endpoint.bucket, "gateway": endpoint.gateway,
        "rate": "20", "duration": "1s", "out": f"{tmp_path}/{{shard}}.{{attempt}}", "shards": "1",
    }  # fmt: skip
    words = [
        values[word.removeprefix("Ref::")] if word.startswith("Ref::") else word
        for word in definition["containerProperties"]["command"]
    ]
    array = {
        "AWS_BATCH_JOB_ARRAY_INDEX": "0", "AWS_BATCH_JOB_ARRAY_SIZE": "1",
        "AWS_BATCH_JOB_ATTEMPT": "2", "AWS_BATCH_JOB_ID": "3f2c:0",
    }  # fmt: skip
    done = program.run(
        *words, "--size", "4KiB", "--scenarios", "presigned-put",
        environment=endpoint.environment | array | {"UPLOADBENCH_TOKEN": endpoint.token},
    )  # fmt: skip
    assert done.code == 0, done.text
    assert results.record(tmp_path / "0.1")["shard"]["source"] == "AWS_BATCH_JOB_ARRAY_INDEX"


def test_the_container_runs_without_rights_and_takes_nothing_from_elsewhere():
    text = (DEPLOY / "Containerfile").read_text()
    stages = re.findall(r"^FROM (\S+)", text, re.MULTILINE)
    assert len(stages) == 2
    assert re.search(r"^USER 65532", text, re.MULTILINE)
    for word in ("curl ", "wget ", "git clone", "http://", "https://"):
        assert word not in text
    assert "--static-swift-stdlib" in text
