"""What checks of shards share: what a merged run must equal, worked out from the samples."""

import csv
import json
from pathlib import Path

import results


def successes(folders: list[Path], scenario: str) -> list[int]:
    """Response times in µs of all that counts, sorted."""
    times = []
    for folder in folders:
        with (folder / "samples.csv").open() as file:
            times += [
                int(row["response_us"])
                for row in csv.DictReader(file)
                if row["outcome"] == "ok" and row["warmup"] == "0" and row["scenario"] == scenario
            ]
    return sorted(times)


def bucket_end(value: int) -> int:
    """The largest value of HdrHistogram's bucket (3 significant digits: 2048 of a width, then double)."""
    shift = max(0, value.bit_length() - 11)
    return ((value >> shift) + 1 << shift) - 1


def percentile(times: list[int], share: float) -> int:
    rank = max(1, int(share / 100 * len(times) + 0.5))
    return bucket_end(times[rank - 1])


def check_merged(merged: Path, folders: list[Path]) -> None:
    """Counts are the sums, percentiles those of all samples together."""
    record = results.record(merged)
    assert record["status"] == "complete"
    assert [shard["index"] for shard in record["merged"]["shards"]] == list(range(len(folders)))
    rows = results.rows(merged, "summary.csv")
    assert rows
    parts = [results.rows(folder, "summary.csv") for folder in folders]
    for row in rows:
        same = [
            part
            for rows_of_part in parts
            for part in rows_of_part
            if (part["scenario"], part["round"]) == (row["scenario"], row["round"])
        ]
        assert len(same) == len(folders)
        for column in ("uploads", "errors"):
            assert int(row[column]) == sum(int(part[column]) for part in same), column
        if len({other["round"] for other in rows}) == 1:
            times = successes(folders, row["scenario"])
            assert len(times) == int(row["uploads"])
            for column, share in (
                ("response_p50_us", 50), ("response_p90_us", 90), ("response_p95_us", 95),
                ("response_p99_us", 99), ("response_p999_us", 99.9),
            ):  # fmt: skip
                assert int(row[column]) == percentile(times, share), column


def shard_record(folder: Path) -> dict:
    return json.loads((folder / "run.json").read_text())["shard"]
