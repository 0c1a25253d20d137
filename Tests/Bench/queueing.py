"""Measured response times beside queueing theory: the open model against a store that is a queue.

Poisson arrivals go to `serve --service-time store=…/c`: M/D/1, M/M/1 and M/M/4 at utilisations 0.5, 0.8 and
0.9. Each round is a replication with a schedule of its own; what such a measurement may come to by chance is found
by simulating 200 of them. Sampling error aside, the arrivals and the
server's seeded service times decide every single response: a simulation of the same queue predicts each, and is
printed beside (`path`). Then a server is frozen for S seconds of T: S/T of the uploads must be delayed, evenly
over (0, S].

Writes results/queueing/<time>.csv; the exit code is 1 if theory is missed.
"""

import argparse
import csv
import math
import signal
import subprocess
import sys
import threading
import time
from heapq import heapreplace
from pathlib import Path
from random import Random

from queueing_target import Endpoint, Run
from queueing_theory import MD1, MMC, predicted

SERVICE_S = 0.002
QUEUES = ("M/D/1", "M/M/1", "M/M/4")
UTILISATIONS = (0.5, 0.8, 0.9)
SIMULATIONS = 200
WARMUP_S = 3
# What half of the uploads may be off their own prediction by. A median, because a busy machine holds up
# some of them by milliseconds; what that does to mean and p99 is printed.
PREDICTION_S = 0.0001


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]


def sampling(queue: str, rate: float, options, statistic) -> tuple[float, float]:
    """Between which values the statistic of such a measurement lies, by simulating many.

    The responses of one round depend on each other and the percentile's distribution is skewed, so an
    interval from the rounds themselves would be too narrow. The theory says everything about the queue:
    its own simulation, with other seeds, is the distribution that the measurement must come from.
    """
    servers = 4 if queue == "M/M/4" else 1
    service, values = SERVICE_S * servers, []
    for seed in range(SIMULATIONS):
        random = Random(seed)
        responses = []
        for _ in range(options.rounds):
            free, now = [0.0] * servers, 0.0
            while now < WARMUP_S + options.seconds:
                now += random.expovariate(rate)
                drawn = random.expovariate(1 / service) if queue != "M/D/1" else service
                end = max(free[0], now) + drawn
                heapreplace(free, end)
                if now >= WARMUP_S:
                    responses.append(end - now)
        values.append(statistic(responses))
    return min(values), max(values)


def overhead(binary: str) -> float:
    """What an upload takes here beside its service: measured with a fixed service and no queue."""
    with Endpoint(binary, f"store={SERVICE_S * 1000:g}ms") as endpoint:
        times = Run(binary, endpoint, rate=300, rounds=1, seconds=5, warmup_s=1).rounds[0]
    return percentile([upload.response_s for upload in times], 0.5) - SERVICE_S


def compare(binary: str, kind: str, options, beside_s: float):
    servers = 4 if kind == "M/M/4" else 1
    service = SERVICE_S * servers
    is_exponential = kind != "M/D/1"
    shape = "exp:" if is_exponential else ""
    for utilisation in UTILISATIONS:
        rate = utilisation * servers / service
        theory = MMC(rate, service, servers) if is_exponential else MD1(rate, service)
        with Endpoint(binary, f"store={shape}{service * 1000:g}ms/{servers}") as endpoint:
            run = Run(binary, endpoint, rate, options.rounds, options.seconds, WARMUP_S)
        measured = [[upload.response_s for upload in one] for one in run.rounds]
        path = predicted(run, service, servers, is_exponential)
        note, is_predicted = upload_by_upload(measured, path, beside_s)
        for name, statistic, expected in (
            ("mean", mean, theory.mean()),
            ("p99", lambda values: percentile(values, 0.99), theory.percentile(0.99)),
        ):
            value = statistic(flat(measured))
            low, high = sampling(kind, rate, options, statistic)
            on_path = statistic(flat(path)) + beside_s
            yield {
                "queue": kind, "utilisation": utilisation, "rate_per_s": rate, "figure": name,
                "theory_ms": expected * 1000, "beside_ms": beside_s * 1000,
                "measured_ms": value * 1000,
                "low_ms": (low + beside_s) * 1000, "high_ms": (high + beside_s) * 1000,
                "path_ms": on_path * 1000, "uploads": len(flat(measured)), "rounds": options.rounds,
                "schedule_lag_p99_us": run.lag_p99_us,
                "agrees": low <= value - beside_s <= high and is_predicted,
                "note": note,
            }  # fmt: skip
            note = ""


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def flat(rounds: list[list[float]]) -> list[float]:
    return [value for one in rounds for value in one]


def upload_by_upload(measured, path, beside_s: float) -> tuple[str, bool]:
    differences = [abs(m - p - beside_s) for m, p in zip(flat(measured), flat(path))]
    half, most = percentile(differences, 0.5), percentile(differences, 0.95)
    text = (
        f"each upload against its own prediction: half within {half * 1e6:.0f} µs,"
        f" 95% within {most * 1e6:.0f} µs"
    )
    return text, half <= PREDICTION_S


def show(row: dict) -> None:
    verdict = "agrees" if row["agrees"] else "DIFFERS"
    expected = row["theory_ms"] + row["beside_ms"]
    print(
        f"{row['queue']:6} {row['utilisation']:4} {row['rate_per_s']:6.0f}/s  {row['figure']:4}"
        f"  theory {expected:7.3f} ms  path {row['path_ms']:7.3f} ms"
        f"  measured {row['measured_ms']:7.3f} ms"
        f" of {row['low_ms']:.3f} to {row['high_ms']:.3f}"
        f"  ({row['measured_ms'] / expected - 1:+.1%}, {row['measured_ms'] / row['path_ms'] - 1:+.1%})  {verdict}"
        + (f"\n       {row['note']}" if row["note"] else ""),
        flush=True,
    )


FROZEN_S, MEASURED_S, FROZEN_RATE, DELAYED_S = 3.0, 15.0, 50.0, 0.05


def frozen(binary: str) -> bool:
    """Freezes the server once, and looks at who was delayed and by how much."""
    with Endpoint(binary, None) as endpoint:
        freeze = threading.Timer(6, stop_for, (endpoint.process, FROZEN_S))
        freeze.start()
        run = Run(binary, endpoint, FROZEN_RATE, 1, MEASURED_S, 1, arrivals="constant")
        freeze.join()
    uploads = run.rounds[0]
    delays = sorted(upload.response_s for upload in uploads if upload.response_s > DELAYED_S)
    share, expected = len(delays) / len(uploads), (FROZEN_S - DELAYED_S) / MEASURED_S
    distance = max(
        abs((index + 0.5) / len(delays) - (delay - DELAYED_S) / (FROZEN_S - DELAYED_S))
        for index, delay in enumerate(delays)
    ) if delays else 1.0  # fmt: skip
    late = max(delays, default=0.0)
    agrees = abs(share - expected) < 0.01 and distance < 0.03 and abs(late - FROZEN_S) < 0.1
    print(
        f"\nfrozen {FROZEN_S:g} s of {MEASURED_S:g} s: {share:.2%} of {len(uploads)} uploads took longer than"
        f" {DELAYED_S * 1000:g} ms (expected {expected:.2%});\n       their times reach {late:.3f} s and lie"
        f" within {distance:.1%} of an even spread over (0, {FROZEN_S:g} s]  "
        + ("agrees" if agrees else "DIFFERS")
    )
    return agrees


def stop_for(process: subprocess.Popen, seconds: float) -> None:
    process.send_signal(signal.SIGSTOP)
    time.sleep(seconds)
    process.send_signal(signal.SIGCONT)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("--rounds", type=int, default=12, help="replications per queue and utilisation")
    parser.add_argument("--seconds", type=float, default=6, help="measured time of each")
    parser.add_argument("--queues", default=",".join(QUEUES), help="of M/D/1,M/M/1,M/M/4")
    options = parser.parse_args()
    binary = options.binary
    beside_s = overhead(binary)
    print(f"beside the service, an upload takes {beside_s * 1e6:.0f} µs here: added to what theory says")
    print(f"{options.rounds} rounds of {options.seconds:g} s each; ranges of {SIMULATIONS} simulated measurements\n")
    rows = []
    for kind in options.queues.split(","):
        for row in compare(binary, kind, options, beside_s):
            rows.append(row)
            show(row)
    is_even = frozen(binary)
    folder = Path("results/queueing")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / time.strftime("%Y-%m-%dT%H-%M-%SZ.csv", time.gmtime())
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    differing = sum(not row["agrees"] for row in rows)
    print(f"\n{len(rows) - differing} of {len(rows)} figures agree with theory; table: {path}")
    return 0 if differing == 0 and is_even else 1


if __name__ == "__main__":
    sys.exit(main())
