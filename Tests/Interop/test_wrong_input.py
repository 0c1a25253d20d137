"""What a user may get wrong: one clear line and the contract's exit code."""

import json
import os
import socket

import pytest

import program
import results

USAGE, UNAVAILABLE, NOT_WRITTEN, FAILED = 64, 69, 74, 1


def check(done, code, *named):
    """One line on standard error that names what was wrong."""
    assert done.code == code, done.text
    lines = done.err.splitlines()
    assert len(lines) == 1, done.err
    assert lines[0].startswith("uploadbench: ")
    for word in named:
        assert word in lines[0], lines[0]


WRONG_WORDS = {
    "unknown flag": (("run", "--scenarois", "x"), ("--scenarois", "--scenarios")),
    "unknown short flag": (("run", "-x"), ("-x",)),
    "unknown command": (("rnu",), ("rnu", "'run'")),
    "unknown strategy": (("run", "--scenarios", "presigned-putt"), ("presigned-put",)),
    "unknown signer": (("run", "--signer", "locale"), ("local",)),
    "unknown format": (("run", "--format", "tabel"), ("table",)),
    "no number": (("run", "-c", "many"), ("many",)),
    "zero clients": (("run", "-c", "0"), ("0",)),
    "negative count": (("run", "-n", "-1"), ("-1",)),
    "rate 0": (("run", "-r", "0"), ("--rate", "more than 0")),
    "no rate": (("run", "-r", "fast"), ("fast", "500/s")),
    "rate and clients": (("run", "-r", "5", "-c", "5"), ("--concurrency", "--max-in-flight")),
    "rate and stages": (("run", "-r", "5", "--stages", "0:1,5s:9"), ("--rate", "--stages")),
    "stages backwards": (("run", "--stages", "0:0,30s:5,20s:5"), ("20s:5", "30s:5")),
    "stages begin late": (("run", "--stages", "1s:0,30s:5"), ("time 0",)),
    "stages of nothing": (("run", "--stages", "0:0,30s:0"), ("nothing ever arrives",)),
    "stages and a time": (("run", "--stages", "0:0,30s:5", "-d", "5s"), ("--duration",)),
    "stages that are all warm-up": (("run", "--stages", "0:1,5s:5", "--warmup", "5s"), ("--warmup",)),
    "broken stage": (("run", "--stages", "0:0,30s"), ("30s", "TIME:RATE")),
    "arrivals, closed model": (("run", "--arrivals", "poisson"), ("--rate", "--stages")),
    "unknown arrivals": (("run", "-r", "5", "--arrivals", "poison"), ("poisson",)),
    "none in flight": (("run", "-r", "5", "--max-in-flight", "0"), ("--max-in-flight",)),
    "huge number": (("run", "-n", "99999999999999999999"), ("99999999999999999999",)),
    "no size": (("run", "--size", "12parsecs"), ("12parsecs",)),
    "size beyond one PUT": (("run", "--size", "6GiB"), ("--size",)),
    "no time": (("run", "-d", "soon"), ("soon",)),
    "expires too long": (("run", "--expires", "604801"), ("604801",)),
    "missing value": (("run", "--size"), ("--size",)),
    "twice": (("run", "--seed", "1", "--seed", "2"), ("--seed",)),
    "missing file": (("run", "--files", "/no/such/file.jpg"), ("/no/such/file.jpg",)),
    "missing plan": (("run", "--plan", "/no/such/plan.json"), ("/no/such/plan.json",)),
    "target without bucket": (("run", "--target", "http://127.0.0.1:9"), ("--bucket",)),
    "serve: unknown flag": (("serve", "--store-prot", "1"), ("--store-port",)),
    "serve: store": (("serve", "--store", "memroy:1GiB", "--until-stdin-closes"), ("memroy",)),
    "serve: port": (("serve", "--store-port", "70000", "--until-stdin-closes"), ("70000",)),
    "presign: no key": (("presign", "put", "--bucket", "b"), ("key",)),
    "presign: unknown kind": (("presign", "putt", "k"), ("put",)),
    "presign: missing batch": (("presign", "batch", "/no/such.jsonl"), ("/no/such.jsonl",)),
}


@pytest.mark.parametrize("case", WRONG_WORDS)
def test_wrong_words_are_named(case, tmp_path):
    words, named = WRONG_WORDS[case]
    check(program.run(*words, cwd=tmp_path), USAGE, *named)
    assert not any(tmp_path.iterdir()), "a usage error leaves nothing behind"


def test_an_empty_folder_of_files_is_named(tmp_path):
    (tmp_path / "empty").mkdir()
    check(program.run("run", "--files", tmp_path / "empty", cwd=tmp_path), USAGE, "empty")


@pytest.mark.parametrize(
    "plan, named",
    [('{"sizes": "1KiB"}', "size"), ('{"size": "1K', "JSON"), ("[1]", "object"), ('{"out": "a\\u0000b"}', "NUL"),
     ('{"rounds": 1, "rounds": 2}', "twice"), ('{"slo": [["errors < 1%"]]}', "list"), ('{"size": null}', "text"),
     ('{"%s": 1}' % ("k" * 500_000), "unknown key 'kkk"), ("[" * 100_000, "nested"), ('{"slo": "%s"}' % ("x" * 2_000_000), "longer than")],
    ids=lambda value: value[:20],
)
def test_a_wrong_plan_file_is_named(tmp_path, plan, named):
    path = tmp_path / "plan.json"
    path.write_text(plan)
    check(program.run("run", "--plan", path, cwd=tmp_path), USAGE, named, "plan.json")


@pytest.fixture
def dead_url():
    """A port that nothing listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


def test_a_dead_store_is_unavailable(dead_url, tmp_path):
    done = program.run(
        "run", "--target", dead_url, "--bucket", "b", "--signer", "local", cwd=tmp_path,
        environment={"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "s"},
    )  # fmt: skip
    check(done, UNAVAILABLE, dead_url)


def test_a_dead_gateway_is_unavailable(endpoint, dead_url, tmp_path):
    done = program.run(
        "run", "--target", endpoint.store, "--bucket", endpoint.bucket, "--gateway", dead_url,
        cwd=tmp_path,
    )  # fmt: skip
    check(done, UNAVAILABLE, dead_url)


@pytest.mark.parametrize(
    "flag, strategy", (("--edge", "edge-redirect"), ("--accelerate", "accelerated-put"))
)
def test_a_dead_detour_is_unavailable(endpoint, dead_url, tmp_path, flag, strategy):
    where = ["run", "--target", endpoint.store, "--bucket", endpoint.bucket,
             "--gateway", endpoint.gateway, flag, dead_url]  # fmt: skip
    environment = {"UPLOADBENCH_TOKEN": endpoint.token}
    done = program.run(*where, "--scenarios", strategy, cwd=tmp_path, environment=environment)
    check(done, UNAVAILABLE, dead_url)
    other = ["--scenarios", "presigned-put", "--size", "1KiB", "-n", "1", "--warmup", "0s"]
    done = program.run(*where, *other, cwd=tmp_path, environment=environment)
    assert done.code == 0, done.text


def test_a_name_that_does_not_resolve_is_unavailable(tmp_path):
    url = "http://no-such-host.invalid:9000"
    done = program.run(
        "run", "--target", url, "--bucket", "b", "--signer", "local",
        "--yes-load", "no-such-host.invalid", cwd=tmp_path,
        environment={"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "s"},
    )  # fmt: skip
    check(done, UNAVAILABLE, "no-such-host.invalid")


def test_missing_credentials_are_named(endpoint, tmp_path):
    words = ("--target", endpoint.store, "--bucket", endpoint.bucket, "--signer", "local")
    check(program.run("run", *words, cwd=tmp_path), USAGE, "AWS_ACCESS_KEY_ID")


WRONG_SECRET = "wrong-secret-" * 3


@pytest.mark.parametrize(
    "changed, named",
    [
        ({"AWS_SECRET_ACCESS_KEY": WRONG_SECRET}, "AWS_SECRET_ACCESS_KEY"),
        ({"AWS_ACCESS_KEY_ID": "AKIAUNKNOWN"}, "AWS_ACCESS_KEY_ID"),
    ],
    ids=["secret", "access key"],
)
def test_wrong_credentials_end_a_run_before_its_load(endpoint, tmp_path, changed, named):
    done = program.run(
        "run", "--target", endpoint.store, "--bucket", endpoint.bucket, "--region", endpoint.region,
        "--signer", "local", cwd=tmp_path, environment=endpoint.environment | changed,
    )  # fmt: skip
    check(done, FAILED, named)
    assert WRONG_SECRET not in done.text
    assert not any(tmp_path.iterdir())


def test_a_wrong_token_ends_a_run_before_its_load(endpoint, tmp_path):
    done = program.run(
        "run", "--target", endpoint.store, "--bucket", endpoint.bucket, "--gateway",
        endpoint.gateway, cwd=tmp_path, environment={"UPLOADBENCH_TOKEN": "not-the-token"},
    )  # fmt: skip
    check(done, FAILED, "401", "UPLOADBENCH_TOKEN")
    assert "not-the-token" not in done.text


@pytest.mark.parametrize("strategy", ["presigned-put", "presigned-post"])
def test_refused_uploads_are_counted_by_class_and_fail_the_run(endpoint, tmp_path, strategy):
    done = program.run(
        "run", "--target", endpoint.store, "--bucket", endpoint.bucket, "--region", "us-west-2",
        "--signer", "local", "--scenarios", strategy, "-n", 6, "-c", 2, "--size", "1KiB",
        "--rounds", 1, "--warmup", "0s", "-o", tmp_path / "results",
        environment=endpoint.environment,
    )  # fmt: skip
    assert done.code == FAILED
    (row,) = results.rows(tmp_path / "results", "summary.csv")
    assert (row["uploads"], row["errors"], row["response_p50_us"]) == ("0", "6", "")
    samples = results.rows(tmp_path / "results", "samples.csv")
    ((status, code),) = {(s["http_status"], s["error_code"]) for s in samples}
    assert status == "400"
    assert code in done.text, "the reason stands next to the numbers"


@pytest.mark.parametrize("where", ["/proc/results", "/dev/null/results"])
def test_results_that_cannot_be_written_are_named(where, tmp_path):
    words = ("-n", 1, "--size", "1KiB", "--rounds", 1, "--warmup", "0s")
    check(program.run("run", *words, "-o", where, cwd=tmp_path), NOT_WRITTEN, where)


def test_a_truncated_batch_line_is_answered_in_place():
    done = program.run("presign", "batch", stdin='{"id": "a", "kind": "url", "inputs": {"acc')
    check(done, FAILED)
    (answer,) = [json.loads(line) for line in done.out.splitlines()]
    assert answer["error"]


@pytest.mark.parametrize("words", [("help",), ("--help",), ("help", "run"), ("run", "--help")])
def test_help_is_printed_on_standard_output(words):
    done = program.run(*words)
    assert (done.code, done.err) == (0, "")
    assert "uploadbench run" in done.out


def test_the_version_is_one_line():
    done = program.run("--version")
    assert done.code == 0
    assert done.out.startswith("uploadbench ")
    assert len(done.out.splitlines()) == 1


def test_a_plan_may_be_named_by_the_environment(tmp_path):
    path = tmp_path / "plan.json"
    path.write_text('{"sizes": "1KiB"}')
    check(program.run("run", cwd=tmp_path, environment={"UPLOADBENCH_PLAN": str(path)}), USAGE, "size", "plan.json")
    assert program.run("cost", "--print-prices", environment={"UPLOADBENCH_PLAN": str(path)}).code == 0


def test_a_misspelt_variable_is_named():
    done = program.run("run", "--plan", "/none", environment={"UPLOADBENCH_ROUND": "3", "UPLOADBENCH_SIZE": "1KiB"})
    assert done.code == USAGE and "UPLOADBENCH_ROUND is no setting" in done.err and "UPLOADBENCH_ROUNDS" in done.err
    assert "UPLOADBENCH_SIZE" not in done.err


@pytest.mark.parametrize("flags", [("--shard", "0/9"), ("--shard", "0/3", "-c", 2), ("--shard", "0/3", "-n", 2)], ids=str)
def test_shards_without_a_part_are_refused(tmp_path, flags):
    done = program.run("run", *flags, "-o", tmp_path / "run", cwd=tmp_path)
    assert done.code == USAGE and "or more to all of them" in done.err and not (tmp_path / "run").exists()


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: path.write_text("no certificate"), lambda path: path.symlink_to("/dev/zero")], ids=["pipe", "folder", "text", "device"])
def test_an_authority_that_is_no_certificate_is_named(tmp_path, make):
    make(tmp_path / "ca.pem")
    done = program.run("run", "--target", "https://127.0.0.1:1", "--bucket", "b", "--cacert", tmp_path / "ca.pem", cwd=tmp_path)
    check(done, USAGE, "--cacert", "ca.pem")


def test_what_is_neither_a_rate_nor_a_plan_is_named(tmp_path):
    check(program.run("capacity", "--plan", "2000/S", cwd=tmp_path), USAGE, "neither a rate")
