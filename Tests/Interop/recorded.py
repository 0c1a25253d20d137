"""Results directories made of given numbers, so that what follows from them is known."""

import csv
import json
from pathlib import Path

import results

PLAN = {"scenarios": ["presigned-put"], "concurrency": 4, "link": "loopback", "model": "closed"}


def write(folder: Path, rounds: list[dict], plan: dict | None = None, cells=None) -> Path:
    """A folder as a run leaves it; `rounds` holds the fields of `summary.csv` that matter, for each
    of the `cells` (strategy and size) in turn where there are several."""
    folder.mkdir(parents=True)
    record = {
        "schema_version": 1, "tool": "uploadbench test", "status": "complete", "seed": 1,
        "started_at": "2026-01-01T00:00:00.000Z", "ended_at": "2026-01-01T00:01:00.000Z",
        "plan": PLAN | (plan or {}),
    }  # fmt: skip
    (folder / "run.json").write_text(json.dumps(record))
    columns = results.COLUMNS["summary.csv"].split(",")
    with (folder / "summary.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        table.writeheader()
        for scenario, size in cells or [("presigned-put", 1024)]:
            for number, fields in enumerate(rounds, 1):
                table.writerow(
                    {
                        "scenario": scenario, "size_bytes": size, "link": "loopback",
                        "model": "closed", "concurrency": 4, "round": number, "uploads": 500,
                        "errors": 0,
                    }
                    | fields
                )  # fmt: skip
    return folder


def latencies(p50, p95=None, p99=None, **more) -> dict:
    fields = {"response_p50_us": p50, "response_p95_us": p95, "response_p99_us": p99} | more
    return {name: value for name, value in fields.items() if value is not None}
