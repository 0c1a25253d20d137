"""Programs that give credentials, and chains of profiles, that mean harm or are broken."""

import json
import signal
import subprocess
import time

import pytest

import program

GOOD = {"Version": 1, "AccessKeyId": "AKIAPROCESS", "SecretAccessKey": "secret"}
RESOLVE = ("doctor", "--resolve", "--target", "aws", "--bucket", "bbb", "--region", "us-east-1")


def environment(folder, text: str) -> dict:
    path = folder / "config"
    path.write_text(text)
    return {"HOME": str(folder), "AWS_CONFIG_FILE": str(path), "AWS_SHARED_CREDENTIALS_FILE": "/none"}


def resolve(folder, command: str):
    return program.run(*RESOLVE, environment=environment(folder, f"[default]\ncredential_process = {command}\n"))


@pytest.mark.parametrize("words", [RESOLVE, ("run", "--target", "aws", "--bucket", "bbb", "--region", "us-east-1", "--signer", "local", "--yes-load", "s3.us-east-1.amazonaws.com")], ids=lambda words: words[0])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_program_that_hangs_is_left_when_asked(tmp_path, number, words):
    (tmp_path / "hang").write_text(f"#!/bin/sh\ntouch {tmp_path}/begun\nexec sleep 100\n")
    (tmp_path / "hang").chmod(0o755)
    process = program.start(
        *words, environment=environment(tmp_path, f"[default]\ncredential_process = {tmp_path}/hang\n"),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path,
    )  # fmt: skip
    while not (tmp_path / "begun").exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    process.send_signal(number)
    _, error = process.communicate(timeout=20)
    assert process.returncode == 130 and "was interrupted" in error


@pytest.mark.parametrize("command", ["/bin/cat /dev/zero", "/usr/bin/yes"])
def test_a_program_that_prints_without_end_is_ended(tmp_path, command):
    done = resolve(tmp_path, command)
    assert done.code == 1 and "prints more than" in done.text


def test_a_child_that_a_program_leaves_behind_is_not_waited_for(tmp_path):
    (tmp_path / "good.json").write_text(json.dumps(GOOD))
    process = program.start(
        *RESOLVE, environment=environment(tmp_path, f"[default]\ncredential_process = sh -c 'cat {tmp_path}/good.json; sleep 100 & echo $! > {tmp_path}/child'\n"),
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    out, _ = process.communicate(timeout=60)
    subprocess.run(["kill", (tmp_path / "child").read_text().strip()])
    assert process.returncode == 0 and "credential_process" in out


@pytest.mark.parametrize(
    "changes",
    [{"AccessKeyId": ""}, {"SecretAccessKey": ""}, {"AccessKeyId": "a\r\nX: y"}, {"SessionToken": "a\tb"}, {"Expiration": "x"},
     {"Expiration": "2000-01-01T00:00:00Z"}, {"Expiration": "9999999-01-01T00:00:00Z"}],
    ids=str,
)  # fmt: skip
def test_credentials_that_cannot_be_used_are_refused(tmp_path, changes):
    (tmp_path / "made.json").write_text(json.dumps(GOOD | changes))
    done = resolve(tmp_path, f"/bin/cat {tmp_path}/made.json")
    assert done.code == 1 and ("names no usable" in done.text or "have expired" in done.text), done.text
    assert "secret" not in done.text


def test_a_folder_is_no_program(tmp_path):
    done = resolve(tmp_path, "/tmp")
    assert done.code == 1 and "'/tmp' is no program" in done.text


def test_a_long_chain_of_profiles_is_refused(tmp_path):
    profiles = "".join(f"[profile p{i}]\nrole_arn=a\nsource_profile=p{i + 1}\n" for i in range(20_000))
    done = program.run(*RESOLVE, environment=environment(tmp_path, "[default]\nrole_arn=a\nsource_profile=p0\n" + profiles))
    assert done.code == 1 and "follow each other by source_profile" in done.text


def test_a_long_line_of_a_config_file_is_read_at_once(tmp_path):
    done = program.run(*RESOLVE, environment=environment(tmp_path, "[default]\nregion=" + "x" * 4_000_000 + "\n"))
    assert done.code == 64 and "needs credentials" in done.text


@pytest.mark.parametrize("name", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"])
@pytest.mark.parametrize("text", ["A\r\nEvil: y", "A\nb", "A\x7fb", "Ä"], ids=ascii)
def test_keys_and_tokens_that_break_a_line_are_refused(tmp_path, name, text):
    keys = {"AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "SK", "AWS_SESSION_TOKEN": "T"} | {name: text}
    done = program.run(*RESOLVE, environment=environment(tmp_path, "") | keys)
    assert done.code == 1 and "characters that none has" in done.text, done.text
    target = ("run", "--target", "http://127.0.0.1:1", "--bucket", "b", "-n", 1, "--gateway", "http://127.0.0.1:1")
    done = program.run(*target, environment={"UPLOADBENCH_TOKEN": text})
    assert done.code == 64 and "UPLOADBENCH_TOKEN" in done.err and text not in done.text
