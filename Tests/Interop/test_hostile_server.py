"""Attacks on all roles of one `serve`, which must answer each as HTTP and S3 have it, and stay as it was."""

import subprocess

import pytest

import program
from attacks import cases, floods, requests, sets
from attacks.cases import try_group, watched
from endpoint import Endpoint

GROUPS = (
    "two lengths, transfer codings", "syntax of heads", "hosts and absolute targets", "large heads", "chunks",
    "aws-chunked", "multipart/form-data", "policy documents", "JSON", "Base64 and content types", "XML", "signatures",
    "numbers and ranges", "keys and paths",
)  # fmt: skip


@pytest.fixture(scope="module")
def attacked(tmp_path_factory):
    with Endpoint(tmp_path_factory.mktemp("attacked")) as running:
        yield running


@pytest.fixture(scope="module")
def groups(attacked):
    found = sets.groups(attacked)
    assert tuple(found) == GROUPS
    return found


@pytest.mark.parametrize("name", GROUPS)
def test_attacks_are_answered_and_leave_no_trace(attacked, groups, name):
    assert try_group(attacked, name, groups[name]).failures == []


def test_a_file_name_is_no_path(attacked):
    assert sets.file_names(attacked).failures == []


def test_crowds_of_bad_clients_leave_no_trace(attacked):
    assert [failure for tally in sets.crowds(attacked) for failure in tally.failures] == []


def test_attacks_over_tls(tmp_path):
    with Endpoint(tmp_path, "--tls") as endpoint:
        for name, attacks in sets.over_tls().items():
            assert try_group(endpoint, name, attacks, ("store", "gateway")).failures == []
        noise = watched(endpoint, "garbage", lambda tally: floods.garbage(endpoint, tally, 40))
        assert noise.failures == []


def test_no_key_leaves_the_folder_of_the_objects(tmp_path):
    folder = tmp_path / "outer" / "objects"
    folder.mkdir(parents=True)
    (tmp_path / "outer" / "secret").write_text("secret")
    before = floods.tree(tmp_path)
    with Endpoint(tmp_path, "--store", f"dir:{folder}") as endpoint:
        tally = try_group(endpoint, "keys", requests.paths(endpoint))
        assert tally.failures == []
        outside = {path for path in floods.tree(tmp_path) if not path.startswith(str(folder))}
        assert outside - before <= {str(endpoint.ready_file)}
        assert tally.statuses[200] > 30
        for key in ("..", "../secret", "/secret", "../../outer/secret"):
            assert b"secret" not in cases.wire.exchange(
                endpoint.store, cases_get(endpoint, key))[0].body.replace(key.encode(), b"")  # fmt: skip
    assert (tmp_path / "outer" / "secret").read_text() == "secret"


def cases_get(endpoint, key: str) -> bytes:
    target = requests.signing.Signer(endpoint).presign("GET", f"/{endpoint.bucket}/{key}", "127.0.0.1")
    return f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()


def test_more_connections_than_descriptors_are_told_so(tmp_path):
    """With 400 descriptors the store takes 300 clients and keeps the rest to serve them with."""
    (tmp_path / "objects").mkdir()
    endpoint = Endpoint(tmp_path, "--store", f"dir:{tmp_path}/objects")
    original = program.start
    try:
        program.start = lambda *words, **named: subprocess.Popen(
            ["prlimit", "--nofile=400:400", program.BINARY, *map(str, words)],
            env=program.clean_environment(), **named)  # fmt: skip
        with endpoint:
            flood = watched(
                endpoint, "connections", lambda tally: floods.connections(endpoint, tally, 340, 300))  # fmt: skip
            assert flood.failures == []
            assert flood.statuses[503] == 40
    finally:
        program.start = original


@pytest.mark.parametrize("path", ("/images", "/reviews", "/signed-multipart"))
def test_an_upload_that_stops_holds_no_lambda(tmp_path, path):
    """API Gateway invokes a function once it has the whole request."""
    with Endpoint(tmp_path, "--lambda-concurrency", "1") as endpoint:
        body = b'{"bucket":"b","key":"k"}'
        head = (
            f"POST {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {endpoint.token}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        with cases.wire.Wire(endpoint.gateway) as stopped, cases.wire.Wire(endpoint.gateway) as another:
            for client in (stopped, another):
                client.send(head.encode() + body[:9])
            asked = endpoint.api().get(endpoint.gateway + "/signed-url", timeout=30)
            assert asked.status_code == 200, asked.text
            stopped.send(body[9:])
            assert stopped.answer().status == {"/images": 400, "/reviews": 403, "/signed-multipart": 400}[path]
