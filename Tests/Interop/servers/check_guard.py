"""`guard` on servers made by others. Not collected by itself: `make interop-servers`."""

import csv

import guard_tables
import program
import pytest

from . import start


def rows_of(kind: str, folder) -> tuple[list[dict], set[str]]:
    with start(kind, folder / "server") as server:
        done = program.run(
            "guard", "-q", "--target", server.url, "--bucket", server.bucket, "--signer", "local",
            "-o", folder / "results", environment=server.environment,
        )  # fmt: skip
        assert done.code == 0, done.text
        left = server.keys()
    return list(csv.DictReader((folder / "results/guard.csv").open())), left


def test_ceph_enforces_what_is_known_of_it(tmp_path):
    rows, left = rows_of("ceph", tmp_path)
    assert guard_tables.differences(rows, guard_tables.signed_locally(guard_tables.CEPH)) == []
    assert left == set()


@pytest.mark.parametrize("kind", ["rclone", "moto"])
def test_nothing_is_left_at_others_and_no_cell_fails_without_an_answer(kind, tmp_path):
    rows, left = rows_of(kind, tmp_path)
    assert left == set()
    assert all(row["http_status"] for row in rows if row["outcome"] != "not-applicable")


def test_rclone_takes_no_forms_which_is_no_credit_to_it(tmp_path):
    rows, _ = rows_of("rclone", tmp_path)
    forms = {row["outcome"] for row in rows if row["scenario"] == "presigned-post"}
    assert forms == {"refused", "not-supported"}
    honest = next(row for row in rows if (row["scenario"], row["case"]) == ("presigned-post", "honest-upload"))
    assert (honest["outcome"], honest["error_code"]) == ("refused", "UnsupportedAlgorithm")


def test_moto_verifies_nothing(tmp_path):
    """A mock that takes any signature: the table is full of holes, so the tool can see them."""
    rows, _ = rows_of("moto", tmp_path)
    table = {(row["scenario"], row["case"]): row["outcome"] for row in rows}
    for case in ("wrong-type", "other-users-key", "replay-after-expiry", "changed-header"):
        assert table["presigned-put", case] == "stored", case
    assert table["presigned-put", "changed-method"] == "removed"
