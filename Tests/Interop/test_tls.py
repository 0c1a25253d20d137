"""TLS between clients made by others, or our own, and every role."""

import socket
import ssl
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

import program
import results
from endpoint import Endpoint


@pytest.fixture(scope="module")
def secure(tmp_path_factory):
    with Endpoint(tmp_path_factory.mktemp("tls"), "--tls") as endpoint:
        yield endpoint


def test_every_role_shows_a_certificate_of_the_authority(secure):
    authority = secure.ready["ca_file"]
    assert Path(authority).stat().st_mode & 0o777 == 0o600
    for role in ("store", "gateway", "edge", "accelerate"):
        url = secure.ready[role]
        assert url.startswith("https://")
        # The gateway has a page there, the others have nothing for nobody.
        expected = (200,) if role == "gateway" else (400, 403, 404)
        assert requests.get(url, verify=authority, timeout=30).status_code in expected
        with pytest.raises(requests.exceptions.SSLError):
            requests.get(url, timeout=30)


def test_the_certificate_stands_strict_checks_and_http_1_1_is_agreed_on(secure):
    context = ssl.create_default_context(cafile=secure.ready["ca_file"])
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    context.set_alpn_protocols(["h2", "http/1.1"])
    address = urlsplit(secure.store)
    with socket.create_connection((address.hostname, address.port), timeout=30) as plain:
        with context.wrap_socket(plain, server_hostname="localhost") as connection:
            assert connection.version() == "TLSv1.3"
            assert connection.selected_alpn_protocol() == "http/1.1"


def test_curl_uploads_by_tls_1_3(secure, tmp_path):
    file = tmp_path / "body"
    file.write_bytes(bytes(range(256)) * 5000)
    given = requests.get(
        secure.gateway + "/signed-url", headers={"Authorization": f"Bearer {secure.token}"},
        verify=secure.ready["ca_file"], timeout=30).json()  # fmt: skip
    common = ["curl", "-sS", "--tlsv1.3", "--cacert", secure.ready["ca_file"], "-o", tmp_path / "out"]
    put = [*common, "-w", "%{http_code}", "-T", file, "-H",
           "Content-Type: application/octet-stream", given["data"]["url"]]  # fmt: skip
    done = subprocess.run(put, capture_output=True, text=True, timeout=60)
    assert done.stdout == "200", done.stdout + done.stderr
    older = [*common, "--tls-max", "1.2", secure.store]
    older.remove("--tlsv1.3")
    assert subprocess.run(older, capture_output=True, timeout=60).returncode != 0


def test_a_client_without_tls_is_turned_away(secure):
    with pytest.raises(requests.exceptions.ConnectionError):
        requests.get(secure.store.replace("https", "http"), timeout=10)


def received_by_a_run(folder, *flags) -> dict[str, int]:
    """The fewest bytes that an upload of each strategy received, by TLS on fresh connections."""
    words = ("run", "--tls", "--link", "loopback", "--connections", "fresh", "-n", 6, "-c", 2,
             "--size", "64KiB", "--rounds", 1, "--warmup", "0s", "-o", folder)  # fmt: skip
    done = program.run(*words, *flags)
    assert done.code == 0, done.text
    least: dict[str, int] = {}
    for row in results.rows(folder, "samples.csv"):
        assert row["outcome"] == "ok", row
        assert int(row["tls_us"]) > 0
        # The handshake and the records are on the wire too.
        assert int(row["bytes_sent"]) > 65_536 + 800
        name, count = row["scenario"], int(row["bytes_received"])
        least[name] = min(least.get(name, count), count)
    return least


def test_every_strategy_goes_over_tls_and_sessions_are_resumed(tmp_path):
    resumed = received_by_a_run(tmp_path / "resumed")
    full = received_by_a_run(tmp_path / "full", "--no-tls-resumption")
    assert len(resumed) == 9
    # A resumed handshake has no certificate (RFC 8446 §2.2), but tickets come with it.
    for name, count in resumed.items():
        assert count < full[name], name


def run_against(secure, tmp_path, *flags):
    return program.run(
        "run", "--target", secure.store, "--bucket", secure.bucket, "--signer", "local",
        "--scenarios", "presigned-put", "-n", 2, "-c", 1, "--size", "1KiB", "--rounds", 1,
        "--warmup", "0s", "-o", tmp_path / "run", *flags, environment=secure.environment)  # fmt: skip


def test_a_target_is_verified_unless_told_otherwise(secure, tmp_path):
    refused = run_against(secure, tmp_path)
    assert refused.code == 69
    assert "certificate" in refused.err.lower() and "--cacert" in refused.err
    assert run_against(secure, tmp_path, "--insecure").code == 0
    (tmp_path / "more").mkdir()
    trusted = run_against(secure, tmp_path / "more", "--cacert", secure.ready["ca_file"])
    assert trusted.code == 0, trusted.text


@pytest.mark.parametrize("flags", [(), ("--tls",), ("--link", "metro"), ("--tls", "--link", "metro")])
def test_another_address_is_told_and_reached_with_and_without_tls_and_links(tmp_path, flags):
    with Endpoint(tmp_path, "--host", "127.0.0.2", *flags) as endpoint:
        for role in ("store", "gateway", "edge"):
            assert urlsplit(endpoint.ready[role]).hostname == "127.0.0.2"
        # The gateway stores it by way of the store's inner port.
        answer = requests.put(
            endpoint.gateway + "/uploads/a.bin", data=b"1234",
            headers={"Authorization": f"Bearer {endpoint.token}", "Content-Type": "text/plain"},
            verify=endpoint.ready.get("ca_file") or True, timeout=30)  # fmt: skip
        assert answer.status_code == 200, answer.text
