"""Merges many synthetic shards: time, memory, and whether the sums are right.

    python3 Tests/Bench/merge.py BINARY [--shards 1000] [--bytes 10000000]

Each shard's histograms.csv has about so many bytes. Prints what the merge took (user, system, wall, peak
memory) and checks counts and percentiles against sums made here.
"""

import argparse
import csv
import json
import random
import resource
import subprocess
import tempfile
import time
from collections import Counter
from pathlib import Path

SCENARIOS = ("presigned-put", "presigned-post", "proxy-binary", "accelerated-put")
METRICS = ("response", "service", "authorize", "upload", "notify", "schedule-lag")
SIZE = 262144
SUMMARY = (
    "scenario,size_bytes,link,model,concurrency,rate_per_s,round,uploads,errors,achieved_per_s,"
    "goodput_bytes_per_s,wire_bytes_per_upload,requests_per_upload,response_mean_us,response_min_us,"
    "response_p50_us,response_p90_us,response_p95_us,response_p99_us,response_p999_us,response_max_us,"
    "service_p50_us,service_p99_us,authorize_p50_us,upload_p50_us,notify_p50_us,schedule_lag_p99_us,"
    "client_cpu_us_per_upload,gateway_cpu_us_per_upload,gateway_peak_bytes,cost_usd_per_million,overflow,"
    "generator_limited,client_busy_share,start_unix_us,window_us"
).split(",")


def bounds(value: int) -> tuple[int, int]:
    """HdrHistogram's bucket of 3 significant digits."""
    shift = max(0, value.bit_length() - 11)
    return value >> shift << shift, ((value >> shift) + 1 << shift) - 1


class Variant:
    """What a shard's files hold; a few variants are reused, each written out in full per shard."""

    def __init__(self, seed: int, target_bytes: int):
        rng = random.Random(seed)
        rows_wanted = target_bytes // 52
        self.response: dict[tuple[str, int], Counter] = {}
        lines = ["scenario,size_bytes,round,metric,lowest_us,highest_us,count"]
        round_number = 0
        while len(lines) < rows_wanted:
            round_number += 1
            for scenario in SCENARIOS:
                for metric in METRICS:
                    counts: Counter = Counter()
                    for _ in range(3000):
                        counts[bounds(int(rng.lognormvariate(13, 1.2)))] += rng.randrange(1, 9)
                    if metric == "response":
                        self.response[scenario, round_number] = counts
                    for (low, high), count in sorted(counts.items()):
                        lines.append(f"{scenario},{SIZE},{round_number},{metric},{low},{high},{count}")
        self.histograms = "\n".join(lines) + "\n"
        rows = [SUMMARY]
        timeline = ["scenario,size_bytes,round,second,uploads,errors,bytes,response_p50_us,response_p99_us,in_flight,overflow"]
        for (scenario, number), counts in self.response.items():
            uploads = sum(counts.values())
            values = dict.fromkeys(SUMMARY, "")
            values |= {
                "scenario": scenario, "size_bytes": SIZE, "link": "", "model": "open", "rate_per_s": 100,
                "round": number, "uploads": uploads, "errors": 3, "achieved_per_s": 99.5,
                "response_mean_us": 1000, "start_unix_us": 1_700_000_000_000_000 + number * 60_000_000,
                "window_us": 30_000_000,
            }  # fmt: skip
            rows.append([str(values[name]) for name in SUMMARY])
            timeline += [f"{scenario},{SIZE},{number},{second},10,0,1000,5,6,1,0" for second in range(30)]
        self.summary = "\n".join(",".join(row) for row in rows) + "\n"
        self.timeline = "\n".join(timeline) + "\n"


def write(folder: Path, variant: Variant, index: int, count: int) -> None:
    folder.mkdir()
    (folder / "histograms.csv").write_text(variant.histograms)
    (folder / "summary.csv").write_text(variant.summary)
    (folder / "timeline.csv").write_text(variant.timeline)
    record = {
        "schema_version": 1, "tool": "uploadbench 0.1.0", "status": "complete", "plan": {"rounds": 1},
        "started_at": "2026-01-01T00:00:00Z", "plan_hash": "0" * 64, "seed": 1,
        "shard": {"index": index, "count": count, "attempt": 0, "run_id": "synthetic"},
    }  # fmt: skip
    (folder / "run.json").write_text(json.dumps(record))


def check(merged: Path, variants: list[Variant], uses: Counter) -> None:
    rows = list(csv.DictReader((merged / "summary.csv").open()))
    cells = variants[0].response.keys()
    for cell in cells:
        total: Counter = Counter()
        for variant, times in zip(variants, uses.values()):
            for bucket, count in variant.response.get(cell, Counter()).items():
                total[bucket] += count * times
        row = next(r for r in rows if (r["scenario"], int(r["round"])) == cell)
        uploads = sum(total.values())
        assert int(row["uploads"]) == uploads, (cell, row["uploads"], uploads)
        for column, share in (("response_p50_us", 50), ("response_p99_us", 99)):
            rank, seen = max(1, int(share / 100 * uploads + 0.5)), 0
            for (_, high), count in sorted(total.items()):
                seen += count
                if seen >= rank:
                    break
            assert int(row[column]) == high, (cell, column, row[column], high)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--shards", type=int, default=1000)
    parser.add_argument("--bytes", type=int, default=10_000_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "run").mkdir()
        variants = [Variant(seed, options.bytes) for seed in range(4)]
        uses = Counter({index: 0 for index in range(4)})
        for index in range(options.shards):
            uses[index % 4] += 1
            write(folder / "run" / str(index), variants[index % 4], index, options.shards)
        size = len(variants[0].histograms)
        print(f"{options.shards} shards of {size / 1e6:.1f} MB, {len(variants[0].response)} cells each")
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        done = subprocess.run(
            [options.binary, "merge", folder / "run", "-o", folder / "merged", "-q", "--format", "json"],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        wall, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
        assert done.returncode == 0
        check(folder / "merged", variants, uses)
        print(
            f"wall {wall:.1f} s, user {after.ru_utime - before.ru_utime:.1f} s,"
            f" system {after.ru_stime - before.ru_stime:.1f} s, peak memory {after.ru_maxrss / 1024:.0f} MiB;"
            " counts and percentiles are the sums'"
        )


if __name__ == "__main__":
    main()
