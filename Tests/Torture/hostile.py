"""Hostile HTTP against every role of `serve`: what was tried, what it was answered, and what it left behind."""

import os
from pathlib import Path

from section import Section

TITLE = "Hostile input"
INTRODUCTION = """Raw bytes to all four roles of one `serve`, by the lists in `Tests/Interop/attacks`, with their
large sizes: heads of a megabyte, a million parts, values, levels or chunks of a byte, pipelined requests without end or
reader. Each connection gets one answer at most, with a status that is right for what was sent; after each group every
role answers a good request.
*Legal* counts what HTTP and S3 allow however odd it looks. The limits are in [serve.md](serve.md#limits)."""
COLUMNS = ["attack", "tried", "refused with", "legal", "crashes or hangs", "memory after", "descriptors after"]
SCALE = 16


def measure(binary: str, folder: Path) -> Section:
    os.environ["UPLOADBENCH"] = binary
    import program

    program.BINARY = binary
    from attacks import sets
    from endpoint import Endpoint

    tallies = []
    with Endpoint(_made(folder, "plain")) as endpoint:
        for name, attacks in sets.groups(endpoint, SCALE).items():
            tallies.append(sets.try_group(endpoint, name, attacks))
        tallies.append(sets.file_names(endpoint))
        tallies += sets.crowds(endpoint, SCALE)
    with Endpoint(_made(folder, "tls"), "--tls") as endpoint:
        for name, attacks in sets.over_tls(SCALE).items():
            tallies.append(sets.try_group(endpoint, name, attacks))
    failures = [failure for tally in tallies for failure in tally.failures]
    return Section(COLUMNS, [_row(tally) for tally in tallies], failures)


def _made(folder: Path, name: str) -> Path:
    (folder / name).mkdir()
    return folder / name


def _row(tally) -> list[str]:
    tally.hangs = tally.statuses.pop("hang", 0)
    held = sum(tally.statuses.pop(word, 0) for word in [w for w in tally.statuses if isinstance(w, str)])
    dead = sum("ended with" in failure for failure in tally.failures)
    return [
        tally.name, str(tally.tried + tally.hangs + held), tally.refusals() or "–",
        str(tally.count(range(200, 400))), str(tally.hangs + dead), f"{tally.memory_kib / 1024:+.1f} MiB",
        f"{tally.descriptors:+d}",
    ]  # fmt: skip
