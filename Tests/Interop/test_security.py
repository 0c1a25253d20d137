"""What SECURITY.md claims, from outside: files, processes, addresses, and servers that mean harm."""

import json
import os
import re
import signal
import socket
import stat
import subprocess
import time
from pathlib import Path

import pytest
import requests

import hostile
import program
import results
from endpoint import Endpoint
from hostile import Hostile

KEYS = {"AWS_ACCESS_KEY_ID": "AKIDTEST", "AWS_SECRET_ACCESS_KEY": "the-secret-key", "AWS_REGION": "us-east-1"}
TIME_LIMIT_S = 30


def mode(path) -> int:
    return stat.S_IMODE(os.lstat(path).st_mode)


def wait_for(what, look):
    deadline = time.monotonic() + TIME_LIMIT_S
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.01)
    raise AssertionError(f"{what} did not come about")


# --- Files


@pytest.mark.parametrize("mask", [0, 0o022, 0o777])
def test_what_serve_writes_is_its_owners_alone_under_any_umask(tmp_path, mask):
    process = program.start(
        "serve", "--ready-file", tmp_path / "ready", "--log", tmp_path / "log", "--tls", "--until-stdin-closes",
        "--store", f"dir:{tmp_path}/objects",
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, preexec_fn=lambda: os.umask(mask),
    )  # fmt: skip
    try:
        wait_for("the ready file", (tmp_path / "ready").exists)
        for name in ("ready", "ready.ca.pem", "log"):
            assert mode(tmp_path / name) == 0o600, name
        assert mode(tmp_path / "objects") == 0o700
        assert "PRIVATE KEY" not in (tmp_path / "ready.ca.pem").read_text()
        json.loads((tmp_path / "ready").read_text())
    finally:
        process.stdin.close()
        assert process.wait(TIME_LIMIT_S) == 0
    assert not (tmp_path / "ready.ca.pem").exists()


def test_a_link_in_the_place_of_the_ready_file_is_replaced_and_not_followed(tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("kept")
    (tmp_path / "ready.json").symlink_to(victim)
    running = Endpoint(tmp_path)
    running.process = program.start(
        "serve", "--ready-file", running.ready_file, "--until-stdin-closes", stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_for("the ready file", lambda: not running.ready_file.is_symlink())
        assert "secret_key" in running.ready_file.read_text()
    finally:
        running.process.stdin.close()
        running.process.wait(TIME_LIMIT_S)
    assert victim.read_text() == "kept"


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_the_keys_of_an_embedded_run_are_in_a_private_folder_and_no_command_line(tmp_path):
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    process = program.start(
        "run", "--scenarios", "presigned-put", "--size", "4KiB", "-d", "60s", "-o", tmp_path / "run",
        environment={"TMPDIR": str(temporary)}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        preexec_fn=lambda: os.umask(0),
    )  # fmt: skip
    try:
        (ready,) = wait_for("the ready file", lambda: list(temporary.glob("*/ready.json")))
        assert (mode(ready.parent), mode(ready)) == (0o700, 0o600)
        secrets = json.loads(ready.read_text())
        wait_for("the run", (tmp_path / "run/run.json").exists)
        (serve,) = children(process.pid)
        for pid in (process.pid, serve):
            words = Path(f"/proc/{pid}/cmdline").read_bytes() + Path(f"/proc/{pid}/environ").read_bytes()
            for name in ("secret_key", "token", "access_key"):
                assert secrets[name].encode() not in words, name
    finally:
        process.send_signal(signal.SIGINT)
        printed, _ = process.communicate(timeout=TIME_LIMIT_S)
    assert list(temporary.iterdir()) == []
    written = printed + results.every_file(tmp_path / "run")
    assert secrets["secret_key"] not in written and secrets["token"] not in written


@pytest.mark.parametrize("tls", [[], ["--tls"]])
@pytest.mark.parametrize("signals", [[signal.SIGKILL], [signal.SIGINT, signal.SIGTERM]])
def test_a_run_that_cannot_tidy_up_leaves_no_keys(tmp_path, signals, tls):
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    process = program.start(
        "run", "--scenarios", "presigned-put", "--size", "4KiB", "-d", "60s", "-q", "-o", tmp_path / "run", *tls,
        environment={"TMPDIR": str(temporary)},
    )  # fmt: skip
    wait_for("the ready file", lambda: list(temporary.glob("*/ready.json")))
    (serve,) = children(process.pid)
    for number in signals:
        process.send_signal(number)
    process.wait(TIME_LIMIT_S)
    wait_for("the end of the endpoint", lambda: not Path(f"/proc/{serve}").exists())
    assert list(temporary.iterdir()) == []


def test_a_run_that_is_killed_while_its_endpoint_starts_leaves_no_keys(tmp_path):
    for number in range(20):
        temporary = tmp_path / str(number)
        temporary.mkdir()
        process = program.start(
            "run", "--scenarios", "presigned-put", "-n", "1", "-q", "-o", tmp_path / f"run{number}",
            environment={"TMPDIR": str(temporary)},
        )  # fmt: skip
        while not os.listdir(temporary):
            assert process.poll() is None
        time.sleep(number / 2000)
        process.kill()
        process.wait()
    # A folder that never had a server may stay, empty.
    wait_for("the end of the endpoints", lambda: not list(tmp_path.glob("*/*/ready.json")) and not serving(tmp_path))
    assert list(tmp_path.glob("*/*/*")) == [path for path in tmp_path.glob("*/*/*") if path.parts[-3].startswith("run")]


def serving(folder: Path) -> list[str]:
    """Processes that have something below the folder on their command line."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            pass
    return [line for line in lines if " serve " in line and str(folder) in line]


def test_a_link_in_a_results_folder_is_not_written_through(tmp_path):
    """Somebody was faster, in a folder that others may write into."""
    victim, folder = tmp_path / "victim", tmp_path / "run"
    victim.write_text("kept")
    process = program.start(
        "run", "--scenarios", "presigned-put", "--size", "4KiB", "-d", "60s", "-o", folder, "-q",
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_for("the run", (folder / "samples.csv").exists)
        (folder / ".run.json.new").symlink_to(victim)
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(TIME_LIMIT_S) == 74
    assert victim.read_text() == "kept"


@pytest.mark.parametrize("key", ["../../escaped", "..%2f..%2fescaped", "%2e%2e/%2e%2e/escaped", "//etc/passwd", "a%00b", "a/./../../../escaped"])
def test_no_key_leaves_the_stores_folder(tmp_path, key):
    folder = tmp_path / "a/b/objects"
    folder.parent.mkdir(parents=True)
    with Endpoint(tmp_path, "--store", f"dir:{folder}", "--open") as endpoint:
        with socket.create_connection(("127.0.0.1", int(endpoint.gateway.rsplit(":", 1)[1]))) as raw:
            raw.sendall(f"PUT /uploads/{key} HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc".encode())
            status = raw.makefile("rb").readline().split()[1]
        assert status == b"200"
        outside = [path for path in tmp_path.rglob("*") if path.is_file() and folder not in path.parents]
        assert outside == [endpoint.ready_file]
        (stored,) = folder.iterdir()
        assert re.fullmatch("[0-9a-f-]+", stored.name) and stored.read_bytes() == b"abc"


# --- Addresses


def test_it_listens_on_loopback_unless_told(tmp_path):
    with Endpoint(tmp_path) as endpoint:
        listening = Path("/proc/net/tcp").read_text()
        for role in ("store", "gateway", "edge", "accelerate"):
            port = int(endpoint.ready[role].rsplit(":", 1)[1])
            assert f" 0100007F:{port:04X} 00000000:0000 0A" in listening
            assert f" 00000000:{port:04X} " not in listening


@pytest.mark.parametrize("words, warned", [
    (("--host", "0.0.0.0"), "other machines may reach"), (("--host", "0.0.0.0", "--open"), "asks for no token"),
    (("--host", "127.0.0.1", "--open"), ""), (("--host", "127.0.0.2"), ""),
])  # fmt: skip
def test_listening_for_others_is_warned_of(tmp_path, words, warned):
    process = program.start(
        "serve", "--ready-file", tmp_path / "ready", "--until-stdin-closes", *words,
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    wait_for("the ready file", (tmp_path / "ready").exists)
    _, errors = process.communicate(timeout=TIME_LIMIT_S)
    assert (warned in errors) if warned else errors == ""


# --- Redirects


@pytest.mark.parametrize("variable", ["AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_EC2_METADATA_SERVICE_ENDPOINT"])
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_no_token_follows_a_redirect_of_a_credentials_endpoint(variable, status):
    with Hostile(200, b"{}") as thief:
        location = b"Location: " + thief.url.encode() + b"/x"
        with Hostile(status, fields=(location,)) as endpoint:
            environment = {variable: endpoint.url, "AWS_CONTAINER_AUTHORIZATION_TOKEN": "the-token"}
            done = program.run(
                "doctor", "--resolve", "--target", "http://127.0.0.1:1", "--bucket", "b", "--signer", "local",
                environment=environment | {"AWS_EC2_METADATA_DISABLED": "false"},
            )  # fmt: skip
            assert endpoint.asked and thief.asked == []
            assert "the-token" not in done.text


def test_the_edges_redirect_takes_no_token_along(endpoint, tmp_path):
    with Hostile(200) as elsewhere:
        location = f"Location: {elsewhere.url}/{endpoint.bucket}/users/bench/x.jpg?X-Amz-Signature=1".encode()
        with Hostile(307, fields=(location,)) as edge:
            done = program.run(
                "run", "--target", endpoint.store, "--bucket", endpoint.bucket, "--gateway", endpoint.gateway,
                "--edge", edge.url, "--scenarios", "edge-redirect", "--size", "4KiB", "-n", 2, "--warmup", "0s",
                "--rounds", 1, "-q", "-o", tmp_path / "run", environment={"UPLOADBENCH_TOKEN": endpoint.token},
            )  # fmt: skip
            puts = [fields for method, _, fields in edge.asked if method == "PUT"]
            assert puts and all(fields["authorization"] == f"Bearer {endpoint.token}" for fields in puts)
            assert elsewhere.asked, done.text
            for _, _, fields in elsewhere.asked:
                assert "authorization" not in fields and endpoint.token not in str(fields)


# --- What others say


def refusing(code: str) -> Hostile:
    body = f"<Error><Code>{code}</Code><Message>{hostile.ALL}</Message></Error>".encode()
    return Hostile(403, body, ("Server: \x9b31mowned\u202e ::error::owned".encode(), b"X-Evil: ##[error]owned"))


@pytest.mark.parametrize("code", [*hostile.FORMULAS, hostile.ESCAPES, "<script>", "|", "\n::error::owned", "x" * 5000])
def test_a_targets_words_reach_neither_terminal_nor_results(tmp_path, code):
    with refusing(code) as target:
        done = program.run(
            "run", "--target", target.url, "--bucket", "b", "--signer", "local", "--scenarios", "presigned-put",
            "--size", "4KiB", "-n", 3, "--warmup", "0s", "--rounds", 1, "-o", tmp_path / "run", environment=KEYS,
        )  # fmt: skip
    assert done.code == 1, done.text
    assert hostile.is_clean(done.text) and "owned" not in done.text
    assert "owned" not in results.every_file(tmp_path / "run")
    rows = results.rows(tmp_path / "run", "samples.csv")
    assert len(rows) == 3 and {row["error_code"] for row in rows} == {""}
    assert {row["http_status"] for row in rows} == {"403"}


@pytest.mark.parametrize("field", [b"Server: \x1b]0;owned\x07", b"X-\x1b[31m: owned", b"Server: a\rowned", b"owned\x00: x"])
def test_an_answer_with_controls_in_its_head_is_none(tmp_path, field):
    with Hostile(200, b"", (field,)) as target:
        done = program.run(
            "run", "--target", target.url, "--bucket", "b", "--signer", "local", "-o", tmp_path / "run", environment=KEYS
        )
    assert done.code == 69 and "not HTTP/1.1" in done.err, done.text
    assert hostile.is_clean(done.text) and "owned" not in done.text


@pytest.mark.parametrize("command", ["doctor", "guard"])
def test_a_targets_words_do_not_steer_the_terminal_of_single_requests(command):
    with refusing(hostile.ALL) as target:
        done = program.run(
            command, "--target", target.url, "--bucket", "b", "--signer", "local", "--scenarios", "presigned-put",
            environment=KEYS,
        )  # fmt: skip
    assert target.asked and hostile.is_clean(done.text) and "owned" not in done.text
    assert KEYS["AWS_SECRET_ACCESS_KEY"] not in done.text


def test_hostile_keys_are_listed_and_not_obeyed(tmp_path):
    """Other people's objects in the API user's folder, named to be shown."""
    with Endpoint(tmp_path) as endpoint:
        words = (
            "run", "--target", endpoint.store, "--bucket", endpoint.bucket, "--gateway", endpoint.gateway,
            "--scenarios", "proxy-json", "--size", "4KiB", "-n", 1, "--warmup", "0s", "--rounds", 1, "-q",
        )  # fmt: skip
        environment = endpoint.environment | {"UPLOADBENCH_TOKEN": endpoint.token}
        assert program.run(*words, "-o", tmp_path / "run", environment=environment).code == 0
        # What an XML document can hold: no C0 controls but tab and line ends.
        endpoint.s3().put_object(
            Bucket=endpoint.bucket, Key="users/bench/\x9b2J\n::error::owned\n\u202egpj.exe", Body=b"x"
        )
        done = program.run("clean", tmp_path / "run", environment=environment)
        assert done.code == 1 and "owned" in done.text
        assert hostile.is_clean(done.text) and "\u202e" not in done.text
        listed = program.run("clean", "--format", "json", tmp_path / "run", environment=environment)
        assert hostile.is_clean(listed.text) and "\x9b2J" in json.loads(listed.out)["runs"][0]["unlisted_keys"][0]


def test_no_secret_is_in_a_report_an_export_or_a_comparison(tmp_path):
    """Of a run on a target that is not embedded, whose keys and token its user holds."""
    with Endpoint(tmp_path) as endpoint:
        environment = endpoint.environment | {"UPLOADBENCH_TOKEN": endpoint.token}
        common = ("--target", endpoint.store, "--bucket", endpoint.bucket, "--gateway", endpoint.gateway)
        run = ("run", *common, "--scenarios", "presigned-put,proxy-json", "--size", "4KiB", "-n", 4, "--warmup", "0s", "-q", "--slo", "errors < 100%")
        printed = ""
        for name in ("a", "b"):
            done = program.run(*run, "--junit", tmp_path / f"{name}.xml", "-o", tmp_path / name, environment=environment)
            assert done.code == 0, done.text
            printed += done.text
        printed += program.run("report", tmp_path / "a", "-o", tmp_path / "a.html", environment=environment).text
        for form in ("table", "json", "markdown"):
            printed += program.run("compare", tmp_path / "a", tmp_path / "b", "--format", form, environment=environment).text
        printed += "".join(path.read_text() for path in (*tmp_path.glob("*.html"), *tmp_path.glob("*.xml")))
        printed += results.every_file(tmp_path / "a")
    assert "presigned-put" in printed
    for secret in (endpoint.secret_key, endpoint.token, "X-Amz-Signature=", "x-amz-signature"):
        assert secret not in printed


def test_urls_with_secrets_are_not_repeated(tmp_path):
    for url in ("http://user:the-password@127.0.0.1:1", "http://127.0.0.1:1/?token=the-password"):
        done = program.run(
            "run", "--target", url, "--bucket", "b", "--signer", "local", "-o", tmp_path / "run", environment=KEYS
        )
        assert done.code != 0 and "the-password" not in done.text, done.text


def test_hostile_paths_of_the_api_are_answered_and_not_obeyed(tmp_path):
    """The log of requests is JSON, one line each, whatever is asked."""
    with Endpoint(tmp_path, "--log", str(tmp_path / "log")) as endpoint:
        requests.get(endpoint.gateway + "/%1b[2J%0a{}?secret=the-token", headers={"Origin": "x\"},{"}, timeout=30)
        lines = (tmp_path / "log").read_text().splitlines()
    assert len(lines) == 1 and json.loads(lines[0])["status"] == 404
    assert "the-token" not in lines[0] and hostile.is_clean(lines[0])
