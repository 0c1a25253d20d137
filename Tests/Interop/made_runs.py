"""Writes results directories of known content, as `run` would."""

import csv
import json
import random
from dataclasses import dataclass, field
from pathlib import Path

import results

KIB, MIB = 1024, 1024 * 1024
STRATEGIES = ("proxy-json", "proxy-binary", "edge-redirect", "presigned-put", "presigned-post",
              "accelerated-put", "accelerated-post", "presigned-multipart", "accelerated-multipart")  # fmt: skip


def bucket(us: int) -> tuple[int, int]:
    """HdrHistogram's bucket of a value, 3 significant digits."""
    shift = max(0, us.bit_length() - 11)
    low = us >> shift << shift
    return low, low + (1 << shift) - 1


def percentile(buckets: dict[tuple[int, int], int], share: float) -> int:
    """HdrHistogram's getValueAtPercentile over buckets of any order."""
    total = sum(buckets.values())
    target = max(1, int(share / 100 * total + 0.5))
    seen = 0
    for (low, high), count in sorted(buckets.items()):
        seen += count
        if seen >= target:
            return low if share == 0 else high
    raise AssertionError("no bucket")


@dataclass
class Cell:
    scenario: str
    size: int
    round: int
    latencies_us: list[int]
    failures: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def name(self):
        return self.scenario, str(self.size), str(self.round)

    @property
    def buckets(self) -> dict[tuple[int, int], int]:
        counts: dict[tuple[int, int], int] = {}
        for us in self.latencies_us:
            counts[bucket(us)] = counts.get(bucket(us), 0) + 1
        return counts


def cells(seed=1, scenarios=("proxy-json", "presigned-put", "accelerated-put"), rounds=3, uploads=40,
          sizes=(64 * KIB, MIB, 8 * MIB), slower=1.0) -> list[Cell]:  # fmt: skip
    """The proxy is fastest when small, slowest at 1 MiB and refused at 8 MiB; one strategy fails now
    and then."""
    chance = random.Random(seed)
    made = []
    for round in range(1, rounds + 1):
        for size in sizes:
            for index, scenario in enumerate(scenarios):
                if scenario == "proxy-json" and size > 4 * MIB:
                    made.append(Cell(scenario, size, round, [], [("refused", "413", "")]))
                    continue
                fixed = 200_000 if scenario == "proxy-json" else 300_000 + 40_000 * index
                per_mib = 600_000 if scenario == "proxy-json" else 90_000 - 9_000 * index
                mean = slower * (fixed + per_mib * size / MIB)
                times = [int(mean * chance.uniform(0.9, 1.1)) for _ in range(uploads)]
                failures = [("server-error", "503", "SlowDown")] * (scenario == "presigned-put") * round
                made.append(Cell(scenario, size, round, times, failures))
    return made


def record(status="complete", **changes) -> dict:
    plan = {
        "scenarios": ["presigned-put"], "concurrency": 8, "rounds": 3, "model": "closed", "uploads": 40,
        "link": "cross-continent", "seed": 1, "size_bytes": [65536],
    }  # fmt: skip
    legs = {name: {"roundTripMs": 80, "upMbit": 500} for name in ("clientStore", "clientGateway")}
    return {
        "schema_version": 1, "tool": "uploadbench 0.1.0", "plan": plan, "seed": 1, "status": status,
        "started_at": "2026-04-10T22:48:18.000Z", "ended_at": "2026-04-10T22:58:18.000Z",
        "machine": {"cpu": "a processor", "cores": 2}, "libraries": {"libcurl": "libcurl/8"},
        "target": {"kind": "embedded", "store": "http://127.0.0.1:1"}, "warnings": [], "roles_cpu_s": None,
        "git_commit": None,
        "emulated": {"link": "cross-continent", "parameters": {"legs": legs, "gateway": {"body_limit_bytes": 10485760, "lambda_event_limit_bytes": 6291456}}},
    } | changes  # fmt: skip


def write(folder: Path, cells: list[Cell], run_record: dict | None = None) -> Path:
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps(run_record or record(), indent=2))
    files = {name: [] for name in ("summary.csv", "samples.csv", "timeline.csv", "histograms.csv")}
    for cell in cells:
        for name, rows in zip(files, (_summary(cell), _samples(cell), _timeline(cell), _histograms(cell))):
            files[name] += rows
    for name, rows in files.items():
        columns = results.COLUMNS[name].split(",")
        with (folder / name).open("w", newline="") as file:
            writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    return folder


def _identity(cell: Cell) -> dict:
    return dict(zip(("scenario", "size_bytes", "round"), cell.name))


def _summary(cell: Cell) -> list[dict]:
    row = _identity(cell) | {
        "link": "cross-continent", "model": "closed", "concurrency": 8, "uploads": len(cell.latencies_us),
        "errors": len(cell.failures), "wire_bytes_per_upload": round(cell.size * 4 / 3 if cell.scenario == "proxy-json" else cell.size + 4096.5, 1),
        "requests_per_upload": 1 if cell.scenario == "proxy-json" else 3,
    }  # fmt: skip
    if cell.latencies_us:
        row |= {"achieved_per_s": 10 + cell.round, "goodput_bytes_per_s": (10 + cell.round) * cell.size}
        row |= {"response_mean_us": round(sum(cell.latencies_us) / len(cell.latencies_us), 1)}
        for name, share in (("p50", 50), ("p90", 90), ("p95", 95), ("p99", 99), ("p999", 99.9), ("max", 100)):
            row[f"response_{name}_us"] = percentile(cell.buckets, share)
        row["response_min_us"] = percentile(cell.buckets, 0)
        row["client_cpu_us_per_upload"] = 400 + cell.round
    return [row]


def _samples(cell: Cell) -> list[dict]:
    rows = []
    common = _identity(cell) | {"worker": 0, "retries": 0, "bytes_sent": cell.size, "bytes_received": 500}
    outcomes = [("ok", "201", "", us, warm) for us, warm in [(999_999, 1)] + [(us, 0) for us in cell.latencies_us]]
    outcomes += [(*failure, 5_000, 0) for failure in cell.failures]
    for upload, (outcome, status, code, us, warmup) in enumerate(outcomes):
        row = common | {
            "upload": upload, "warmup": warmup, "intended_us": 1000, "started_us": 1000, "ended_us": 1000 + us,
            "response_us": us, "service_us": us, "outcome": outcome, "http_status": status, "error_code": code,
            "upload_us": us // 2, "connect_us": us // 10, "tls_us": us // 20, "send_us": us // 5, "wait_us": us // 4,
        }  # fmt: skip
        if cell.scenario != "proxy-json":
            row |= {"authorize_us": us // 4, "notify_us": us // 8}
        rows.append(row)
    return rows


def _timeline(cell: Cell) -> list[dict]:
    """Two seconds, with nothing between them when there are failures only."""
    half = len(cell.latencies_us) // 2
    rows = []
    for second, times in enumerate((cell.latencies_us[:half], cell.latencies_us[half:])):
        errors = len(cell.failures) if second == 1 else 0
        row = _identity(cell) | {"second": second, "uploads": len(times), "errors": errors, "bytes": 0, "in_flight": 1}
        if times:
            row |= {"response_p50_us": sorted(times)[len(times) // 2], "response_p99_us": max(times)}
        rows.append(row)
    return rows


def _histograms(cell: Cell) -> list[dict]:
    return [
        _identity(cell) | {"metric": "response", "lowest_us": low, "highest_us": high, "count": count}
        for (low, high), count in sorted(cell.buckets.items())
    ]
