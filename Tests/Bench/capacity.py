"""Holds `capacity` to queues whose capacity is known.

The embedded store is made a queue (`--service-time`) or a hard throttle (`--store-throttle`), and the rate
that `capacity` finds with real uploads is printed beside the one of theory. M/M/1 has it in closed form, μ −
ln(1/(1−p))/T; M/M/c and M/D/1 are solved numerically here, from the textbooks' tails, and not with the
program's own code. Exits 1 when a rate is further off than its bound or was not found.

Usage: capacity.py BINARY [--budget 240s] [CASE...]
"""

import argparse
import json
import math
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Callable


def mm1(rate: float, limit: float, percentile: float) -> float:
    return rate - math.log(1 / (1 - percentile)) / limit


def mmc_tail(arrivals: float, rate: float, servers: int, time: float) -> float:
    """Share of sojourns in M/M/c longer than a time (Gross et al., "Fundamentals of Queueing Theory", ch. 3)."""
    load = arrivals / rate
    first = sum(load**k / math.factorial(k) for k in range(servers))
    last = load**servers / math.factorial(servers) * servers / (servers - load)
    wait = last / (first + last)
    spare = servers - 1 - load
    return math.exp(-rate * time) * (1 + wait * (1 - math.exp(-rate * time * spare)) / spare)


def md1_tail(arrivals: float, service: float, time: float) -> float:
    """Share of sojourns in M/D/1 longer than a time (Crommelin; Tijms, "A First Course in Stochastic Models")."""
    wait = time - service
    if wait < 0:
        return 1
    total = 0.0
    for k in range(int(wait / service) + 1):
        past = arrivals * (wait - k * service)
        total += (-past) ** k / math.factorial(k) * math.exp(past)
    return 1 - (1 - arrivals * service) * total


def solve(tail: Callable[[float], float], share: float, highest: float) -> float:
    """The arrival rate at which the tail is `share`."""
    low, high = highest * 0.01, highest * 0.9999
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if tail(middle) < share else (low, middle)
    return low


@dataclass
class Case:
    name: str
    truth: float
    objective: str
    flags: tuple[str, ...]
    bound: float = 0.05


PERCENTILE = 0.9


def queue(name: str, service: str, limit_ms: float, truth: float) -> Case:
    flags = ("--service-time", f"store={service}")
    return Case(name, truth, f"p{PERCENTILE * 100:g} < {limit_ms:g}ms", flags)


# A tenth may be late: of p99 the ten times rarer misses would take several times as long. The limits are
# long enough that a start which a busy machine delays by a few milliseconds decides nothing.
CASES = [
    queue("M/M/1 μ=500/s T=40ms", "exp:2ms/1", 40, mm1(500, 0.040, PERCENTILE)),
    queue("M/M/1 μ=1000/s T=25ms", "exp:1ms/1", 25, mm1(1000, 0.025, PERCENTILE)),
    queue("M/M/1 μ=400/s T=50ms", "exp:2500us/1", 50, mm1(400, 0.050, PERCENTILE)),
    queue("M/M/4 μ=4×200/s T=40ms", "exp:5ms/4", 40,
          solve(lambda r: mmc_tail(r, 200, 4, 0.040), 1 - PERCENTILE, 800)),
    queue("M/D/1 D=2ms T=20ms", "2ms/1", 20,
          solve(lambda r: md1_tail(r, 0.002, 0.020), 1 - PERCENTILE, 500)),
    Case("throttle 500/s", 500, "errors < 1%", ("--store-throttle", "500/s", "--store-burst", "50"), 0.03),
]  # fmt: skip


def measure(binary: str, case: Case, budget: str, seed: int) -> dict:
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [binary, "capacity", "--slo", case.objective, "--link", "loopback", "--signer", "local",
             "--scenarios", "presigned-put", "--size", "1KiB", "--budget", budget, "--seed", str(seed),
             "--format", "json", "-q", "-o", Path(folder) / "out", *case.flags],
            stdout=subprocess.PIPE, text=True)  # fmt: skip
    return json.loads(done.stdout)["strategies"][0]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--budget", default="240s")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("cases", nargs="*", help="parts of names; default all")
    asked = parser.parse_intermixed_args()
    chosen = [c for c in CASES if not asked.cases or any(word in c.name for word in asked.cases)]
    print(f"{'server':26} {'objective':12} {'theory':>9} {'found':>9} {'error':>7} {'95% interval':>17}  verdict", flush=True)
    missed = 0
    for case in chosen:
        found = measure(asked.binary, case, asked.budget, asked.seed)
        rate = found["rate_per_s"]
        error = rate / case.truth - 1 if rate else None
        is_met = error is not None and abs(error) <= case.bound
        missed += not is_met
        interval = f"{found['low_per_s'] or 0:.0f} – {found['high_per_s'] or 0:.0f}"
        print(
            f"{case.name:26} {case.objective:12} {case.truth:7.1f}/s"
            f" {f'{rate:7.1f}/s' if rate else '–':>9} {f'{error:+.1%}' if rate else '–':>7} {interval:>17}"
            f"  {found['verdict']}{'' if is_met else f' (MISSED ±{case.bound:.0%}) ' + found['reason']}",
            flush=True,
        )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
