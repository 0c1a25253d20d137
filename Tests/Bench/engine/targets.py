"""What the engine is to cost beside other clients: the ratio of CPU per upload, in the same round."""

import statistics
from dataclasses import dataclass

KIB = 1024
MIB = 1024 * 1024
OURS, OURS_STATIC = "uploadbench signed", "uploadbench unsigned"
# The others keep no row of each upload either.
OURS_BARE, OURS_STATIC_BARE = "signed, no rows", "unsigned, no rows"
WRK_STATIC, WRK_BUILT, FLOOR = "wrk static", "wrk built", "floor"


@dataclass(frozen=True)
class Target:
    transport: str
    size: int
    client: str
    peer: str
    at_most: float
    is_stretch: bool = False


def _same(transport, client, peer, limits: dict, is_stretch=False):
    return [Target(transport, size, client, peer, most, is_stretch) for size, most in limits.items()]


def _both(client, bare, peer, limits, is_stretch=False):
    """As `run` comes, and without the rows of samples.csv."""
    return (_same("http", client, peer, limits, is_stretch)
            + _same("http", bare, peer, limits, is_stretch))  # fmt: skip


TARGETS = (
    _both(OURS_STATIC, OURS_STATIC_BARE, WRK_STATIC, {KIB: 1.0, 64 * KIB: 1.0, MIB: 1.05, 16 * MIB: 1.05})
    + _both(OURS, OURS_BARE, WRK_BUILT, {KIB: 0.75, 64 * KIB: 0.7, MIB: 0.4, 16 * MIB: 0.4})
    + _same("https", OURS, WRK_STATIC, dict.fromkeys((KIB, 64 * KIB, MIB, 16 * MIB), 1.1))
    + _both(OURS_STATIC, OURS_STATIC_BARE, FLOOR, {KIB: 1.15, 64 * KIB: 1.1, MIB: 1.0, 16 * MIB: 1.0}, True)
)


@dataclass(frozen=True)
class Ratio:
    target: Target
    median: float
    lowest: float
    highest: float

    @property
    def verdict(self) -> str:
        if self.median <= self.target.at_most:
            return "met"
        return "stretch missed" if self.target.is_stretch else "MISSED"


def ratios(costs: dict) -> list[Ratio]:
    """`costs[transport, size, client]` is one CPU time per upload for each round."""
    found = []
    for target in TARGETS:
        ours = costs.get((target.transport, target.size, target.client))
        peers = costs.get((target.transport, target.size, target.peer))
        if ours and peers:
            rounds = [our / peer for our, peer in zip(ours, peers)]
            found.append(Ratio(target, statistics.median(rounds), min(rounds), max(rounds)))
    return found


def size_text(size: int) -> str:
    return f"{size // MIB} MiB" if size >= MIB else f"{size // KIB} KiB"


def table(rows: list[list[str]]) -> str:
    """Markdown that reads as plain text too; the first row is the title, the first column text."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]

    def line(row):
        cells = [cell.ljust(width) if column == 0 else cell.rjust(width)
                 for column, (cell, width) in enumerate(zip(row, widths))]  # fmt: skip
        return "| " + " | ".join(cells) + " |"

    rule = ["-" * width if column == 0 else "-" * (width - 1) + ":" for column, width in enumerate(widths)]
    return "\n".join([line(rows[0]), line(rule), *map(line, rows[1:])])
