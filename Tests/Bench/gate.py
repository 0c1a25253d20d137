"""How often the gate cries regression without one, and how often it finds one that is there.

Usage: gate.py BINARY [--simulated N] [--real N]

Simulated: results directories with rounds drawn from a seeded generator, compared by BINARY. Real: runs of
BINARY against itself and against itself with 10% more service time, and one beside CPU hogs that start
halfway. Prints a table and ends with 1 when a goal is missed.
"""

import argparse
import json
import math
import os
import random
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

COLUMNS = (
    "scenario,size_bytes,link,model,concurrency,rate_per_s,round,uploads,errors,achieved_per_s,"
    "goodput_bytes_per_s,wire_bytes_per_upload,requests_per_upload,response_mean_us,response_min_us,"
    "response_p50_us,response_p90_us,response_p95_us,response_p99_us,response_p999_us,response_max_us,"
    "service_p50_us,service_p99_us,authorize_p50_us,upload_p50_us,notify_p50_us,schedule_lag_p99_us,"
    "client_cpu_us_per_upload,gateway_cpu_us_per_upload,gateway_peak_bytes,cost_usd_per_million"
).split(",")
ROUNDS = 20
SLOWDOWN = 1.10


def write_run(folder: Path, rounds: list[dict]) -> Path:
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(
        json.dumps(
            {"schema_version": 1, "tool": "gate.py", "status": "complete", "plan": {},
             "started_at": "2026-01-01T00:00:00Z"}
        )
    )  # fmt: skip
    lines = [",".join(COLUMNS)]
    for fields in rounds:
        lines.append(",".join(str(fields.get(name, "")) for name in COLUMNS))
    (folder / "summary.csv").write_text("\n".join(lines) + "\n")
    return folder


def simulated_pair(generator: random.Random, folder: Path, slowdown: float) -> tuple[Path, Path]:
    """Two cells, 20 rounds. Each round's condition is shared by both sides, as when they take turns:
    it drifts by 30% over the run. On top of it each side's latency varies by 5%, percentiles by
    themselves by half of that."""
    sides: tuple[list, list] = ([], [])
    for scenario in ("presigned-put", "presigned-post"):
        for number in range(1, ROUNDS + 1):
            drift = 0.3 * number / ROUNDS + generator.gauss(0, 0.1)
            for side, factor in zip(sides, (1.0, slowdown)):
                own = generator.gauss(0, 0.05)
                latency = 20_000 * factor * math.exp(drift + own)
                vary = lambda share: math.exp(generator.gauss(0, share))  # noqa: E731
                side.append(
                    {
                        "scenario": scenario, "size_bytes": 262144, "model": "closed",
                        "concurrency": 8, "round": number, "uploads": 400, "errors": 0,
                        "response_p50_us": round(latency * vary(0.02)),
                        "response_p95_us": round(latency * 1.8 * vary(0.03)),
                        "response_p99_us": round(latency * 2.5 * vary(0.05)),
                        "goodput_bytes_per_s": round(8 * 262144e6 / latency * vary(0.02)),
                        "client_cpu_us_per_upload": round(400 * math.exp(drift) * vary(0.03), 1),
                    }
                )  # fmt: skip
    return write_run(folder / "base", sides[0]), write_run(folder / "candidate", sides[1])


def compare(binary: str, base: Path, candidate: Path) -> str:
    done = subprocess.run(
        [binary, "compare", base, candidate, "--format", "json"], capture_output=True, text=True
    )
    if done.returncode not in (0, 2, 4):
        sys.exit(f"compare ended with {done.returncode}: {done.stderr}")
    return json.loads(done.stdout)["verdict"]


def simulate(binary: str, count: int, slowdown: float) -> int:
    """How many of `count` comparisons cry regression."""
    generator = random.Random(f"gate {slowdown}")
    alarms = 0
    for _ in range(count):
        with tempfile.TemporaryDirectory() as folder:
            pair = simulated_pair(generator, Path(folder), slowdown)
            alarms += compare(binary, *pair) == "regression"
    return alarms


class Wrapper:
    """A 'base binary' that is the program itself, with another service time at the store."""

    def __init__(self, binary: str, folder: Path, service_time: str):
        self.path = folder / "base.sh"
        self.path.write_text(
            "#!/bin/bash\n"
            'words=()\nfor word; do case $word in store=*) word="store='
            f'{service_time}";; esac; words+=("$word"); done\n'
            f'exec {os.path.abspath(binary)} "${{words[@]}}"\n'
        )
        self.path.chmod(0o755)


def take_turns(binary: str, base: str, seed: int, folder: Path, service_time: str, halfway=None):
    """One `run --against` of 20 rounds; `halfway` is called when the first half is over."""
    words = [
        binary, "run", "--against", base, "--rounds", str(ROUNDS), "--seed", str(seed),
        "--link", "loopback", "--scenarios", "presigned-put", "--size", "16KiB", "-c", "16",
        "-n", "128", "--warmup", "0s", "--service-time", f"store={service_time}", "--format", "json",
        "-o", str(folder / "run"),
    ]  # fmt: skip
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def watch():
        for line in process.stderr:
            if halfway and line.startswith(f"round {ROUNDS // 2} "):
                halfway()

    watcher = threading.Thread(target=watch)
    watcher.start()
    out = process.stdout.read()
    code = process.wait()
    watcher.join()
    if code not in (0, 2, 4):
        sys.exit(f"run --against ended with {code}")
    found = json.loads(out)
    return found["verdict"], max(row["rounds"] for row in found["comparisons"])


def measure(binary: str, count: int, base_time: str, time: str, label: str) -> int:
    alarms = 0
    for seed in range(1, count + 1):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            base = Wrapper(binary, folder, base_time).path
            verdict, rounds = take_turns(binary, str(base), seed, folder, time)
            alarms += verdict == "regression"
            print(f"  {label} {seed}/{count}: {verdict} after {rounds} rounds", flush=True)
    return alarms


def drift(binary: str, count: int) -> int:
    """A/A runs in whose second half as many CPU hogs as cores run."""
    alarms = 0
    for seed in range(1, count + 1):
        hogs: list[subprocess.Popen] = []

        def start():
            for _ in range(os.cpu_count() or 1):
                hogs.append(subprocess.Popen([sys.executable, "-c", "while True: pass"]))

        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            # So noisy at the first look that it cannot be over before the hogs come.
            base = Wrapper(binary, folder, "exp:5ms").path
            try:
                verdict, rounds = take_turns(binary, str(base), seed, folder, "exp:5ms", start)
            finally:
                for hog in hogs:
                    hog.kill()
                    hog.wait()
            if not hogs:
                sys.exit("the hogs never started: the run was over before its second half")
            alarms += verdict == "regression"
            print(f"  drifting {seed}/{count}: {verdict} after {rounds} rounds", flush=True)
    return alarms


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--simulated", type=int, default=200)
    parser.add_argument("--real", type=int, default=20)
    parser.add_argument("--drifting", type=int, default=3)
    given = parser.parse_args()
    rows = []
    if given.simulated:
        found = simulate(given.binary, given.simulated, 1.0)
        rows.append(("simulated A/A", given.simulated, found, "at most", 0.05))
        found = simulate(given.binary, given.simulated, SLOWDOWN)
        rows.append(("simulated +10%", given.simulated, found, "at least", 0.90))
    if given.real:
        # Each upload waits twice for the store: for its PUT, and when the API looks at the object.
        found = measure(given.binary, given.real, "20ms", "20ms", "A/A")
        rows.append(("real A/A", given.real, found, "at most", 0.05))
        # About 10% of the whole response, which is little more than the store's time.
        found = measure(given.binary, given.real, "20ms", "22ms", "+10%")
        rows.append(("real +10%", given.real, found, "at least", 0.90))
    if given.drifting:
        found = drift(given.binary, given.drifting)
        rows.append(("real A/A, drifting", given.drifting, found, "at most", 0.0))
    print(f"{'':20} {'runs':>5} {'regressions':>12} {'share':>7}  goal")
    missed = False
    for name, count, found, kind, goal in rows:
        share = found / count
        is_met = share <= goal if kind == "at most" else share >= goal
        missed |= not is_met
        print(
            f"{name:20} {count:5} {found:12} {share:7.1%}  {kind} {goal:.0%}"
            f"{'' if is_met else '  MISSED'}"
        )
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
