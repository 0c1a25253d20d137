// The page's controls and what they show.
import { explain } from "./explain.js";
import { csv, measureAll, measureOne, names } from "./measure.js";
import { element, median, milliseconds, responsePlot, timeBar } from "./plot.js";
import { Exchange, originOf, timingOf } from "./requests.js";
import { makeFile, strategies, upload } from "./strategies.js";
import { traps } from "./traps.js";

const at = (id) => document.getElementById(id);
const place = { api: location.origin, token: "" };
let running = null;
let rowsByRequest = new Map();

function bytes(count) {
  for (const [unit, size] of [["MiB", 2 ** 20], ["KiB", 2 ** 10]]) if (count >= size) return `${+(count / size).toFixed(1)} ${unit}`;
  return `${count} bytes`;
}

// Where the API is: this page's own origin, or the loopback's other name, which is another.
function apiOrigin() {
  return at("api-own").checked || !place.otherOrigin ? location.origin : place.otherOrigin;
}

async function start() {
  for (const id of names) {
    at("strategy").append(element("option", { value: id }, id));
    const box = element("input", { type: "checkbox", id: `measure-${id}`, value: id, checked: !id.includes("multipart") });
    at("measure-strategies").append(element("div", { class: "choice" }, box, element("label", { for: `measure-${id}` }, id)));
  }
  at("strategy").value = "presigned-put";
  const answer = await fetch("/page/config");
  Object.assign(place, await answer.json());
  at("place").textContent = `Bucket ${place.bucket}; store ${place.store}, API ${location.origin}, edge ${place.edge}, acceleration ${place.accelerate}; network: ${place.link ?? "loopback, nothing in between"}.`;
  at("trap").append(element("option", { value: "" }, "none: do it right"));
  for (const [id, trap] of Object.entries(traps)) if (place.needsToken || !trap.needsToken) at("trap").append(element("option", { value: id }, trap.name));
  at("origin-field").querySelectorAll("[name=api]").forEach((radio) => { radio.disabled = !place.otherOrigin; });
  at("token-section").hidden = !place.needsToken;
  notes();
  setReady(!place.needsToken);
}

function setReady(isReady) {
  at("upload").disabled = at("measure").disabled = !isReady || running !== null;
  at("cancel").disabled = running !== "try";
  at("measure-stop").disabled = running !== "measure";
}
const hasToken = () => !place.needsToken || place.token !== "";

function notes() {
  const trap = traps[at("trap").value];
  at("strategy").disabled = !!trap;
  if (trap) at("strategy").value = trap.strategy;
  at("strategy-note").textContent = strategies[at("strategy").value].requests;
  at("trap-note").textContent = trap ? trap.what : "";
}

at("strategy").addEventListener("change", notes);
at("trap").addEventListener("change", notes);
at("picked").addEventListener("change", () => { at("source-picked").checked = true; });
at("token-form").addEventListener("submit", (event) => {
  event.preventDefault();
  place.token = at("token").value.trim();
  at("token").value = "";
  at("token-state").textContent = "Kept in memory until this page is closed.";
  setReady(hasToken());
});

// MARK: One upload

let controller = null;
at("cancel").addEventListener("click", () => controller?.abort());

at("try-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  if (running || !hasToken()) return;
  const file = chosenFile();
  if (!file) return say("Pick a file first, or let one be made.");
  controller = new AbortController();
  running = "try";
  setReady(true);
  begin();
  const isCounted = at("progress").checked;
  const exchange = new Exchange({ ...place, api: apiOrigin() }, {
    listens: isCounted, signal: controller.signal, onRequest: showRequest, onProgress: showProgress,
  });
  const started = performance.now();
  let outcome;
  try {
    const trap = traps[at("trap").value];
    const found = await (trap ? trap.run(exchange, file) : upload(exchange, at("strategy").value, file));
    outcome = { found };
  } catch (error) {
    outcome = { error };
  }
  const ms = performance.now() - started;
  say(outcome.error ? "Working out what went wrong..." : "Done.");
  await new Promise((resolve) => setTimeout(resolve, 30));
  await finish(exchange, file, outcome, ms);
  running = null;
  setReady(true);
});

function chosenFile() {
  if (at("source-made").checked) return makeFile(Number(at("size").value), Number(at("seed").value) || 0);
  const blob = at("picked").files[0];
  return blob ? { name: blob.name, type: blob.type || "application/octet-stream", size: blob.size, blob } : null;
}

const say = (text) => { at("status").textContent = text; };

function begin() {
  performance.clearResourceTimings();
  rowsByRequest = new Map();
  at("requests").tBodies[0].replaceChildren();
  at("object").replaceChildren();
  at("explanation").replaceChildren();
  at("result-title").textContent = "Under way";
  at("verdict").className = "";
  at("result").hidden = false;
  at("bar").removeAttribute("value");
  at("bar-text").textContent = "";
  say("Uploading...");
}

function showProgress(request, loaded, total) {
  at("bar").max = total;
  at("bar").value = loaded;
  at("bar-text").textContent = `${bytes(loaded)} of ${bytes(total)}`;
}

const shortPath = (url) => {
  const { pathname } = new URL(url);
  return pathname.length > 44 ? `${pathname.slice(0, 20)}...${pathname.slice(-20)}` : pathname;
};

// A row as soon as the request goes out; filled when its end is known.
function showRequest(request) {
  if (rowsByRequest.has(request)) return fill(request, null);
  const body = at("requests").tBodies[0];
  const name = `${request.role} ${originOf(request.url)}`;
  const cell = () => element("td");
  if (request.preflight) body.append(preflightRow(request, name));
  const label = element("th", { scope: "row", title: name }, element("b", {}, request.method), " ", element("span", { class: "path" }, shortPath(request.url)), element("br"), element("span", { class: "note" }, name));
  const row = element("tr", {}, label, ...Array.from({ length: 8 }, cell));
  rowsByRequest.set(request, row);
  body.append(row);
  fill(request, null);
}

function preflightRow(request, name) {
  const label = element("th", { scope: "row" }, "OPTIONS, for ", request.preflight, element("br"), element("span", { class: "note" }, name));
  return element("tr", { class: "preflight" }, label, element("td", { colspan: "8" }, "asked before it, unless an answer is still kept"));
}

function fill(request, scale) {
  const cells = rowsByRequest.get(request).cells;
  const answer = { network: "network error", cancelled: "cancelled" }[request.outcome] ?? (request.status ? String(request.status) : "...");
  cells[1].textContent = request.redirected ? `307, ${answer}` : answer;
  cells[1].className = request.outcome && !(request.status >= 200 && request.status < 300) ? "refused" : "";
  cells[2].textContent = request.bodyBytes ? bytes(request.bodyBytes) : "-";
  const timing = scale && timingOf(request);
  if (!timing) return;
  const show = (ms) => (ms === null ? "-" : milliseconds(ms));
  cells[3].textContent = show(timing.connectMs);
  cells[4].textContent = show(timing.tlsMs);
  cells[5].textContent = show(timing.requestMs);
  cells[6].textContent = show(timing.responseMs);
  cells[7].textContent = milliseconds(timing.totalMs);
  const known = timing.isVisible
    ? [["before", timing.beforeMs], ["connect", timing.connectMs], ["tls", timing.tlsMs], ["request", timing.requestMs], ["response", timing.responseMs]]
    : [["before", timing.totalMs]];
  cells[8].replaceChildren(timeBar(known, timing.startMs - scale.startMs, scale.totalMs));
}

async function finish(exchange, file, { found, error }, ms) {
  const first = exchange.requests[0];
  exchange.requests.forEach((request) => fill(request, { startMs: first.sentAt, totalMs: ms }));
  at("bar").max = 1;
  at("bar").value = error ? 0 : 1;
  const paragraphs = [];
  if (error) {
    const told = await explain(error);
    at("verdict").className = "bad";
    at("result-title").textContent = told.title;
    paragraphs.push(["Why", told.why], ["What to do", told.fix]);
    if (told.said) paragraphs.push(["In the server's words", told.said]);
  } else {
    at("result-title").textContent = `Uploaded in ${milliseconds(ms)}`;
    const asked = exchange.requests.filter((request) => request.preflight).length;
    paragraphs.push(["", `${exchange.requests.length} requests by the page; before ${asked} of them the browser asks for leave, unless it still has an answer.`]);
  }
  at("explanation").replaceChildren(...paragraphs.map(([name, text]) => element("p", {}, name ? element("b", {}, `${name}: `) : "", text)));
  showObject(found, file, error);
  say(error ? `Not uploaded: ${at("result-title").textContent}.` : `Uploaded in ${milliseconds(ms)}.`);
  at("result").focus({ preventScroll: true });
}

function showObject(found, file, error) {
  const rows = found?.review
    ? [["Key", found.key], ["Size", `${bytes(found.review.size)} (${found.review.size === file.size ? "all of the file" : `the file has ${bytes(file.size)}`})`], ["Type", found.review.contentType], ["Review", found.review.reviewId]]
    : [["Review", error ? "none: the API has not been told of an object" : "none"]];
  at("object").replaceChildren(...rows.flatMap(([name, text]) => [element("dt", {}, name), element("dd", {}, String(text))]));
}

// MARK: Measuring

let measuring = null;
at("measure-stop").addEventListener("click", () => measuring?.abort());
at("measure-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  if (running || !hasToken()) return;
  const scenarios = names.filter((id) => at(`measure-${id}`).checked);
  if (!scenarios.length) { at("measure-status").textContent = "Choose at least one strategy."; return; }
  running = "measure";
  measuring = new AbortController();
  setReady(true);
  at("csv").hidden = true;
  const samples = await measureAll({ ...place, api: apiOrigin() }, {
    scenarios, size: Number(at("measure-size").value), uploads: Number(at("measure-uploads").value),
    seed: Number(at("seed").value) || 1, signal: measuring.signal, onSample: showMeasured,
  });
  running = null;
  setReady(true);
  at("measure-status").textContent = samples.length ? `${samples.length} uploads measured${measuring.signal.aborted ? ", then stopped" : ""}.` : "Stopped before the first upload ended.";
  URL.revokeObjectURL(at("csv").href);
  at("csv").href = URL.createObjectURL(new Blob([csv(samples)], { type: "text/csv" }));
  at("csv").hidden = !samples.length;
});

function showMeasured(samples, total) {
  at("measure-bar").value = samples.length / total;
  at("measure-status").textContent = `${samples.length} of ${total} uploads`;
  const rows = names.map((name) => ({ name, all: samples.filter((sample) => sample.scenario === name) })).filter((row) => row.all.length);
  const times = (list, column) => list.map((sample) => sample[column] / 1000);
  at("measured").hidden = rows.length === 0;
  at("measured-table").tBodies[0].replaceChildren(...rows.map(({ name, all }) => {
    const good = all.filter((sample) => sample.outcome === "ok");
    const show = (column, pick) => {
      const known = times(good.filter((sample) => sample[column] !== ""), column);
      return element("td", {}, known.length ? milliseconds(pick(known)) : "-");
    };
    const lowest = (list) => Math.min(...list);
    const highest = (list) => Math.max(...list);
    return element("tr", {}, element("th", { scope: "row" }, name), element("td", {}, String(good.length)), element("td", { class: all.length > good.length ? "refused" : null }, String(all.length - good.length)),
      show("response_us", median), show("response_us", lowest), show("response_us", highest), show("authorize_us", median), show("upload_us", median), show("notify_us", median));
  }));
  const drawn = rows.map(({ name, all }) => ({ name, values: times(all.filter((sample) => sample.outcome === "ok"), "response_us") })).filter((row) => row.values.length);
  at("plot").replaceChildren(...(drawn.length ? [responsePlot(drawn)] : []));
}

// For whoever drives this page from outside, such as run --client chromium.
window.uploadbench = { place, makeFile, measureOne };
window.uploadbench.ready = start().catch(() => { at("place").textContent = "The gateway does not answer. Is serve still running?"; });
