"""What a section of docs/reliability.md is made of, and how it looks as Markdown."""

import json
from dataclasses import dataclass, field
from pathlib import Path

RECORDS = Path(__file__).parent / "records"


@dataclass
class Section:
    """A table; every row that is wrong is told in `failures` too."""

    columns: list[str]
    rows: list[list[str]]
    failures: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def markdown(self) -> str:
        lines = [_row(self.columns), "|" + "---|" * len(self.columns)]
        lines += [_row(row) for row in self.rows]
        lines += ["", *(f"{note}\n" for note in self.notes)] if self.notes else []
        return "\n".join(lines).rstrip() + "\n"


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


def keep(name: str, section: Section, *, measured_on: str, commit: str, machine: str, **details) -> None:
    """Keeps a section that takes too long to be measured each time; `details` are not shown."""
    content = {
        "measured_on": measured_on, "commit": commit, "machine": machine,
        "columns": section.columns, "rows": section.rows, "notes": section.notes,
    } | details  # fmt: skip
    RECORDS.mkdir(exist_ok=True)
    (RECORDS / f"{name}.json").write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def kept(name: str) -> tuple[Section, str] | None:
    """The last record and a line that says when and on what it was measured; None before the first."""
    path = RECORDS / f"{name}.json"
    if not path.exists():
        return None
    content = json.loads(path.read_text())
    section = Section(content["columns"], content["rows"], [], content["notes"])
    return section, f"Measured on {content['measured_on']}, commit {content['commit']}, {content['machine']}."
