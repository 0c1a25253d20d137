"""Budgets, retries, and the refusal to load other machines."""

import csv

import program
import pytest
import results
from endpoint import Endpoint


def words(endpoint, folder, *more) -> tuple:
    return (
        "run", "--target", endpoint.store, "--bucket", endpoint.bucket, "--region", endpoint.region,
        "--signer", "local", "--warmup", "0s", "--rounds", 1, "-q", "-o", folder, *more,
    )  # fmt: skip


@pytest.mark.parametrize("url", ["http://192.0.2.7:9000", "https://s3.eu-central-1.amazonaws.com"])
def test_another_machine_is_not_loaded_unless_it_is_named(tmp_path, url):
    flags = ("run", "--target", url, "--bucket", "b", "--signer", "local", "-o", tmp_path / "run")
    keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    refused = program.run(*flags, environment=keys)
    host = url.split("//")[1].split(":")[0]
    assert refused.code == 64 and f"--yes-load {host}" in refused.err
    other = program.run(*flags, "--yes-load", "192.0.2.8", environment=keys)
    assert other.code == 64
    assert not (tmp_path / "run").exists()


def test_a_run_stops_before_it_sends_more_than_it_may(endpoint, tmp_path):
    done = program.run(
        *words(endpoint, tmp_path / "run", "--scenarios", "presigned-put", "--size", "64KiB", "-n", 1000,
               "--max-bytes", "1MiB", "--clean"),
        environment=endpoint.environment,
    )  # fmt: skip
    assert done.code == 1 and "stopped at --max-bytes 1 MiB" in done.err
    rows = results.rows(tmp_path / "run", "samples.csv")
    assert len(rows) == 16 and {row["outcome"] for row in rows} == {"ok"}
    assert results.record(tmp_path / "run")["status"] == "partial"


def test_a_run_stops_before_it_costs_more_than_it_may(tmp_path):
    with Endpoint(tmp_path, "--store", "discard", region="us-east-1") as endpoint:
        # A PUT is 5 millionths of a dollar (price book: 0.005 per thousand).
        done = program.run(
            *words(endpoint, tmp_path / "run", "--scenarios", "presigned-put", "--size", "1KiB",
                   "-n", 1000, "--max-cost", "0.0005"),
            environment=endpoint.environment,
        )  # fmt: skip
    assert done.code == 1 and "stopped at --max-cost 0.000500 USD" in done.err
    assert len(results.rows(tmp_path / "run", "samples.csv")) == 100


@pytest.fixture(scope="module")
def failing(tmp_path_factory):
    with Endpoint(tmp_path_factory.mktemp("failing"), "--store-throttle", "60/s", "--store-burst", "30") as endpoint:
        yield endpoint


def run_against(failing, folder, retry: str):
    done = program.run(
        *words(failing, folder, "--scenarios", "presigned-put", "--size", "1KiB", "-n", 60, "-c", 60,
               "--retry", retry),
        environment=failing.environment,
    )  # fmt: skip
    rows = list(csv.DictReader((folder / "samples.csv").open()))
    return done, rows


def test_without_retries_a_failure_counts_by_its_status(failing, tmp_path):
    done, rows = run_against(failing, tmp_path / "run", "none")
    failed = [row for row in rows if row["outcome"] != "ok"]
    assert 5 < len(failed) < 45
    assert {row["http_status"] for row in failed} == {"503"}
    assert {row["retries"] for row in rows} == {"0"}
    assert f"{len(failed)} × server-error 503 SlowDown" in done.out


def test_standard_retries_try_up_to_three_times_and_are_counted(failing, tmp_path):
    done, rows = run_against(failing, tmp_path / "run", "standard")
    retries = [int(row["retries"]) for row in rows]
    assert {0, 1} <= set(retries) <= {0, 1, 2}
    failed = [row for row in rows if row["outcome"] != "ok"]
    assert all(row["retries"] == "2" for row in failed)
    assert len(failed) < 10
    assert "tried again after" in done.out and "503" in done.out
    (retried,) = results.record(tmp_path / "run")["retried"]
    assert sum(entry["count"] for entry in retried["after"]) == sum(retries)
