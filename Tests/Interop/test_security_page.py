"""SECURITY.md names the test of each claim; this holds it to the tests that are there."""

import re

import program

PAGE = program.ROOT / "SECURITY.md"


def names_of_tests() -> set[str]:
    names = set()
    for path in (program.ROOT / "Tests").rglob("*.py"):
        names |= set(re.findall(r"^def (test_\w+)", path.read_text(), re.M))
    for path in (program.ROOT / "Tests").rglob("*.swift"):
        names |= set(re.findall(r"func `([^`]+)`", path.read_text()))
    return names


def named() -> list[str]:
    """In backticks: functions of Python, and the sentences that Swift's tests are called."""
    quoted = re.findall(r"`([^`]+)`", PAGE.read_text().replace("\n  ", " "))
    return [name for name in quoted if re.fullmatch(r"test_\w+", name) or (" " in name and name[0].islower() and "=" not in name)]


def test_every_test_that_the_page_names_exists():
    wanted = [name for name in named() if not name.startswith(("run --", "serve --"))]
    assert len(wanted) > 40
    assert not set(wanted) - names_of_tests()


def test_every_claim_about_an_attacker_has_a_test():
    text, tests = PAGE.read_text(), names_of_tests()
    for section in ("Signatures and tokens", "Peers of `serve`", "Targets of `run` and the others", "Results of others",
                    "Other users of the machine", "Readers of logs and results"):  # fmt: skip
        body = text.split(f"## {section}\n")[1].split("\n## ")[0]
        claims = re.split(r"^- ", body, flags=re.M)[1:]
        without = [claim[:60] for claim in claims if not any(name in claim.replace("\n  ", " ") for name in tests)]
        # But for what is said to be so on purpose.
        assert [claim for claim in without if not claim.startswith("`presign` prints")] == []
