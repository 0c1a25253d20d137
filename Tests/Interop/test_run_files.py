"""`run --files`: real pictures through both strategies, fetched back by another client."""

import hashlib
from collections import Counter

import pytest

import pictures
import program
import results
from endpoint import Endpoint

STRATEGIES = ["presigned-put", "presigned-post"]


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    pictures.write_folder(folder)
    return folder


@pytest.fixture(scope="module", params=["gateway", "local"])
def uploaded(request, photos, tmp_path_factory):
    """A run of both strategies against a store that was started by somebody else."""
    folder = tmp_path_factory.mktemp("run")
    with Endpoint(folder) as store:
        words = ["--gateway", store.gateway] if request.param == "gateway" else []
        done = program.run(
            "run", "--files", photos, "--scenarios", ",".join(STRATEGIES), "-c", 2,
            "--target", store.store, "--bucket", store.bucket, "--region", store.region,
            "--signer", request.param, *words, "-o", folder / "results",
            environment=store.environment | {"UPLOADBENCH_TOKEN": store.token},
        )  # fmt: skip
        yield store, done, folder / "results", request.param


def files_in(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def test_it_ends_well_and_prints_a_table_with_both(uploaded):
    _, done, _, _ = uploaded
    assert done.code == 0, done.text
    for strategy in STRATEGIES:
        assert strategy in done.out


def test_every_file_came_byte_exact_through_each_strategy(uploaded, photos):
    store, _, _, _ = uploaded
    sent = Counter(hashlib.sha256(path.read_bytes()).hexdigest() for path in files_in(photos))
    expected = Counter({digest: count * len(STRATEGIES) for digest, count in sent.items()})
    stored = Counter(hashlib.sha256(store.stored(key)).hexdigest() for key in store.keys())
    assert stored == expected


def test_every_object_has_the_type_and_the_extension_of_its_file(uploaded):
    store, _, _, _ = uploaded
    signatures = {b"\xff\xd8\xff": "image/jpeg", b"\x89PN": "image/png"}
    for key in store.keys():
        got = store.s3().get_object(Bucket=store.bucket, Key=key)
        content_type = signatures[got["Body"].read(3)]
        assert got["ContentType"] == content_type
        assert key.startswith("users/")
        assert key.lower().endswith((".jpg", ".jpeg", ".png"))


def test_the_samples_name_every_upload_once(uploaded, photos):
    _, _, folder, signer = uploaded
    samples = results.rows(folder, "samples.csv")
    sizes = Counter(str(path.stat().st_size) for path in files_in(photos))
    for strategy in STRATEGIES:
        mine = [row for row in samples if row["scenario"] == strategy]
        assert Counter(row["size_bytes"] for row in mine) == sizes
        assert {row["outcome"] for row in mine} == {"ok"}
        asked = [row["authorize_us"] != "" and row["notify_us"] != "" for row in mine]
        assert all(asked) if signer == "gateway" else not any(asked)


def test_no_secret_is_in_results_or_on_the_terminal(uploaded):
    store, done, folder, _ = uploaded
    text = results.every_file(folder) + done.text
    for secret in (store.secret_key, store.token, "X-Amz-Signature", "x-amz-signature"):
        assert secret not in text
