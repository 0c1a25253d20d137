"""The model of a browser (`--client browser`) beside a real one: the same requests and preflights for every
strategy, from the servers' own log."""

from collections import Counter

import pytest

import program
from browser import Browser
from endpoint import Endpoint
from upload_page import STRATEGIES, RequestLog, UploadPage, from_clients


@pytest.fixture(scope="module")
def logged(tmp_path_factory):
    """With a token: an API that asks for none is not preflighted for its GETs."""
    folder = tmp_path_factory.mktemp("logged")
    with Endpoint(folder, "--log", str(folder / "log")) as running:
        running.log = RequestLog(folder / "log")
        yield running


@pytest.fixture(scope="module")
def browser():
    running = Browser()
    yield running
    running.close()


def size_of(strategy: str) -> int:
    """Two parts, where there are parts."""
    return 6 << 20 if "multipart" in strategy else 65536


def modelled(endpoint, strategy, folder) -> Counter:
    endpoint.log.new()
    done = program.run(
        "run", "--target", endpoint.store, "--gateway", endpoint.gateway, "--edge", endpoint.ready["edge"],
        "--accelerate", endpoint.ready["accelerate"], "--bucket", endpoint.bucket, "--region", endpoint.region,
        "--client", "browser", "--connections", "fresh", "--scenarios", strategy, "--size", size_of(strategy),
        "-n", "1", "-c", "1", "--rounds", "1", "--warmup", "0s", "-q", "-o", folder / "modelled",
        environment={"UPLOADBENCH_TOKEN": endpoint.token},
    )  # fmt: skip
    assert done.code == 0, done.text
    return Counter(from_clients(endpoint.log.new(), endpoint.ready))


def real(browser, endpoint, strategy) -> Counter:
    tab = browser.page(alone=True)
    page = UploadPage(tab, endpoint)
    endpoint.log.new()
    outcome = page.measure(strategy, size_of(strategy), endpoint.token)
    tab.close()
    assert outcome == "ok"
    return Counter(from_clients(endpoint.log.new(), endpoint.ready))


def for_clean(strategy: str) -> Counter:
    """What a run on a target that stays sends besides, so that `clean` finds all of it: once, whether a page may
    name its uploads (Idempotency-Key), and the preflight of a completion that writes over nothing (If-None-Match)."""
    more = Counter({("gateway", "OPTIONS"): 1})
    if "multipart" in strategy:
        more[("accelerate" if "accelerated" in strategy else "store", "OPTIONS")] += 1
    return more


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_model_sends_what_chromium_sends(browser, logged, strategy, tmp_path):
    sent = real(browser, logged, strategy)
    assert modelled(logged, strategy, tmp_path) == sent + for_clean(strategy)
    # Both were counted at all: each strategy has a preflight at the API or the edge, and a file that went out.
    assert sum(sent.values()) >= 2 and any(method == "OPTIONS" for _, method in sent)
