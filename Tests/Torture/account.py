"""Holds one run's results against the bucket and the log of `serve`: was every upload counted once, and is every object
some upload's?
"""

import csv
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

# A role that stalls does not look at its client: that one left is not in the log.
UNSEEN = {"stall"}
CUT = {"reset-answer", "truncate"}


@dataclass
class Run:
    strategy: str
    results: Path
    # The lines of `serve --log`, and the keys in the bucket.
    log: list[dict]
    keys: set[str]
    wanted: int
    idle_timeout_s: float
    # Do delays of this fault outlast the client's patience?
    outlasts: bool


def rows(run: Run, name: str) -> list[dict]:
    with open(run.results / name, newline="") as file:
        return list(csv.DictReader(file))


class Account:
    """The figures of a run, and what is wrong with them."""

    def __init__(self, run: Run):
        self.run = run
        self.samples = rows(run, "samples.csv")
        self.started = len(self.samples)
        self.succeeded = sum(row["outcome"] == "ok" for row in self.samples)
        self.failed = Counter(
            " ".join(filter(None, (row["outcome"], row["http_status"], row["error_code"])))
            for row in self.samples
            if row["outcome"] != "ok"
        )
        # Stored and told so, but the step after it failed.
        self.failed_later = sum(
            row["outcome"] != "ok" and row["notify_us"] != "" for row in self.samples
        )
        self.timed_out = sum(row["outcome"] == "timed-out" for row in self.samples)
        self.stored, self.told = self._stored(), self._told()
        self.wrong = [*self._counts(), *self._times(), *self._objects()]

    @property
    def objects(self) -> int:
        return len(self.run.keys)

    @property
    def names_keys(self) -> bool:
        """Does the path of a request that stores name the object?"""
        return "post" not in self.run.strategy and self.run.strategy != "proxy-json"

    @property
    def heard(self) -> int:
        """Uploads whose client was told that the object is there."""
        return len(self.told) if self.names_keys else sum(self.told.values())

    @property
    def explained(self) -> int:
        """Objects of uploads that failed after they were stored."""
        return self.objects - self.succeeded

    # What the files say

    def _counts(self) -> list[str]:
        failures = self.started - self.succeeded
        found = {
            "samples.csv": (self.succeeded, failures),
            "summary.csv": self._sum("summary.csv", "uploads", "errors"),
            "timeline.csv": self._sum("timeline.csv", "uploads", "errors"),
            "histograms.csv": self._histograms(),
        }
        wrong = [
            f"{name} has {counts}" for name, counts in found.items() if counts != (self.succeeded, failures)
        ]
        if self.started != self.run.wanted:
            wrong.append(f"{self.started} uploads in samples.csv, {self.run.wanted} wanted")
        numbers = [row["upload"] for row in self.samples]
        if len(set(numbers)) < len(numbers):
            wrong.append("an upload stands in samples.csv twice")
        return wrong

    def _sum(self, name: str, *columns: str) -> tuple[int, ...]:
        read = rows(self.run, name)
        return tuple(sum(int(row[column]) for row in read) for column in columns)

    def _histograms(self) -> tuple[int, int]:
        counts = Counter()
        for row in rows(self.run, "histograms.csv"):
            counts[row["metric"]] += int(row["count"])
        return counts["response"], counts["failed"]

    def _times(self) -> list[str]:
        """A request ends once nothing has moved for the time-out; the standard mode waits up to 1 s and 2 s."""
        wrong = []
        for row in self.samples:
            patience = self.run.idle_timeout_s + 0.5
            limit = int(row["requests"]) * patience + int(row["retries"]) * 2 + 1
            if int(row["service_us"]) / 1e6 > limit:
                wrong.append(f"upload {row['upload']} took {row['service_us']} µs, more than {limit} s")
        return wrong

    # What the servers say

    def _is_lost(self, line: dict) -> bool:
        """Did the client not hear this answer?"""
        faults = set((line["fault"] or "").split(","))
        has_body = not (line["method"] == "PUT" and line["role"] in ("store", "accelerate"))
        has_body = has_body and line["status"] != 204
        return bool(
            line["client_ended"]
            or faults & CUT
            or (faults & UNSEEN and self.run.outlasts)
            or ("close-after-headers" in faults and has_body)
        )

    def _written(self, role: str) -> list[dict]:
        """The successful requests to a role by which objects come to be."""
        lines = [line for line in self.run.log if line["role"] == role]
        if role == "gateway":
            paths = ("/images", "/uploads/")
            return [line for line in lines if line["path"].startswith(paths) and line["status"] in (200, 201)]
        if "multipart" in self.run.strategy:
            # A creation has no body, a completion has one.
            return [
                line for line in lines
                if line["method"] == "POST" and line["status"] == 200 and line["content_length"]
            ]  # fmt: skip
        method = "POST" if "post" in self.run.strategy else "PUT"
        return [line for line in lines if line["method"] == method and line["status"] in (200, 204)]

    def _stored(self) -> Counter:
        return Counter(line["path"] for line in self._written("store"))

    def _told(self) -> Counter:
        role = "gateway" if "proxy" in self.run.strategy else "store"
        role = "accelerate" if "accelerated" in self.run.strategy else role
        return Counter(line["path"] for line in self._written(role) if not self._is_lost(line))

    def _objects(self) -> list[str]:
        wrong = []
        forms = "post" in self.run.strategy
        stored = sum(self.stored.values()) if forms else len(self.stored)
        # A form that was sent again has stored the same object again.
        if self.objects > stored or (not forms and self.objects != stored):
            wrong.append(f"{self.objects} objects listed, the store logged {stored}")
        # An answer may meet a client that has just given up, and a form again on its next attempt.
        late = self.timed_out
        if not self.names_keys:
            late += sum(int(row["retries"]) for row in self.samples)
        told = self.succeeded + self.failed_later
        if not told <= self.heard <= told + late:
            wrong.append(
                f"{self.heard} clients were told of their object; {self.succeeded} succeeded and"
                f" {self.failed_later} failed after that, {self.timed_out} gave up"
            )
        if not self.failed_later <= self.explained <= self.started - self.succeeded:
            wrong.append(f"{self.explained} objects are of no success, {self.started - self.succeeded} failed")
        return wrong
