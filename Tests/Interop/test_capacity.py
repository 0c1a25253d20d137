"""`capacity` as a user types it: its contract, its end, its honesty."""

import json
import signal
import time

import pytest

import program
from test_run_interrupted import wait_for
from test_wrong_input import dead_url  # noqa: F401

MISSED, INCONCLUSIVE, USAGE, UNAVAILABLE, INTERRUPTED = 3, 4, 64, 69, 130
ONE = ("--link", "loopback", "--signer", "local", "--scenarios", "presigned-put", "--size", "1KiB")
COLUMNS = (
    "scenario,size_bytes,step,phase,rate_per_s,concurrency,offered_per_s,achieved_per_s,seconds,uploads,"
    "errors,overflow,objective,objective_share,counted,missed,missed_share,design_effect,"
    "effective_uploads,response_mean_us,response_p50_us,response_p99_us,authorize_p50_us,notify_p50_us,"
    "in_flight_mean,in_flight_slope_per_s,schedule_lag_p99_us,client_busy_share,"
    "client_cpu_us_per_upload,gateway_cpu_us_per_upload,fit_per_s,low_per_s,high_per_s,decision,reason"
)


def rows(folder):
    import csv

    lines = (folder / "capacity.csv").read_text().splitlines()
    assert lines[0].split(",")[: len(COLUMNS.split(","))] == COLUMNS.split(",")
    return list(csv.DictReader(lines, strict=True))


def test_two_servers_of_50_ms_carry_at_most_40_a_second(tmp_path):
    began = time.monotonic()
    done = program.run(
        "capacity", "--slo", "p90 < 400ms", *ONE, "--service-time", "store=50ms/2", "--budget", "16s",
        "--format", "json", "-o", tmp_path / "out", cwd=tmp_path,
    )  # fmt: skip
    assert time.monotonic() - began < 30
    assert done.code in (0, INCONCLUSIVE), done.text
    (answer,) = json.loads(done.out)["strategies"]
    assert answer.keys() >= {"scenario", "size_bytes", "rate_per_s", "low_per_s", "high_per_s", "verdict"}
    assert (answer["scenario"], answer["size_bytes"]) == ("presigned-put", 1024)
    # Whatever was found, no rate that the server cannot serve is named.
    assert answer["low_per_s"] is None or answer["low_per_s"] <= 40
    assert answer["rate_per_s"] is None or 20 <= answer["rate_per_s"] <= 42
    assert done.code == (0 if answer["verdict"] == "confirmed" else INCONCLUSIVE)
    steps = rows(tmp_path / "out")
    assert steps[-1]["phase"] == "answer" and steps[-1]["decision"] == answer["verdict"]
    assert {"doubling"} <= {row["phase"] for row in steps}
    assert any(row["decision"] == "fail" and float(row["rate_per_s"]) > 40 for row in steps)
    assert json.loads((tmp_path / "out/capacity.json").read_text())["strategies"] == [answer]
    # The search was shown step by step.
    assert "doubling" in done.err and "fail" in done.err

    planned = program.run(
        "capacity", "--plan", "200/s", "--headroom", "50%", "--from", tmp_path / "out", "--format", "json"
    )
    assert planned.code == 0, planned.text
    (strategy,) = json.loads(planned.out)["planning"]["strategies"]
    needs = {need["name"]: need for need in strategy["needs"]}
    assert needs["s3_prefixes"]["count"] == 1 and "3500" in needs["s3_prefixes"]["because"]
    # Little's law: 200/s × at least 50 ms, with half to spare.
    assert needs["connections"]["count"] >= 20 and "measured" in needs["connections"]["because"]


def test_an_objective_that_one_client_misses_has_no_rate(tmp_path):
    done = program.run(
        "capacity", "--slo", "p50 < 10ms", *ONE, "--service-time", "store=50ms", "--budget", "20s",
        "--format", "json", "-q", "-o", tmp_path / "out",
    )  # fmt: skip
    assert done.code == MISSED, done.text
    (answer,) = json.loads(done.out)["strategies"]
    assert answer["verdict"] == "unattainable" and answer["rate_per_s"] is None
    assert done.err == ""


def test_a_size_that_a_proxy_refuses_is_no_capacity(tmp_path):
    done = program.run(
        "capacity", "--slo", "p99 < 1s", "--link", "loopback", "--scenarios", "proxy-binary",
        "--size", "11MiB", "--budget", "10s", "--format", "json", "-q", "-o", tmp_path / "out",
    )  # fmt: skip
    (answer,) = json.loads(done.out)["strategies"]
    assert answer["verdict"] == "refused" and answer["rate_per_s"] is None


def test_an_interrupt_keeps_the_steps_so_far(tmp_path):
    folder = tmp_path / "out"
    process = program.start(
        "capacity", "--slo", "p99 < 2s", *ONE, "--service-time", "store=20ms/1", "--budget", "100s",
        "-q", "-o", folder, stdout=-1, stderr=-1, text=True,
    )  # fmt: skip
    file = folder / "capacity.csv"
    wait_for(lambda: file.exists() and len(file.read_text().splitlines()) > 1, process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=15)
    assert process.returncode == INTERRUPTED
    assert "partial" in err
    assert json.loads((folder / "run.json").read_text())["status"] == "partial"
    steps = rows(folder)
    assert steps[0]["phase"] == "doubling"
    assert steps[-1]["phase"] == "answer" and steps[-1]["decision"] == "inconclusive"


def test_a_sweep_is_fitted_and_holds_littles_law(tmp_path):
    done = program.run(
        "capacity", "--sweep", "1,2,4,8", *ONE, "--service-time", "store=10ms/2", "--budget", "11s",
        "--format", "json", "-o", tmp_path / "out",
    )  # fmt: skip
    assert done.code == 0, done.text
    (fit,) = json.loads(done.out)["scalability"]
    assert fit["rows"] == 12 and fit["rows_left_out"] <= 6
    # One client alone is served in 10 ms and a little.
    assert 40 <= fit["lambda_per_s"]["value"] <= 105
    assert fit["lambda_per_s"]["low"] <= fit["lambda_per_s"]["value"] <= fit["lambda_per_s"]["high"]
    steps = rows(tmp_path / "out")
    for row in steps:
        if row["phase"] == "sweep" and row["decision"] == "fitted":
            clients = float(row["achieved_per_s"]) * float(row["response_mean_us"]) / 1e6
            assert clients == pytest.approx(float(row["concurrency"]), rel=0.06)
    curve = {int(row["concurrency"]): row for row in steps if row["phase"] == "fit"}
    assert curve[8]["decision"] == "fitted" and curve[16]["decision"] == "extrapolated"
    for row in curve.values():
        assert float(row["low_per_s"]) <= float(row["high_per_s"])


WRONG = {
    "no objective": (("capacity",), ("--slo", "--sweep")),
    "not testable": (("capacity", "--slo", "goodput > 1MiB/s"), ("p99 < 300ms",)),
    "no share": (("capacity", "--slo", "errors < 0%"), ("errors < 0.1%",)),
    "short sweep": (("capacity", "--sweep", "1,2"), ("at least 4",)),
    "headroom alone": (("capacity", "--slo", "p99 < 1s", "--headroom", "30%"), ("--plan",)),
    "plan file": (("capacity", "--slo", "p99 < 1s", "--plan", "absent.json"), ("absent.json",)),
    "a rate": (("capacity", "--slo", "p99 < 1s", "--rate", "5"), ("--rate",)),
    "short budget": (("capacity", "--slo", "p99 < 1s", "--budget", "2s"), ("10s",)),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_capacity_cannot_do_is_named(case, tmp_path):
    words, named = WRONG[case]
    done = program.run(*words, cwd=tmp_path)
    assert done.code == USAGE, done.text
    for word in named:
        assert word in done.err
    assert not any(tmp_path.iterdir())


def test_a_dead_target_is_named(dead_url, tmp_path):  # noqa: F811
    done = program.run(
        "capacity", "--slo", "p99 < 1s", "--target", dead_url, "--bucket", "b", "--signer", "local",
        "-o", tmp_path / "out",
        environment={"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"},
    )  # fmt: skip
    assert done.code == UNAVAILABLE and dead_url in done.err


def test_a_plan_needs_results(tmp_path):
    done = program.run("capacity", "--plan", "2000/s", "--from", tmp_path / "absent")
    assert done.code == 5, done.text
    (tmp_path / "capacity.csv").write_text("a,b\n1,2\n")
    done = program.run("capacity", "--plan", "2000/s", "--from", tmp_path)
    assert done.code == 1 and "capacity.csv" in done.err


def test_numbers_that_no_run_has_are_no_plan(tmp_path):
    done = program.run(
        "capacity", "--sweep", "1,2,3,4", "--scenarios", "presigned-put", "--size", "1KiB", "--link", "loopback", "--budget", "10s", "-q",
        "-o", tmp_path / "run",
    )  # fmt: skip
    assert done.code in (0, 1), done.text
    path = tmp_path / "run/capacity.csv"
    header, *rows = [line.split(",") for line in path.read_text().splitlines()]
    for column in ("response_mean_us", "gateway_cpu_us_per_upload", "client_cpu_us_per_upload"):
        position = header.index(column)
        changed = [[*row[:position], "1e300", *row[position + 1 :]] for row in rows]
        path.write_text("".join(",".join(row) + "\n" for row in [header, *changed]))
        done = program.run("capacity", "--plan", "2000/s", "--from", tmp_path / "run")
        assert done.code == 1 and column in done.err, done.text
