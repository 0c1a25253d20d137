"""The gateway's page in a headless Chromium: every strategy, every refusal, a cancelled upload, a lost
connection; what it sent is read from the roles' own log."""

import csv
import hashlib
import os
import re
import signal

import pytest

import program
import results
from browser import CONTRASTS, Browser
from endpoint import Endpoint
from upload_page import STRATEGIES, RequestLog, UploadPage, from_clients

MIB = 1024 * 1024
ASK = "OPTIONS"
# What Chromium sends for one upload of 64 KiB whose API is on another origin; on an open API the GETs for a
# permission need no leave.
SENT = {
    "proxy-json": {"gateway": [ASK, "POST"]},
    "proxy-binary": {"gateway": [ASK, "PUT", ASK, "POST"]},
    "edge-redirect": {"edge": [ASK, "PUT"], "store": [ASK, "PUT"], "gateway": [ASK, "POST"]},
    "presigned-put": {"gateway": ["GET", ASK, "POST"], "store": [ASK, "PUT"]},
    "presigned-post": {"gateway": ["GET", ASK, "POST"], "store": ["POST"]},
    "accelerated-put": {"gateway": ["GET", ASK, "POST"], "accelerate": [ASK, "PUT"]},
    "accelerated-post": {"gateway": ["GET", ASK, "POST"], "accelerate": ["POST"]},
    "presigned-multipart": {"gateway": [ASK, "POST", ASK, "POST"], "store": [ASK, "PUT", "POST"]},
    "accelerated-multipart": {"gateway": [ASK, "POST", ASK, "POST"], "accelerate": [ASK, "PUT", "POST"]},
}


@pytest.fixture(scope="module")
def browser():
    running = Browser()
    yield running
    running.close()


@pytest.fixture
def tab(browser):
    made = browser.page()
    yield made
    made.close()


@pytest.fixture(scope="module")
def open_endpoint(tmp_path_factory):
    folder = tmp_path_factory.mktemp("open")
    with Endpoint(folder, "--open", "--log", str(folder / "log")) as running:
        running.log = RequestLog(folder / "log")
        yield running


@pytest.fixture
def page(tab, open_endpoint):
    made = UploadPage(tab, open_endpoint)
    # Answers to preflights are kept by the browser: without them each check counts the same.
    tab.call("Network.setCacheDisabled", cacheDisabled=True)
    open_endpoint.log.new()
    return made


def by_role(sent: list[tuple[str, str]]) -> dict[str, list[str]]:
    return {role: [method for at, method in sent if at == role] for role in dict(sent)}


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_an_upload_arrives_with_the_preflights_that_the_standard_asks_for(page, open_endpoint, strategy):
    verdict = page.upload(strategy)
    assert verdict.startswith("Uploaded in"), page.text("explanation")
    found = page.object()
    assert "all of the file" in found["Size"] and found["Type"] == "image/jpeg"
    head = open_endpoint.s3().head_object(Bucket=open_endpoint.bucket, Key=found["Key"])
    assert head["ContentLength"] == 65536
    assert by_role(from_clients(open_endpoint.log.new(), open_endpoint.ready)) == SENT[strategy]
    assert page.tab.errors == []


def test_counting_the_bytes_makes_the_browser_preflight_a_form(page, open_endpoint):
    assert page.upload("presigned-post", counts=True).startswith("Uploaded in")
    assert by_role(from_clients(open_endpoint.log.new(), open_endpoint.ready))["store"] == [ASK, "POST"]
    assert page.text("bar-text").count("KiB") == 2


def test_an_api_on_the_pages_own_origin_is_not_preflighted(page, open_endpoint):
    assert page.upload("presigned-put", api="own").startswith("Uploaded in")
    lines = open_endpoint.log.new()
    assert [line for line in lines if line["role"] == "gateway" and line["method"] == ASK] == []
    assert ("store", ASK) in from_clients(lines, open_endpoint.ready)


def test_times_of_each_request_are_shown(page):
    page.upload("presigned-put")
    shown = page.tab.value("""[...document.querySelectorAll("#requests tbody tr:not(.preflight)")].map((row) => ({
        wait: row.cells[5].textContent, all: row.cells[7].textContent,
        parts: row.querySelectorAll("svg.bar rect").length}))""")
    assert len(shown) == 3
    for row in shown:
        assert re.fullmatch(r"[\d.]+ m?s", row["wait"]) and re.fullmatch(r"[\d.]+ m?s", row["all"]) and row["parts"]


def test_a_picked_file_arrives_as_it_is(page, open_endpoint, tmp_path):
    path = tmp_path / "übung 1.txt"
    path.write_bytes(os.urandom(70_000))
    page.tab.pick_file("#picked", path)
    page.check("source-picked")
    assert page.upload("presigned-post").startswith("Uploaded in"), page.text("explanation")
    stored = open_endpoint.stored(page.object()["Key"])
    assert hashlib.sha256(stored).digest() == hashlib.sha256(path.read_bytes()).digest()


# Mistake: what the page shows, who answers with which status, and a word of the explanation.
TRAPS = {
    "short-expires": ("403 AccessDenied", "store", 403, "clock"),
    "clock-ahead": ("403 AccessDenied", "store", 403, "ahead"),
    "form-expired": ("403 AccessDenied", "store", 403, "clock"),
    "no-permission": ("403 AccessDenied", "store", 403, "s3:PutObject"),
    "post-for-put": ("405 MethodNotAllowed", "store", 405, "form"),
    "no-cors": ("Refused by CORS, most likely", "store", 403, "CORS rule"),
    "file-not-last": ("400 InvalidArgument", "store", 400, "last"),
    "type-of-put": ("403 SignatureDoesNotMatch", "store", 403, "Content-Type"),
    "type-of-form": ("400 MalformedPOSTRequest", "store", 400, "boundary"),
    "too-large-form": ("400 EntityTooLarge", "store", 400, "maxBytes"),
    "too-large-function": ("413 Request Too Long", "gateway", 413, "Lambda"),
    "too-large-api": ("Refused by CORS, most likely", "gateway", 413, "API Gateway"),
    "lying-type": ("415", "gateway", 415, "first bytes"),
}


@pytest.mark.parametrize("trap", TRAPS)
def test_a_mistake_is_refused_and_explained(page, open_endpoint, trap):
    title, role, status, word = TRAPS[trap]
    before = open_endpoint.keys()
    verdict = page.upload(trap=trap)
    assert verdict.startswith(title), (verdict, page.text("explanation"))
    assert word in page.text("explanation")
    answers = {(line["role"], line["status"]) for line in open_endpoint.log.new()}
    assert (role, status) in answers
    assert open_endpoint.keys() == before
    # The browser's own words on refused requests go to its console; exceptions of the page would too.
    assert [error for error in page.tab.errors if "Failed to load resource" not in error and "CORS policy" not in error] == []


def test_an_upload_can_be_cancelled(page, open_endpoint):
    before = open_endpoint.keys()
    page.tab.throttle(upload_bytes_per_s=MIB)
    page.begin("presigned-put", size=67108864, counts=True)
    page.tab.wait_for("document.getElementById('bar-text').textContent !== ''")
    page.click("cancel")
    assert page.end() == "Cancelled"
    page.tab.throttle()
    assert open_endpoint.keys() == before
    assert page.upload("presigned-put").startswith("Uploaded in")


def test_a_cancelled_multipart_upload_is_aborted(page, open_endpoint):
    page.tab.throttle(upload_bytes_per_s=MIB)
    page.begin("presigned-multipart", size=67108864, counts=True)
    page.tab.wait_for("document.getElementById('bar-text').textContent !== ''")
    page.click("cancel")
    assert page.end() == "Cancelled"
    page.tab.throttle()
    assert "Uploads" not in open_endpoint.s3().list_multipart_uploads(Bucket=open_endpoint.bucket)


def test_a_lost_connection_is_told(tab, tmp_path):
    with Endpoint(tmp_path, "--open") as dying:
        page = UploadPage(tab, dying)
        tab.throttle(upload_bytes_per_s=MIB)
        page.begin("presigned-put", size=67108864, counts=True)
        tab.wait_for("document.getElementById('bar-text').textContent !== ''")
        dying.process.send_signal(signal.SIGKILL)
        dying.process.wait()
        assert page.end() == "The connection is lost"
        assert page.text("status").startswith("Not uploaded")


def test_a_device_that_is_offline_is_told(page):
    page.tab.throttle(offline=True)
    assert page.upload("presigned-put") == "The connection is lost"
    page.tab.throttle()


def test_the_token_is_asked_for_and_kept_in_memory_only(tab, endpoint):
    page = UploadPage(tab, endpoint)
    assert tab.value("document.getElementById('upload').disabled")
    tab.value(f"document.getElementById('token').value = {endpoint.token!r}")
    tab.value("document.getElementById('token-form').requestSubmit()")
    assert page.upload("edge-redirect").startswith("Uploaded in"), page.text("explanation")
    assert page.upload(trap="no-token").startswith("401")
    everything = tab.value(
        "document.documentElement.outerHTML + JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])"
    )
    assert endpoint.token not in everything
    assert not any(endpoint.token in url for url in tab.requests)


def test_a_wrong_token_is_told(tab, endpoint):
    page = UploadPage(tab, endpoint)
    tab.value("document.getElementById('token').value = 'wrong'")
    tab.value("document.getElementById('token-form').requestSubmit()")
    assert page.upload("presigned-put").startswith("401")


def test_uploads_are_measured_and_the_rows_are_those_of_samples_csv(page, tmp_path):
    for name in STRATEGIES:
        page.check(f"measure-{name}", name in ("presigned-put", "presigned-post"))
    page.choose("measure-uploads", "3")
    page.choose("measure-size", "65536")
    page.click("measure")
    page.tab.wait_for("!document.getElementById('csv').hidden")
    assert page.text("measure-status") == "6 uploads measured."
    text = page.tab.download("#csv", tmp_path / "samples.csv")
    header = text.splitlines()[0].split(",")
    assert header == results.COLUMNS["samples.csv"].split(",") + ["requests"]
    rows = list(csv.DictReader(text.splitlines(), strict=True))
    assert [row["scenario"] for row in rows].count("presigned-put") == 3 and len(rows) == 6
    for row in rows:
        assert (row["outcome"], row["size_bytes"], row["bytes_sent"], row["requests"]) == ("ok", "65536", "", "")
        parts = sum(int(row[name]) for name in ("authorize_us", "upload_us", "notify_us"))
        assert 0 < parts <= int(row["response_us"]) == int(row["ended_us"]) - int(row["started_us"])
    assert page.tab.value("document.querySelectorAll('#plot circle').length") == 6
    assert page.tab.value("document.querySelectorAll('#plot line.median').length") == 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 768, 1200])
def test_it_fits_reads_well_and_asks_nobody_else(tab, open_endpoint, width, scheme):
    page = UploadPage(tab, open_endpoint, width=width, scheme=scheme)
    page.upload("presigned-put")
    assert tab.value("document.documentElement.scrollWidth") <= width
    assert tab.value(CONTRASTS) == []
    page.upload(trap="file-not-last")
    assert tab.value(CONTRASTS) == []
    own = {open_endpoint.ready[role].rsplit(":", 1)[1] for role in ("store", "gateway", "edge", "accelerate")}
    asked = {url for url in tab.requests if not url.startswith(("data:", "blob:"))}
    assert asked and all(re.match(r"http://(127\.0\.0\.1|localhost):(\d+)/", url)[2] in own for url in asked)


def test_every_control_has_a_name_and_the_keyboard_reaches_it(tab, open_endpoint):
    UploadPage(tab, open_endpoint)
    tree = tab.call("Accessibility.getFullAXTree")["nodes"]
    roles = {"button", "combobox", "radio", "checkbox", "spinbutton", "textbox", "progressbar"}
    controls = [node for node in tree if node.get("role", {}).get("value") in roles and not node["ignored"]]
    assert len(controls) > 20
    assert [node for node in controls if not node.get("name", {}).get("value")] == []
    reached = set()
    for _ in range(40):
        tab.press("Tab", 9)
        reached.add(tab.value("document.activeElement.id"))
    assert {"strategy", "trap", "size", "upload", "measure-uploads", "measure"} <= reached


def test_the_page_may_talk_to_the_roles_only(open_endpoint):
    answer = program.tool("curl", "-si", open_endpoint.gateway + "/").out
    policy = re.search(r"Content-Security-Policy: (.*)\r", answer)[1]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'" and rules["script-src"] == "'self'" and rules["style-src"] == "'self'"
    assert open_endpoint.ready["store"] in rules["connect-src"] and "*" not in policy


def test_the_log_holds_no_signature(page, open_endpoint):
    page.upload("presigned-put")
    assert "X-Amz" not in open_endpoint.log.text() and "Signature" not in open_endpoint.log.text()
