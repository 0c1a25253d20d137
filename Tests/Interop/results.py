"""Reads a results directory as another program would."""

import csv
import json
from pathlib import Path

COLUMNS = {
    "summary.csv": (
        "scenario,size_bytes,link,model,concurrency,rate_per_s,round,uploads,errors,achieved_per_s,"
        "goodput_bytes_per_s,wire_bytes_per_upload,requests_per_upload,response_mean_us,"
        "response_min_us,response_p50_us,response_p90_us,response_p95_us,response_p99_us,"
        "response_p999_us,response_max_us,service_p50_us,service_p99_us,authorize_p50_us,"
        "upload_p50_us,notify_p50_us,schedule_lag_p99_us,client_cpu_us_per_upload,"
        "gateway_cpu_us_per_upload,gateway_peak_bytes,cost_usd_per_million"
    ),
    "samples.csv": (
        "scenario,size_bytes,round,upload,worker,warmup,intended_us,started_us,ended_us,response_us,"
        "service_us,authorize_us,upload_us,notify_us,connect_us,tls_us,send_us,wait_us,outcome,"
        "http_status,error_code,retries,bytes_sent,bytes_received"
    ),
    "timeline.csv": (
        "scenario,size_bytes,round,second,uploads,errors,bytes,response_p50_us,response_p99_us,"
        "in_flight"
    ),
    "histograms.csv": "scenario,size_bytes,round,metric,lowest_us,highest_us,count",
    "signing.csv": (
        "operation,threads,signs,wall_s,cpu_s,signs_per_s,cpu_ns_per_sign,hash_limit_ns,"
        "ratio_to_limit"
    ),
}


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    """The rows of a file whose header begins as the contract has it; later versions may append."""
    text = (folder / name).read_bytes().decode("utf-8", errors="strict")
    header = text.splitlines()[0].split(",")
    wanted = COLUMNS[name].split(",")
    assert header[: len(wanted)] == wanted, name
    read = list(csv.DictReader(text.splitlines(), strict=True))
    for row in read:
        assert None not in row and None not in row.values(), (name, row)
    return read


def record(folder: Path) -> dict:
    return json.loads((folder / "run.json").read_text())


def every_file(folder: Path) -> str:
    return "".join(
        path.read_text(errors="replace") for path in folder.rglob("*") if path.is_file()
    )
