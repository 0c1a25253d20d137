// Shows the value of a mark that is pointed at or reached by keyboard. The page is complete without it:
// every mark has a title, and every figure its table.
"use strict";
(() => {
  const tip = document.getElementById("tip");
  let shown = null;

  // A mark's title would come up a second time, over ours.
  const name = (mark) => {
    mark.setAttribute("aria-label", mark.dataset.label);
    mark.querySelector("title")?.remove();
  };

  const hide = () => {
    shown?.classList.remove("on");
    shown = null;
    tip.hidden = true;
  };

  const show = (mark) => {
    if (shown === mark) return;
    hide();
    shown = mark;
    name(mark);
    mark.classList.add("on");
    tip.textContent = mark.dataset.label;
    tip.hidden = false;
    const at = mark.getBoundingClientRect();
    const width = document.documentElement.clientWidth;
    const left = at.left + at.width / 2 - tip.offsetWidth / 2;
    const above = at.top - tip.offsetHeight - 8;
    tip.style.left = Math.max(4, Math.min(left, width - tip.offsetWidth - 4)) + scrollX + "px";
    tip.style.top = (above > 0 ? above : at.bottom + 8) + scrollY + "px";
  };

  const middle = (mark) => {
    const box = mark.getBoundingClientRect();
    return [box.left + box.width / 2, box.top + box.height / 2];
  };

  // Of bars the one under the pointer; of points the nearest within reach of a finger.
  const marksOf = new WeakMap();
  const marks = (plot) => {
    if (!marksOf.has(plot)) marksOf.set(plot, [...plot.querySelectorAll(".m")]);
    return marksOf.get(plot);
  };
  const nearest = (plot, event) => {
    const direct = event.target.closest(".m");
    if (direct) return direct;
    const box = plot.getBoundingClientRect();
    const unit = box.width / plot.viewBox.baseVal.width;
    const [px, py] = [(event.clientX - box.left) / unit, (event.clientY - box.top) / unit];
    let best = null;
    let distance = 22 / unit;
    for (const mark of marks(plot)) {
      if (mark.localName !== "use") continue;
      const away = Math.hypot(mark.x.baseVal.value - px, mark.y.baseVal.value - py);
      if (away < distance) [best, distance] = [mark, away];
    }
    return best;
  };

  for (const plot of document.querySelectorAll("svg.plot")) {
    plot.addEventListener("pointermove", (event) => {
      const mark = nearest(plot, event);
      if (mark) show(mark); else if (!plot.contains(document.activeElement)) hide();
    });
    plot.addEventListener("pointerleave", hide);
    plot.addEventListener("focusin", (event) => {
      const mark = event.target.closest(".m");
      if (mark) show(mark);
    });
    plot.addEventListener("focusout", hide);
    plot.addEventListener("keydown", (event) => {
      const mark = event.target.closest(".m");
      if (!mark) return;
      if (event.key === "Escape") return hide();
      const next = neighbour(plot, mark, event.key);
      if (!next) return;
      event.preventDefault();
      name(next);
      mark.setAttribute("tabindex", "-1");
      next.setAttribute("tabindex", "0");
      next.focus();
    });
  }

  // Left and right along a line, up and down between lines.
  function neighbour(plot, mark, key) {
    const group = mark.closest(".series");
    const own = group ? [...group.querySelectorAll(".m")] : marks(plot);
    const at = own.indexOf(mark);
    if (key === "ArrowRight") return own[at + 1] ?? own[at];
    if (key === "ArrowLeft") return own[at - 1] ?? own[at];
    if (key === "Home") return own[0];
    if (key === "End") return own[own.length - 1];
    if (key !== "ArrowUp" && key !== "ArrowDown") return null;
    const groups = [...plot.querySelectorAll(".series")].filter((g) => g.querySelector(".m"));
    if (groups.length < 2) return own[at + (key === "ArrowDown" ? 1 : -1)] ?? own[at];
    const step = key === "ArrowDown" ? 1 : groups.length - 1;
    const other = groups[(groups.indexOf(group) + step) % groups.length];
    const x = middle(mark)[0];
    const others = [...other.querySelectorAll(".m")];
    return others.reduce((a, b) => (Math.abs(middle(a)[0] - x) <= Math.abs(middle(b)[0] - x) ? a : b));
  }

  // Pointing at a name in a legend brings its lines out.
  for (const entry of document.querySelectorAll(".legend li[data-series]")) {
    const figure = entry.closest(".figure");
    const pick = (on) => {
      for (const plot of figure.querySelectorAll("svg.plot")) {
        const groups = [...plot.querySelectorAll(".series")];
        const lines = [...plot.querySelectorAll("path.line")];
        const own = groups.filter((g) => g.dataset.scenario === entry.dataset.series);
        plot.classList.toggle("picked", on);
        for (const group of groups) group.classList.toggle("pick", on && own.includes(group));
        for (const line of lines) line.classList.toggle("pick", on && line.dataset.scenario === entry.dataset.series);
      }
    };
    entry.addEventListener("pointerenter", () => pick(true));
    entry.addEventListener("pointerleave", () => pick(false));
  }
})();
