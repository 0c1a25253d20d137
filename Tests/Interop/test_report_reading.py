"""The report page as people meet it: offline, in both colour schemes, on a phone, by keyboard, without
scripts, and whatever the names in the files are."""

import json
import re

import pytest

import program
import made_runs
import report_page
import results
from browser import CONTRASTS, Browser
from made_runs import Cell

TAB, LEFT, RIGHT, DOWN, ENTER = ("Tab", 9), ("ArrowLeft", 37), ("ArrowRight", 39), ("ArrowDown", 40), ("Enter", 13)
HOSTILE = "<script>window.hacked=1</script>\"'><img src=x onerror='window.hacked=1'>"


@pytest.fixture(scope="module")
def browser():
    running = Browser()
    yield running
    running.close()


@pytest.fixture
def page(browser):
    tab = browser.page()
    yield tab
    tab.close()


def report(folder, *runs):
    done = program.run("report", *runs, "-o", folder / "report.html")
    assert done.code == 0, done.text
    return folder / "report.html"


@pytest.fixture(scope="module")
def usual(tmp_path_factory):
    folder = tmp_path_factory.mktemp("usual")
    return report(folder, made_runs.write(folder / "run", made_runs.cells()))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 768, 1200])
def test_it_loads_offline_without_an_error_and_never_scrolls_sideways(page, usual, width, scheme):
    page.open(usual, width=width, scheme=scheme)
    assert page.errors == []
    assert [url for url in page.requests if not url.startswith("data:")] == [usual.resolve().as_uri()]
    assert page.value("document.documentElement.scrollWidth") <= width
    for plot in page.value("[...document.querySelectorAll('svg.plot')].map((p) => p.getBoundingClientRect().right)"):
        assert plot <= width
    # Labels in plots stay readable when the plots are scaled down.
    smallest = page.value(
        "Math.min(...[...document.querySelectorAll('svg.plot text')].map((t) => t.getBoundingClientRect().height))"
    )
    assert smallest >= 9


def test_the_schemes_differ_and_text_stands_out_in_both(page, usual):
    seen = set()
    for scheme in ("light", "dark"):
        page.open(usual, scheme=scheme)
        assert page.value(CONTRASTS) == [], scheme
        seen.add(page.value("getComputedStyle(document.body).backgroundColor"))
    assert len(seen) == 2


def test_it_prints_light_and_whole(page, usual, tmp_path):
    page.open(usual, scheme="dark")
    page.print(tmp_path / "report.pdf")
    content = (tmp_path / "report.pdf").read_bytes()
    assert content.startswith(b"%PDF") and len(content) > 30_000
    page.call("Emulation.setEmulatedMedia", media="print", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    assert page.value("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_headings_and_landmarks_are_in_order(page, usual):
    page.open(usual)
    levels = page.value("[...document.querySelectorAll('h1,h2,h3,h4,h5')].map((h) => +h.tagName[1])")
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in zip(levels, levels[1:]))
    for landmark in ("header", "nav[aria-label]", "main", "footer"):
        assert page.value(f"document.querySelectorAll('body > {landmark}').length") == 1, landmark
    assert page.value("document.documentElement.lang") == "en"
    dead = "[...document.querySelectorAll('a[href^=\"#\"]')].filter((a) => !document.getElementById(a.hash.slice(1))).length"
    assert page.value(dead) == 0


def test_every_plot_has_a_name_a_summary_a_table_and_a_csv(page, usual):
    page.open(usual)
    figures = page.value(
        """[...document.querySelectorAll('section.figure')].map((f) => ({
          name: f.dataset.figure, plots: f.querySelectorAll('svg.plot').length,
          named: f.querySelectorAll('svg.plot[role=group][aria-label]').length,
          summary: f.querySelectorAll('.summary li').length, rows: f.querySelectorAll('details td').length,
          csv: f.querySelectorAll('a.csv[download]').length}))"""
    )
    assert {f["name"] for f in figures} == {"percentiles", "sizes", "timeline", "time", "wire"}
    for figure in figures:
        assert figure["plots"] == figure["named"] > 0, figure
        assert figure["summary"] and figure["rows"] and figure["csv"] == 1, figure


ACTIVE = "(() => { const e = document.activeElement; return {...e.dataset, tag: e.localName, text: e.textContent.trim().slice(0, 60), label: e.getAttribute('aria-label')} })()"


def test_the_first_stop_skips_to_the_verdict(page, usual):
    page.open(usual)
    page.press(*TAB)
    assert page.value(ACTIVE)["text"] == "Skip to the verdict"
    assert page.value("document.activeElement.getBoundingClientRect().top") >= 0, "it shows when it is reached"
    page.press(*ENTER)
    assert page.value("document.activeElement.id") == "main"


def test_marks_are_reached_by_keyboard_and_say_their_values(page, usual):
    page.open(usual)
    for _ in range(60):
        page.press(*TAB)
        active = page.value(ACTIVE)
        if active["tag"] == "use":
            break
    assert active["tag"] == "use" and "percentile" in active
    assert active["label"] == active["label"] and active["label"].startswith("proxy-json, ")
    assert page.value("document.getElementById('tip').textContent") == active["label"]
    assert page.value("getComputedStyle(document.activeElement).outlineStyle") == "solid", "focus is visible"
    start = float(active["percentile"])
    page.press(*RIGHT)
    after = page.value(ACTIVE)
    assert float(after["percentile"]) > start
    page.press(*LEFT)
    assert float(page.value(ACTIVE)["percentile"]) == start
    page.press(*DOWN)
    assert page.value(ACTIVE)["label"].startswith("presigned-put, ")
    stops = page.value("[...document.querySelectorAll('svg.plot')].map((p) => p.querySelectorAll('.m[tabindex=\"0\"]').length)")
    assert set(stops) == {1}, "one tab stop per plot"


def test_pointing_near_a_mark_shows_its_value(page, usual):
    page.open(usual)
    x, y, label = page.value(
        """(() => { const m = document.querySelector('[data-figure=percentiles] use.m:last-of-type');
          m.scrollIntoView({block: 'center', behavior: 'instant'});
          const b = m.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2, m.dataset.label]; })()"""
    )
    page.point(x + 1, y)
    assert page.value("document.getElementById('tip').hidden") is False
    assert page.value("document.getElementById('tip').textContent") == label


def test_without_scripts_the_values_are_still_there(page, usual):
    page.open(usual, scripts=False)
    content = usual.read_text()
    assert page.errors == []
    assert content.count("<title>") > 100 and "<noscript" not in content


def test_names_from_files_stay_text(page, tmp_path):
    cells = made_runs.cells(uploads=20)
    cells[0].failures = [("server-error", "503", HOSTILE)]
    record = made_runs.record(
        warnings=[HOSTILE], tool=HOSTILE, machine={"cpu": HOSTILE, HOSTILE: "x"}, git_commit="</script>" + HOSTILE,
        started_at=HOSTILE,
    )  # fmt: skip
    record["plan"]["link"] = record["emulated"]["link"] = HOSTILE
    name = "<img src=x onerror=window.hacked=1>&\"'#%20?"
    page.open(report(tmp_path, made_runs.write(tmp_path / name, cells, record)))
    assert page.errors == []
    assert page.value("window.hacked") is None
    assert page.value("document.querySelectorAll('img, script').length") == 1, "our own script alone"
    assert page.value("document.querySelector('h1').textContent") == name
    assert HOSTILE in page.value("document.querySelector('#r1-record').textContent")
    assert HOSTILE in page.value("document.querySelector('#r1-table').textContent")
    links = page.value("[...document.querySelectorAll('.links a[href^=\"./\"]')].map((a) => new URL(a.href).pathname)")
    assert links and all((tmp_path / name / link.rsplit("/", 1)[1]).exists() for link in links)
    assert page.value("new URL(document.querySelector('.links a[href^=\"./\"]').href).hash") == ""


def test_a_run_of_one_cell_and_a_run_of_none(page, tmp_path):
    one = made_runs.write(tmp_path / "one", [Cell("presigned-put", 65536, 1, [412_345])])
    page.open(report(tmp_path, one))
    assert page.errors == []
    assert "presigned-put alone was measured: 64 KiB in 412 ms" in page.value("document.querySelector('#r1-verdict').textContent")
    none = made_runs.write(tmp_path / "none", [], made_runs.record(status="partial", ended_at=None))
    page.open(report(tmp_path, none))
    assert page.errors == []
    assert "No cell was finished" in page.value("document.querySelector('#r1-verdict').textContent")
    assert page.value("document.querySelectorAll('svg.plot').length") == 0
    assert "partial" in page.value("document.querySelector('.byline').textContent")


def test_partial_runs_and_emulated_numbers_are_marked(page, tmp_path):
    folder = made_runs.write(tmp_path / "cut", made_runs.cells(rounds=1), made_runs.record(status="partial"))
    page.open(report(tmp_path, folder))
    text = page.value("document.querySelector('.byline').textContent")
    assert "partial: the run was cut off" in text and "emulated network and services" in text
    assert "This run was cut off" in page.value("document.querySelector('#r1-verdict').textContent")
    facts = page.value("document.querySelector('#r1-record').textContent")
    assert "no measurement of the real service" in facts and "lambda_event_limit_bytes" in facts


def test_errors_of_the_fastest_stand_in_the_verdict(page, tmp_path):
    cells = [Cell("presigned-put", 65536, 1, [300_000] * 20, [("refused", "429", "")] * 60)]
    cells.append(Cell("presigned-post", 65536, 1, [400_000] * 20))
    page.open(report(tmp_path, made_runs.write(tmp_path / "run", cells)))
    assert "But 60 of its 80 uploads failed (75.0%)" in page.value("document.querySelector('.leader').textContent")


@pytest.mark.parametrize("change", [{"plan": "errors"}, {"samples_dropped": 7}])
def test_samples_that_were_not_all_kept_are_no_damage(page, tmp_path, change):
    record = made_runs.record(**{"samples_dropped": 0} | {k: v for k, v in change.items() if k != "plan"})
    record["plan"]["samples"] = change.get("plan", "all")
    folder = made_runs.write(tmp_path / "run", made_runs.cells(uploads=20), record)
    lines = (folder / "samples.csv").read_text().splitlines(keepends=True)
    (folder / "samples.csv").write_text("".join(line for line in lines if ",ok," not in line))
    page.open(report(tmp_path, folder))
    assert page.errors == []
    assert "samples.csv holds a part of the uploads only" in page.value("document.querySelector('#r1-verdict').textContent")
    assert page.value("document.querySelectorAll('[data-figure=percentiles] .m').length") > 100


def test_a_run_of_thousands_of_cells_makes_a_page_that_opens(page, tmp_path):
    sizes = [1000 * (n + 1) for n in range(60)]
    cells = made_runs.cells(scenarios=made_runs.STRATEGIES, rounds=6, uploads=8, sizes=sizes)
    assert len(cells) > 3000
    path = report(tmp_path, made_runs.write(tmp_path / "large", cells))
    assert path.stat().st_size < 3_000_000
    page.open(path, width=360)
    assert page.errors == []
    assert page.value("document.querySelectorAll('*').length") < 30_000
    assert page.value("document.documentElement.scrollWidth") <= 360
    text = page.value("document.querySelector('[data-figure=percentiles]').textContent")
    assert "6 of 60 sizes are shown, evenly chosen" in text


def test_a_real_run_can_be_reported(page, tmp_path):
    done = program.run(
        "run", "--link", "loopback", "--scenarios", "proxy-json,presigned-put", "-n", 20, "-c", 2,
        "--size", "1KiB,64KiB,5MiB", "--rounds", 2, "--warmup", "0s", "-q", "-o", tmp_path / "run",
    )  # fmt: skip
    assert done.code == 0, done.text
    page.open(report(tmp_path, tmp_path / "run"))
    assert page.errors == []
    assert json.loads((tmp_path / "run/run.json").read_text())["status"] == "complete"
    # The page's table is the terminal's; rates and CPU time are weighted by what the files keep.
    titles = page.value("[...document.querySelectorAll('.comparison thead th')].map((h) => h.textContent)")
    rows = page.value(
        "[...document.querySelectorAll('.comparison tbody tr:not(.block):not(.refused)')].map((r) => [...r.children].map((c) => c.textContent))"
    )
    printed = [line.replace("*", " ") for line in done.out.splitlines()]
    assert len(rows) == 5
    for cells in rows:
        row = dict(zip(titles, cells))
        line = next(line for line in printed if line.startswith(row["strategy"]) and f" {row['p50']} " in line)
        words = re.findall(r"[\d.]+(?: [µm]?s| [KM]?i?B)?", line.removeprefix(row["strategy"]))
        for title, cell in row.items():
            if title in ("uploads/s", "MiB/s", "CPU/upload", "gateway CPU", "USD/million"):
                unit = cell.partition(" ")[2]
                near = [float(w.partition(" ")[0]) for w in words if w.partition(" ")[2] == unit]
                assert any(n == pytest.approx(float(cell.partition(" ")[0]), rel=0.05) for n in near), (row, line)
            else:
                assert cell in line, (title, row, line)
    # The bars of the cost are the invoice of which the summary has the total.
    bars: dict[tuple, float] = {}
    for mark in report_page.marks(page, "cost"):
        name = mark["scenario"], mark["size"]
        bars[name] = bars.get(name, 0) + float(mark["usd"])
    totals: dict[tuple, list[float]] = {}
    for row in results.rows(tmp_path / "run", "summary.csv"):
        if row["cost_usd_per_million"]:
            totals.setdefault((row["scenario"], row["size_bytes"]), []).append(float(row["cost_usd_per_million"]))
    assert set(bars) == set(totals) and len(bars) == 5
    for name, rounds in totals.items():
        # The rounds' functions were billed for different times; the bars are of all rounds together.
        assert min(rounds) * 0.99 <= bars[name] <= max(rounds) * 1.01, name
