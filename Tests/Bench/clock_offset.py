"""What clocks that disagree do to a merged run, simulated.

    python3 Tests/Bench/clock_offset.py

Shards send a Poisson load to one target with several servers and a queue (M/M/c). Each shard starts
early or late by its clock's offset, so that at both ends of the run the target sees less than the whole
load, and the merged counts have those uploads in them. Printed: the merged rate, median and 99th
percentile against the same run with equal clocks, and what a bound says that needs no simulation.
"""

import heapq
import random
import statistics

SHARDS = 100
SERVERS = 20
SERVICE_S = 0.05
UTILISATION = 0.9
SECONDS = 30.0
REPEATS = 12


def run(sigma: float, seed: int) -> tuple[float, float, float]:
    """Uploads per second, median and p99 response time of one run, in seconds."""
    rng = random.Random(seed)
    rate = UTILISATION * SERVERS / SERVICE_S / SHARDS
    arrivals = []
    for _ in range(SHARDS):
        offset, time = rng.gauss(0, sigma), rng.expovariate(rate)
        while time < SECONDS:
            arrivals.append(offset + time)
            time += rng.expovariate(rate)
    arrivals.sort()
    free = [float("-inf")] * SERVERS
    responses = []
    for arrival in arrivals:
        start = max(arrival, free[0])
        end = start + rng.expovariate(1 / SERVICE_S)
        heapq.heapreplace(free, end)
        responses.append(end - arrival)
    responses.sort()
    return (
        len(responses) / SECONDS,
        responses[len(responses) // 2],
        responses[int(len(responses) * 0.99)],
    )


def main() -> None:
    print(
        f"{SHARDS} shards, M/M/{SERVERS}, utilisation {UTILISATION}, {SECONDS:.0f} s, mean of {REPEATS} runs\n"
    )
    print("| offset σ | rate | p50 | p99 | uploads outside the common window, at most |")
    print("|---|---|---|---|---|")
    base = [run(0, seed) for seed in range(REPEATS)]
    for sigma in (0.0, 0.01, 0.05, 0.25, 1.0, 5.0):
        runs = [run(sigma, seed) for seed in range(REPEATS)]
        changes = [
            statistics.mean(b[i] / a[i] - 1 for a, b in zip(base, runs)) * 100 for i in range(3)
        ]
        # Extremes of SHARDS normal offsets lie about 2.5 σ to either side.
        outside = min(100.0, 2 * 2.5 * sigma / SECONDS * 100)
        print(
            f"| {sigma * 1000:.0f} ms | {changes[0]:+.1f}% | {changes[1]:+.1f}% | {changes[2]:+.1f}%"
            f" | {outside:.1f}% |"
        )


if __name__ == "__main__":
    main()
