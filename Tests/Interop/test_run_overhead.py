"""What a run says of itself: self-check, descriptors, thinned samples."""

import resource

import pytest

import program
import results

RUN = ("run", "--link", "loopback", "--scenarios", "presigned-put", "--size", "1KiB")
SHORT = (*RUN, "-n", 60, "-c", 2, "--warmup", "0s", "--rounds", 1)


def test_the_floor_of_the_machine_is_printed_and_kept(tmp_path):
    done = program.run(*SHORT, "-o", tmp_path / "run")
    assert done.code == 0, done.text
    assert "self-check: loopback round trip" in done.err
    check = results.record(tmp_path / "run")["self_check"]
    for name in ("loopback_round_trip", "start_lateness", "timer_lateness"):
        assert 0 < check[name]["p50_us"] <= check[name]["p99_us"], name
        assert check[name]["count"] > 10
    assert check["loopback_round_trip"]["p50_us"] > 1, "two system calls at least"


def test_a_quiet_run_keeps_the_self_check_to_its_record(tmp_path):
    done = program.run(*SHORT, "-q", "-o", tmp_path / "run")
    assert done.code == 0 and "self-check" not in done.text
    assert results.record(tmp_path / "run")["self_check"]


@pytest.mark.parametrize("choice, rows", [("none", (0, 0)), ("errors", (0, 0)), ("1/3", (5, 40))])
def test_samples_are_thinned_and_the_summary_is_not(tmp_path, choice, rows):
    done = program.run(*SHORT, "--samples", choice, "-o", tmp_path / "run")
    assert done.code == 0, done.text
    kept = len(results.rows(tmp_path / "run", "samples.csv"))
    assert rows[0] <= kept <= rows[1]
    (summary,) = results.rows(tmp_path / "run", "summary.csv")
    assert summary["uploads"] == "60"
    record = results.record(tmp_path / "run")
    assert record["plan"]["samples"] == choice
    assert record["samples_dropped"] == 0


@pytest.mark.parametrize("choice", ["some", "1/0", "1/-3", "2/3", "0.1"])
def test_a_wrong_choice_of_samples_is_named(tmp_path, choice):
    done = program.run("run", "--samples", choice, cwd=tmp_path)
    assert done.code == 64 and choice in done.err and "1/N" in done.err


def test_too_many_clients_for_the_descriptors_are_refused_before_the_run(tmp_path):
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard >= 300_000:
        pytest.skip(f"this machine gives a process {hard} descriptors")
    done = program.run("run", "--link", "far", "-c", 100_000, cwd=tmp_path)
    assert done.code == 64, done.text
    assert "ulimit -n" in done.err and "take --concurrency" in done.err
    assert not any(tmp_path.iterdir())


def test_a_low_soft_limit_is_raised(tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(128, hard), hard))
    try:
        done = program.run(*RUN, "-n", 300, "-c", 150, "--warmup", "0s", "--rounds", 1, "-o",
                           tmp_path / "run")  # fmt: skip
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert done.code == 0, done.text
    (summary,) = results.rows(tmp_path / "run", "summary.csv")
    assert (summary["uploads"], summary["errors"]) == ("300", "0")
