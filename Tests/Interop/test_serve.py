"""How `serve` starts and ends."""

import json
import signal
import stat
import subprocess
from pathlib import Path

import pytest
import requests

import program
from endpoint import BUCKET, REGION, STOP_LIMIT_S, Endpoint

FIELDS = {
    "store", "gateway", "edge", "accelerate", "bucket", "region", "access_key", "secret_key",
    "token", "ca_file", "pid",
}  # fmt: skip


def test_the_ready_file_says_what_a_client_needs_and_only_its_owner_reads_it(endpoint):
    ready = json.loads(endpoint.ready_file.read_text())
    assert set(ready) >= FIELDS
    assert (ready["bucket"], ready["region"]) == (BUCKET, REGION)
    assert ready["pid"] == endpoint.process.pid
    assert stat.S_IMODE(endpoint.ready_file.stat().st_mode) == 0o600


def test_it_ends_when_its_standard_input_closes(tmp_path):
    with Endpoint(tmp_path) as running:
        running.process.stdin.close()
        assert running.process.wait(STOP_LIMIT_S) == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_ends_on_a_signal(tmp_path, number):
    with Endpoint(tmp_path, "--tls", "--store", f"dir:{tmp_path}/objects") as running:
        authority = Path(running.ready["ca_file"])
        assert authority.exists()
        running.process.send_signal(number)
        assert running.process.wait(STOP_LIMIT_S) == 0
    assert not authority.exists()


def test_nohup_lets_it_outlive_its_terminal(tmp_path):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        running = Endpoint(tmp_path).__enter__()
    finally:
        signal.signal(signal.SIGHUP, before)
    running.process.send_signal(signal.SIGHUP)
    running.s3().list_buckets()
    running.__exit__()
    assert running.process.returncode == 0


def test_an_open_gateway_needs_no_token(tmp_path):
    with Endpoint(tmp_path, "--open") as running:
        assert requests.get(running.gateway + "/signed-url", timeout=30).status_code == 200


def test_given_credentials_are_used(tmp_path):
    pairs = [
        {"access_key": "AKIAFIRST", "secret_key": "first-secret", "session_token": None},
        {"access_key": "AKIASECOND", "secret_key": "second-secret", "session_token": None},
    ]
    (tmp_path / "keys.json").write_text(json.dumps(pairs))
    with Endpoint(tmp_path, "--credentials", str(tmp_path / "keys.json")) as running:
        for pair in pairs:
            s3 = running.s3(access_key=pair["access_key"], secret_key=pair["secret_key"])
            s3.put_object(Bucket=running.bucket, Key=pair["access_key"], Body=b"x")
        assert running.keys() == {"AKIAFIRST", "AKIASECOND"}


def test_objects_can_be_kept_in_a_folder(tmp_path):
    (tmp_path / "objects").mkdir()
    with Endpoint(tmp_path, "--store", f"dir:{tmp_path}/objects") as running:
        running.s3().put_object(Bucket=running.bucket, Key="a/../b ü", Body=b"kept on disk")
        assert running.stored("a/../b ü") == b"kept on disk"
        files = [path for path in (tmp_path / "objects").rglob("*") if path.is_file()]
        assert any(b"kept on disk" in path.read_bytes() for path in files)


def test_a_discarding_store_keeps_size_and_checksum_only(tmp_path):
    with Endpoint(tmp_path, "--store", "discard") as running:
        put = running.s3().put_object(Bucket=running.bucket, Key="k", Body=b"x" * 100_000)
        head = running.s3().head_object(Bucket=running.bucket, Key="k")
        assert (head["ContentLength"], head["ETag"]) == (100_000, put["ETag"])


def peak_kib(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


def test_memory_does_not_grow_with_the_object(tmp_path, big_file):
    with Endpoint(tmp_path, "--store", "discard") as running:
        name = {"Bucket": running.bucket, "Key": "big"}
        url = running.s3().generate_presigned_url("put_object", Params=name)
        program.tool("curl", "-sS", "-T", __file__, url)
        before = peak_kib(running.process.pid)
        done = program.tool("curl", "-sS", "--fail", "-T", big_file, url)
        assert done.code == 0, done.err
        assert peak_kib(running.process.pid) - before < 16 * 1024


def test_a_taken_port_is_one_clear_line(endpoint):
    done = program.run("serve", "--store-port", endpoint.port, "--until-stdin-closes")
    assert done.code not in (0, 64)
    assert str(endpoint.port) in done.err
    assert len(done.err.splitlines()) == 1


def test_it_prints_no_secret(tmp_path):
    running = Endpoint(tmp_path)
    running.process = program.start(
        "serve", "--ready-file", running.ready_file, "--until-stdin-closes",
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    ready = running._wait_until_ready()
    printed, _ = running.process.communicate(timeout=STOP_LIMIT_S)
    assert ready["secret_key"] not in printed
    assert ready["token"] not in printed
