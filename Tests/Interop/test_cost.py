"""Prices, worked out a second time from the price list alone."""

import json
from decimal import Decimal

import pytest

import program
import results

MIB = 1 << 20


def priced(*words) -> dict:
    done = program.run("cost", *words, "--format", "json")
    assert done.code == 0, done.text
    return json.loads(done.out, parse_float=Decimal, parse_int=Decimal)


def strategy(report: dict, name: str) -> dict:
    return next(row for row in report["strategies"] if row["scenario"] == name)


@pytest.fixture(scope="module")
def unit_prices() -> dict[tuple[str, str], Decimal]:
    """Of the first tier, per request, GB or GB-second."""
    book = json.loads(program.run("cost", "--print-prices").out, parse_float=Decimal)
    return {
        (entry["id"], entry.get("place", "")): Decimal(entry["tiers"][0]["usd"]) / entry["per"]
        for entry in book["entries"]
    }


def test_presigned_and_accelerated_post(unit_prices):
    report = priced(
        "--uploads", "3M", "--size-distribution", "2MiB:75%,6MiB:25%", "--edge-tier", "2",
        "--lambda-memory", "512", "--lambda-duration", "sign=10ms,review=40ms",
    )
    uploads = Decimal(3_000_000)
    gigabytes = uploads * (2 * 75 + 6 * 25) / 100 / 1024
    price = lambda name, place="": unit_prices[name, place]
    expected = (
        2 * uploads * price("api-http-call")
        + 2 * uploads * price("lambda-request")
        + uploads * Decimal("0.050") / 2 * price("lambda-duration", "x86")
        + uploads * price("s3-write-request")
        + uploads * price("s3-read-request")
    )
    assert strategy(report, "presigned-post")["usd_per_month"] == expected
    accelerated = expected + gigabytes * price("accelerated-in", "2")
    assert strategy(report, "accelerated-post")["usd_per_month"] == accelerated


def test_lines_add_up_and_say_where_their_price_is_from():
    report = priced("--uploads", "7M", "--client", "browser", "--storage-months", "1")
    for row in report["strategies"]:
        assert sum(line["usd"] for line in row["lines"]) == row["usd_per_month"]
        for line in row["lines"]:
            assert line["source"] and line["date"] and line["formula"]


def test_a_share_that_a_strategy_refuses_is_said_and_not_priced():
    report = priced("--size-distribution", "1MiB:90%,8MiB:10%", "--uploads", "1M")
    json_proxy = strategy(report, "proxy-json")
    assert json_proxy["refused_share"] == Decimal("0.1")
    assert json_proxy["carried_uploads"] == 900_000
    table = program.run("cost", "--size-distribution", "1MiB:90%,8MiB:10%").out
    row = next(line for line in table.splitlines() if line.startswith("proxy-json "))
    assert "only 90%" in row
    assert "proxy-json refuses files above 4.50 MiB, 10% of the uploads" in table


def test_a_price_file_replaces_its_entries_only(tmp_path):
    book = json.loads(program.run("cost", "--print-prices").out)
    entry = next(e for e in book["entries"] if e["id"] == "s3-read-request")
    entry["tiers"][0]["usd"] = 0.0008
    (tmp_path / "prices.json").write_text(json.dumps({"entries": [entry]}))
    before = strategy(priced(), "presigned-post")
    after = strategy(priced("--prices", tmp_path / "prices.json"), "presigned-post")
    changed = [
        new["price"]
        for old, new in zip(before["lines"], after["lines"])
        if old["usd"] != new["usd"]
    ]
    assert changed == ["s3-read-request"]


def test_explanations_name_formula_and_source():
    done = program.run("cost", "--explain", "--scenarios", "presigned-multipart", "--no-color")
    assert "s3-write-request: 3,000,000 requests × $0.005 per 1,000 = $15.00" in done.out
    assert "price: AWS Price List" in done.out


@pytest.mark.parametrize(
    "words, part",
    [
        (["--uploads", "many"], "write 250000 or 10M"),
        (["--uploads", "0"], "from 1 to 100B"),
        (["--size-distribution", "1MiB:50%"], "add up to 50%"),
        (["--region", "us-east-2"], "did you mean 'us-east-1'"),
        (["--region", "eu-west-1"], "--prices FILE"),
        (["--edge-tier", "3"], "one of 1, 2, free"),
        (["--lambda-memory", "64"], "128 to 10240"),
        (["--prices", "/nowhere.json"], "cannot be read"),
        (["--scenarios", "proxy-json", "--signer", "local"], "--signer local leaves out"),
        (["--lambda-duration", "sing=1ms"], "did you mean 'sign'"),
    ],
)
def test_wrong_input_says_what_to_type(words, part):
    done = program.run("cost", *words)
    assert done.code == 64
    assert part in done.err
    assert done.out == ""


def test_a_folder_without_a_run(tmp_path):
    done = program.run("cost", tmp_path)
    assert done.code == 5
    assert "run.json" in done.err


def test_a_run_is_priced_by_what_it_measured(recorded_run):
    """`cost_usd_per_million` and `cost` are the same code on the same numbers."""
    rows = results.rows(recorded_run, "summary.csv")
    carried = [row for row in rows if int(row["uploads"]) > 0]
    for row in carried:
        assert Decimal(row["cost_usd_per_million"]) > 0
        invocations = {"proxy-json": 1, "proxy-binary": 1, "edge-redirect": 1}
        assert float(row["lambda_invocations_per_upload"]) == invocations.get(row["scenario"], 2)
        # Each invocation is billed for a whole millisecond at least.
        assert float(row["lambda_billed_ms_per_upload"]) >= float(
            row["lambda_invocations_per_upload"]
        )
    for row in rows:
        if int(row["uploads"]) == 0:
            assert row["cost_usd_per_million"] == ""
    report = priced(recorded_run, "--size-distribution", "64KiB")
    for name in {row["scenario"] for row in carried}:
        own = [r for r in carried if r["scenario"] == name and r["size_bytes"] == str(65536)]
        mean = sum(Decimal(r["cost_usd_per_million"]) for r in own) / len(own)
        assert abs(strategy(report, name)["usd_per_million"] / mean - 1) < Decimal("0.01"), name
