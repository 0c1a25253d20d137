"""What is sent, what may come back for it, and how a whole set is tried on one running `serve`."""

import dataclasses
import socket
from collections import Counter
from dataclasses import dataclass, field
from typing import Callable

from . import health, wire

# The server ends the connection without a word: it cannot know what was asked.
CLOSED = 0
REFUSED = frozenset({400})
ROLES = ("store", "gateway", "edge", "accelerate")


@dataclass(frozen=True)
class Case:
    """One connection's worth of bytes. It gets one answer of these statuses, and no second: that would
    be a request hidden in it."""

    name: str
    data: bytes
    statuses: frozenset = REFUSED
    roles: tuple = ROLES
    answers: int = 1
    is_head: bool = False


@dataclass
class Tally:
    """What became of a group of cases."""

    name: str
    statuses: Counter = field(default_factory=Counter)
    failures: list = field(default_factory=list)
    memory_kib: int = 0
    descriptors: int = 0

    @property
    def tried(self) -> int:
        return sum(self.statuses.values())

    def count(self, *statuses_of: range) -> int:
        return sum(count for status, count in self.statuses.items()
                   if any(status in each for each in statuses_of))  # fmt: skip

    def refusals(self) -> str:
        """Each status with its count."""
        rows = sorted((status, count) for status, count in self.statuses.items() if not 200 <= status < 400)
        return ", ".join(f"{count} × {status or 'closed'}" for status, count in rows)


def url_of(endpoint, role: str) -> str:
    return endpoint.ready[role]


def try_case(endpoint, case: Case, role: str, tally: Tally) -> None:
    where = f"{case.name} at {role}"
    try:
        answers = wire.exchange(
            url_of(endpoint, role), case.data, ca_file=endpoint.ready.get("ca_file"),
            is_head=case.is_head)  # fmt: skip
    except (TimeoutError, socket.timeout):
        tally.statuses["hang"] += 1
        tally.failures.append(f"{where}: neither an answer nor an end")
        return
    statuses = [answer.status for answer in answers] or [CLOSED]
    tally.statuses[statuses[0]] += 1
    if len(statuses) > case.answers:
        tally.failures.append(f"{where}: {len(statuses)} answers {statuses}")
    if statuses[0] not in case.statuses:
        tally.failures.append(f"{where}: {statuses[0]}, expected {sorted(case.statuses)}")


def try_group(endpoint, name: str, cases: list[Case], roles=ROLES) -> Tally:
    """All cases at all their roles; afterwards the server must be as it was before."""
    return watched(endpoint, name, lambda tally: [
        try_case(endpoint, case, role, tally) for case in cases for role in roles if role in case.roles
    ])  # fmt: skip


def watched(endpoint, name: str, attack: Callable[[Tally], None]) -> Tally:
    """Memory, descriptors and every role's service are looked at before and after the attack."""
    tally = Tally(name)
    tally.failures += health.broken(endpoint)
    before = health.look(endpoint.process.pid)
    attack(tally)
    if endpoint.process.poll() is not None:
        tally.failures.append(f"{name}: serve ended with {endpoint.process.returncode}")
        return tally
    tally.failures += [f"{name}: {what}" for what in health.broken(endpoint)]
    after = health.settled(endpoint.process.pid, before)
    tally.memory_kib = after.memory_kib - before.memory_kib
    tally.descriptors = after.descriptors - before.descriptors
    if tally.descriptors > health.DESCRIPTOR_SLACK:
        tally.failures.append(f"{name}: {tally.descriptors} descriptors more than before")
    if tally.memory_kib > health.MEMORY_SLACK_KIB:
        tally.failures.append(f"{name}: {tally.memory_kib} KiB more than before")
    return tally


def at(case: Case, **changes) -> Case:
    return dataclasses.replace(case, **changes)
