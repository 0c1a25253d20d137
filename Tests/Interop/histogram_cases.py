"""Percentiles by HdrHistogram's own Python port, for Tests/MeasureTests/HistogramReferenceTests.swift.

`python Tests/Interop/histogram_cases.py` writes the fixture; a check holds it to what the port says.
"""

import json
import random
from pathlib import Path

from hdrh.histogram import HdrHistogram

FIXTURE = Path(__file__).parents[1] / "MeasureTests/Fixtures/hdrhistogram.json"
LONGEST_US = 3_600_000_000
PERCENTILES = [0, 1, 10, 25, 50, 75, 90, 95, 99, 99.9, 99.99, 100]


def reference() -> HdrHistogram:
    """1 µs to an hour, 3 significant digits."""
    return HdrHistogram(1, LONGEST_US, 3)


def values() -> dict[str, list[int]]:
    draw = random.Random(20)
    clipped = lambda value: max(1, min(LONGEST_US, round(value)))  # noqa: E731
    return {
        "every duration alike": [draw.randint(1, LONGEST_US) for _ in range(800)],
        "lognormal": [clipped(draw.lognormvariate(8, 3)) for _ in range(1500)],
        "exponential": [clipped(draw.expovariate(1 / 10_000)) for _ in range(1500)],
        "powers of two and their neighbours": [
            clipped(2**power + step) for power in range(32) for step in (-1, 0, 1)
        ],
        "one": [4040],
        "two far apart": [1, LONGEST_US],
        "equal": [77_777] * 50,
    }


def case(name: str, recorded: list[int]) -> dict:
    histogram = reference()
    for value in recorded:
        histogram.record_value(value)
    return {
        "name": name,
        "values": recorded,
        "percentiles": [[p, histogram.get_value_at_percentile(p)] for p in PERCENTILES],
        "minimum": histogram.get_min_value(),
        "maximum": histogram.get_max_value(),
        "buckets": [
            [item.value_iterated_from, item.value_iterated_to, item.count_at_value_iterated_to]
            for item in histogram.get_recorded_iterator()
        ],
    }


def text() -> str:
    cases = [json.dumps(case(name, recorded)) for name, recorded in values().items()]
    return "[\n" + ",\n".join(cases) + "\n]\n"


if __name__ == "__main__":
    FIXTURE.write_text(text())
