"""`guard`: what each strategy refuses, held to tables written by hand."""

import csv
import json
import re
import signal
import subprocess

import guard_tables
import program
import pytest
import results
from endpoint import Endpoint

CONTRACT = (
    "scenario,case,outcome,refused_by,http_status,error_code,bytes_sent,stored_key,mitigation"
)


@pytest.fixture(scope="module")
def embedded(tmp_path_factory):
    """The embedded default, all of it."""
    folder = tmp_path_factory.mktemp("guard") / "results"
    done = program.run("guard", "-o", folder)
    assert done.code == 0, done.text
    return done, folder


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The same from outside: an endpoint that keeps what it gets, and whose secrets are known."""
    folder = tmp_path_factory.mktemp("guard-served")
    with Endpoint(folder) as endpoint:
        done = program.run(
            "guard", "--target", endpoint.store, "--gateway", endpoint.gateway,
            "--edge", endpoint.ready["edge"], "--accelerate", endpoint.ready["accelerate"],
            "--bucket", endpoint.bucket, "--largest-file", "11MiB", "-o", folder / "results",
            environment=endpoint.environment | {"UPLOADBENCH_TOKEN": endpoint.token},
        )  # fmt: skip
        yield done, folder / "results", endpoint


def rows(folder) -> list[dict[str, str]]:
    text = (folder / "guard.csv").read_text()
    header = text.splitlines()[0]
    assert header.startswith(CONTRACT), header
    return list(csv.DictReader(text.splitlines(), strict=True))


def quick(*words, **named):
    return program.run("guard", "--scenarios", "presigned-put", "--cases", "too-small", *words, **named)


def test_the_embedded_default_enforces_what_aws_does(embedded):
    _, folder = embedded
    assert guard_tables.differences(rows(folder), guard_tables.through_the_api()) == []


def test_signed_locally_the_embedded_store_enforces_what_s3_does(tmp_path):
    done = program.run(
        "guard", "--signer", "local", "--scenarios", ",".join(guard_tables.LOCAL),
        "-o", tmp_path / "results",
    )  # fmt: skip
    assert done.code == 0, done.text
    assert guard_tables.differences(rows(tmp_path / "results"), guard_tables.signed_locally()) == []


def test_files_of_several_parts_are_held_to_their_checksums(tmp_path):
    done = program.run(
        "guard", "--scenarios", "presigned-multipart", "--cases", "honest-upload,checksum-mismatch",
        "--smallest", "6MiB", "--limit", "7MiB", "-o", tmp_path / "results",
    )  # fmt: skip
    assert done.code == 0, done.text
    cells = [guard_tables.cell(row) for row in rows(tmp_path / "results")]
    assert cells == ["stored 201", "s3 400 BadDigest"]


def test_the_record_names_plan_target_and_end(embedded):
    _, folder = embedded
    record = results.record(folder)
    assert record["status"] == "complete" and record["command"] == "guard"
    assert record["schema_version"] == 1 and record["target"]["kind"] == "embedded"
    assert record["left_behind"] == []
    assert len(record["plan"]["cases"]) == 27 and len(record["plan"]["scenarios"]) == 9


def test_every_hole_has_a_way_out_with_its_cost_and_nothing_else_has_one(embedded):
    _, folder = embedded
    tolerated = {"honest-upload", "clock-60s-ahead", "clock-60s-behind"}
    for row in rows(folder):
        is_hole = row["outcome"] in ("stored", "removed") and row["case"] not in tolerated
        has_leftovers = "multipart upload" in row["left"]
        assert bool(row["mitigation"]) == (is_hole or has_leftovers), row
        if row["mitigation"]:
            assert "free" in row["mitigation"] or "$" in row["mitigation"], row


def test_bytes_on_the_wire_say_when_the_refusal_came(embedded):
    _, folder = embedded
    table = {(row["scenario"], row["case"]): row for row in rows(folder)}
    early = table["presigned-post", "too-large-100x"]
    assert 0 < int(early["bytes_sent"]) < int(early["file_bytes"])
    late = table["presigned-post", "too-large-by-one"]
    assert int(late["bytes_sent"]) > int(late["file_bytes"])
    whole = table["presigned-put", "too-large-100x"]
    assert int(whole["bytes_sent"]) > int(whole["file_bytes"]) == 100 * 256 * 1024
    # A token that is refused costs one head.
    assert int(table["presigned-put", "expired-token"]["bytes_sent"]) < 1000


def test_what_is_refused_midway_leaves_a_multipart_upload_and_nothing_else_is_left(embedded):
    _, folder = embedded
    for row in rows(folder):
        if row["outcome"] == "refused" and "multipart" not in row["scenario"]:
            assert row["left"] == "nothing" and row["stored_key"] == "", row
        if row["outcome"] == "stored":
            assert row["left"] == "object" and row["stored_key"], row
    left = {row["case"] for row in rows(folder) if row["left"] == "multipart upload"}
    assert {"key-outside-prefix", "foreign-origin", "if-none-match"} <= left


def test_from_outside_the_table_is_the_same_but_for_its_open_cors(served):
    done, folder, _ = served
    assert done.code == 0, done.text
    expected = guard_tables.through_the_api()
    # `serve` lets every origin in, and a target's CORS is left as it is.
    for key in expected:
        if key[1] == "foreign-origin" and "post" not in key[0] and "proxy" not in key[0]:
            expected[key] = "stored 200"
    assert guard_tables.differences(rows(folder), expected) == []


def test_nothing_stays_in_the_bucket(served):
    _, _, endpoint = served
    assert endpoint.keys() == set()
    uploads = endpoint.s3().list_multipart_uploads(Bucket=endpoint.bucket)
    assert uploads.get("Uploads", []) == []


def test_no_secret_and_no_signature_is_written(served):
    done, folder, endpoint = served
    written = done.text + results.every_file(folder)
    for secret in (endpoint.secret_key, endpoint.token, "X-Amz-Signature", "Bearer"):
        assert secret not in written


def test_somebody_elses_objects_are_left_alone(tmp_path):
    with Endpoint(tmp_path) as endpoint:
        endpoint.s3().put_object(Bucket=endpoint.bucket, Key="users/bench/mine.png", Body=b"x" * 4096)
        done = program.run(
            "guard", "--target", endpoint.store, "--bucket", endpoint.bucket, "--signer", "local",
            "--scenarios", "presigned-put,presigned-post", "--cases", "overwrite,changed-method",
            "-o", tmp_path / "results", environment=endpoint.environment,
        )  # fmt: skip
        assert done.code == 0, done.text
        assert endpoint.keys() == {"users/bench/mine.png"}


def test_an_api_that_lets_clients_name_keys_is_seen_through(tmp_path):
    done = program.run(
        "guard", "--key-policy", "chosen", "--scenarios", "proxy-json,presigned-post,presigned-put",
        "--cases", "key-dot-dot,key-outside-prefix,overwrite", "-o", tmp_path / "results",
    )  # fmt: skip
    assert done.code == 0, done.text
    table = {(row["scenario"], row["case"]): row for row in rows(tmp_path / "results")}
    assert table["proxy-json", "overwrite"]["outcome"] == "stored"
    for strategy in ("proxy-json", "presigned-post"):
        row = table[strategy, "key-dot-dot"]
        assert row["outcome"] == "stored" and "/../" in row["stored_key"], row
    assert table["presigned-post", "key-outside-prefix"]["outcome"] == "refused"
    assert table["presigned-put", "key-dot-dot"]["outcome"] == "refused"


def test_an_open_api_has_no_token_to_expire(tmp_path):
    with Endpoint(tmp_path, "--open") as endpoint:
        done = program.run(
            "guard", "--target", endpoint.store, "--gateway", endpoint.gateway,
            "--bucket", endpoint.bucket, "--cases", "honest-upload,expired-token",
            "--scenarios", "proxy-json,presigned-put,presigned-multipart",
            "-o", tmp_path / "results", environment=endpoint.environment,
        )  # fmt: skip
        assert done.code == 0, done.text
        outcomes = [row["outcome"] for row in rows(tmp_path / "results")]
        assert outcomes == ["stored", "not-applicable"] * 3
        assert endpoint.keys() == set()


def test_the_table_fits_80_columns_without_color(embedded):
    done, _ = embedded
    lines = done.out.splitlines()
    assert "\x1b" not in done.out
    assert max(map(len, lines[:-1])) <= 80
    cells = {line[:24].strip(): line[24:].split() for line in lines[2:29]}
    assert cells["too small"] == ["HOLE"] * 4 + ["S3", "HOLE", "S3", "HOLE", "HOLE"]
    assert any(line.startswith("left in the bucket: nothing") for line in lines)


def test_json_and_markdown_say_the_same_as_the_csv(tmp_path):
    as_json = quick("--format", "json", "-o", tmp_path / "json")
    [row] = json.loads(as_json.out)["rows"]
    assert (row["scenario"], row["outcome"], row["hole"]) == ("presigned-put", "stored", True)
    markdown = quick("--format", "markdown", "-q", "-o", tmp_path / "markdown")
    assert "| too small | **HOLE** |" in markdown.out


def test_the_report_shows_the_same_table(embedded, tmp_path):
    _, folder = embedded
    page = tmp_path / "report.html"
    assert program.run("report", folder, "-o", page).code == 0
    text = page.read_text()
    table = text[text.index('aria-label="What was enforced"') :]
    line = next(line for line in table.splitlines() if ">too small<" in line)
    assert re.findall(r"<(?:strong|b)>(\w+)</", line) == ["HOLE"] * 4 + [
        "S3", "HOLE", "S3", "HOLE", "HOLE",
    ]  # fmt: skip
    assert "400, EntityTooSmall" in line
    assert "AbortIncompleteMultipartUpload" in table


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("too-small,stored", "too-small,stoned", "line 2, column outcome"),
        ("presigned-put", "presigned-putt", "line 2, column scenario"),
        (",object,\n", ",object", "truncated"),
    ],
)
def test_the_report_refuses_a_damaged_table(tmp_path, old, new, said):
    assert quick("-o", tmp_path / "results").code == 0
    table = tmp_path / "results/guard.csv"
    text = table.read_text()
    assert old in text
    table.write_text(text.replace(old, new))
    done = program.run("report", tmp_path / "results", "-o", tmp_path / "report.html")
    assert done.code == 1 and said in done.err, done.text


def test_an_accepted_table_is_a_gate(embedded, tmp_path):
    _, folder = embedded
    same = quick("--expect", folder / "guard.csv", "-o", tmp_path / "same")
    assert same.code == 0, same.text
    accepted = tmp_path / "accepted.csv"
    accepted.write_text(
        "scenario,case,outcome,http_status\npresigned-put,too-small,refused,*\n"
    )
    differs = quick("--expect", accepted, "-o", tmp_path / "differs")
    assert differs.code == 2
    assert "presigned-put too-small: stored 201, expected refused *" in differs.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "cannot be read"),
        ("", "empty"),
        ("scenario,outcome\n", "no columns scenario and case"),
        ("scenario,case,outcome\npresigned-put,too-small", "truncated"),
        ("scenario,case\npresigned-put,too-smal\n", "did you mean 'too-small'"),
    ],
)
def test_a_broken_expectation_is_refused_before_anything_is_sent(tmp_path, text, said):
    path = tmp_path / "accepted.csv"
    if text is not None:
        path.write_text(text)
    done = quick("--expect", path, "-o", tmp_path / "results")
    assert done.code == 64 and said in done.err, done.text
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--cases", "to-small"), 64, "did you mean 'too-small'"),
        (("--limit", "100", "--smallest", "64"), 64, "--limit"),
        (("--largest-file", "1MiB"), 64, "--largest-file"),
        (("--target", "http://127.0.0.1:9", "--bucket", "b", "--signer", "local"), 64, "AWS_ACCESS_KEY_ID"),
        (("--target", "http://127.0.0.1:9", "--bucket", "b", "--gateway", "http://127.0.0.1:9"), 64, "AWS_ACCESS_KEY_ID"),
    ],
)  # fmt: skip
def test_wrong_input_says_what_to_type(tmp_path, words, code, said):
    done = program.run("guard", *words, "-o", tmp_path / "results")
    assert done.code == code and said in done.err, done.text


def test_a_target_that_is_not_there_is_said_before_the_first_row(tmp_path):
    done = program.run(
        "guard", "--target", "http://127.0.0.1:9", "--bucket", "b", "--signer", "local",
        "-o", tmp_path / "results",
        environment={"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"},
    )  # fmt: skip
    assert done.code == 69, done.text


def test_an_interrupt_keeps_the_rows_so_far_and_clears_up(tmp_path):
    with Endpoint(tmp_path) as endpoint:
        process = program.start(
            "guard", "--target", endpoint.store, "--bucket", endpoint.bucket, "--signer", "local",
            "-o", tmp_path / "results", environment=endpoint.environment,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        table = tmp_path / "results" / "guard.csv"
        while process.poll() is None and not (table.exists() and table.read_text().count("\n") > 3):
            pass
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 130, errors
        assert results.record(tmp_path / "results")["status"] == "partial"
        assert 3 <= len(rows(tmp_path / "results")) < 81
        assert endpoint.keys() == set()
