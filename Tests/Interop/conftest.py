"""Checks from outside: clients made by others against the built program.

The program under test is named by UPLOADBENCH (default: the debug build). Every endpoint listens on
a free port of the loopback interface.
"""

import fcntl
import os
import shutil
import signal
import socket
from pathlib import Path

import pytest

import program
from endpoint import Endpoint

# Where several processes share the files, whoever begins one of these last keeps the others waiting.
LONGEST_FILES = (
    "test_clean.py", "test_run_results.py", "test_interruption.py", "test_page.py", "test_template.py",
    "test_capacity.py", "test_resume.py", "test_aws_cli.py", "test_shards.py", "test_security.py", "test_guard.py",
    "test_against.py", "test_deploy.py", "test_chromium.py", "test_histograms.py", "test_report_reading.py",
)  # fmt: skip

_resolve = socket.getaddrinfo


def _resolve_localhost_names(host, *rest, **named):
    """RFC 6761 §6.3 sends every name below .localhost to the loopback; not every C library does."""
    if isinstance(host, str) and host.endswith(".localhost"):
        host = "127.0.0.1"
    return _resolve(host, *rest, **named)


def pytest_configure(config):
    socket.getaddrinfo = _resolve_localhost_names
    # What nohup(1) has ignored would be ignored by every program that is started here.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    os.environ.update(program.clean_environment())
    for name in program.INHERITED_SETTINGS:
        os.environ.pop(name, None)


def pytest_collection_modifyitems(items):
    ranks = {name: rank for rank, name in enumerate(LONGEST_FILES)}
    items.sort(key=lambda item: ranks.get(item.path.name, len(ranks)))


def pytest_unconfigure(config):
    """The last line, for whoever counts; of several processes the one that gathers writes it."""
    if hasattr(config, "workerinput"):
        return
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
    """A short run of every strategy; the larger size is more than the proxies carry.

    One process makes it, and each has its own copy.
    """
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    with (shared / "run.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / "run").exists():
            done = program.run(
                "run", "--link", "loopback", "--size", "64KiB,12MiB", "-n", "4", "-c", "2",
                "--warmup", "0s", "--rounds", "2", "--client", "browser", "-q", "-o", shared / "new-run",
            )  # fmt: skip
            assert done.code == 0, done.text
            (shared / "new-run").rename(shared / "run")
    return shutil.copytree(shared / "run", tmp_path_factory.mktemp("run") / "results")
