"""Checks from outside: clients made by others against the built program.

The program under test is named by UPLOADBENCH (default: the debug build). Every endpoint listens on
a free port of the loopback interface.
"""

import os
import socket
from pathlib import Path

import pytest

import program
from endpoint import Endpoint

_resolve = socket.getaddrinfo


def _resolve_localhost_names(host, *rest, **named):
    """RFC 6761 §6.3 sends every name below .localhost to the loopback; not every C library does."""
    if isinstance(host, str) and host.endswith(".localhost"):
        host = "127.0.0.1"
    return _resolve(host, *rest, **named)


def pytest_configure(config):
    socket.getaddrinfo = _resolve_localhost_names
    os.environ.update(program.clean_environment())
    for name in program.INHERITED_SETTINGS:
        os.environ.pop(name, None)


def pytest_unconfigure(config):
    """The last line, for whoever counts."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    count = {name: len(reporter.stats.get(name, [])) for name in ("passed", "failed", "error")}
    print(f"{count['passed']} passed, {count['failed'] + count['error']} failed")


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory):
    """One `uploadbench serve` for all checks that do not need their own."""
    with Endpoint(tmp_path_factory.mktemp("serve")) as running:
        yield running


@pytest.fixture(scope="session")
def s3(endpoint):
    return endpoint.s3()


@pytest.fixture
def key(request):
    """A key that no other check uses."""
    return f"checks/{request.node.name}"


@pytest.fixture(scope="session")
def big_file(tmp_path_factory) -> Path:
    """64 MiB that no compression shortens."""
    path = tmp_path_factory.mktemp("big") / "64MiB.bin"
    path.write_bytes(os.urandom(64 * 1024 * 1024))
    return path


@pytest.fixture(scope="session")
def recorded_run(tmp_path_factory) -> Path:
    """A short run of every strategy; the larger size is more than the proxies carry."""
    folder = tmp_path_factory.mktemp("run") / "results"
    done = program.run(
        "run", "--link", "loopback", "--size", "64KiB,12MiB", "-n", "4", "-c", "2",
        "--warmup", "0s", "--rounds", "2", "--client", "browser", "-q", "-o", folder,
    )  # fmt: skip
    assert done.code == 0, done.text
    return folder
