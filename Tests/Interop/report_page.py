"""Reads a report page back from the browser's own tree."""

import csv
import io
import math
import urllib.parse

# Of every mark: its raw values, those of its group, where it stands, and in which plot.
MARKS = """
(() => {
  const figure = document.querySelector(`section.figure[data-figure="%s"]`);
  if (!figure) return null;
  // Where a mark is painted, in the plot's own units, whatever attributes and styles say.
  const painted = (plot, mark) => {
    const [box, own] = [plot.getBoundingClientRect(), mark.getBoundingClientRect()];
    const unit = box.width / plot.viewBox.baseVal.width;
    return {px: (own.x + own.width / 2 - box.x) / unit, py: (own.y + own.height / 2 - box.y) / unit};
  };
  return [...figure.querySelectorAll("svg.plot")].map((plot) => ({
    name: plot.getAttribute("aria-label"),
    ticks: [...plot.querySelectorAll("text[data-axis]")].map((t) => (
      {axis: t.dataset.axis, value: +t.dataset.value, x: +t.getAttribute("x"), y: +t.getAttribute("y")})),
    marks: [...plot.querySelectorAll(".m")].map((m) => ({
      ...(m.closest(".series") ?? m).dataset, ...m.dataset, tag: m.localName,
      ...painted(plot, m), x: +m.getAttribute("x"), y: +m.getAttribute("y"), width: +m.getAttribute("width"),
    })),
  }));
})()
"""


def plots(page, figure: str) -> list[dict]:
    found = page.value(MARKS % figure)
    assert found is not None, f"no figure {figure}"
    return found


def marks(page, figure: str) -> list[dict]:
    return [mark for plot in plots(page, figure) for mark in plot["marks"]]


def own_csv(page, figure: str) -> list[dict]:
    """The file that the link below a figure holds."""
    address = page.value(f"""document.querySelector('[data-figure="{figure}"] a.csv').href""")
    kind, _, content = address.partition(",")
    assert kind == "data:text/csv;charset=utf-8"
    return list(csv.DictReader(io.StringIO(urllib.parse.unquote(content)), strict=True))


class Scale:
    """An axis as its labels have it: the position of any value, from two of them."""

    def __init__(self, plot: dict, axis: str, kind: str, of=float):
        known = sorted((tick["value"], tick[axis]) for tick in plot["ticks"] if tick["axis"] == axis)
        assert len(known) >= 2, (plot["name"], axis)
        self._of = math.log if kind == "log" else float
        (low, start), (high, end) = known[0], known[-1]
        self._low, self._start = self._of(low), start
        self._unit = (end - start) / (self._of(high) - self._low)

    def __call__(self, value: float) -> float:
        return self._start + (self._of(value) - self._low) * self._unit
