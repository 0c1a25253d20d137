// One upload's requests: sent by XMLHttpRequest, because only it tells how much of a body has gone out.

export class UploadError extends Error {
  // kind: refused (an answer that is not the one needed), network (the browser told nothing), cancelled.
  constructor(kind, request, details = {}) {
    super(details.message || kind);
    Object.assign(this, { kind, request, status: 0, code: "", text: "" }, details);
  }
}

export class Exchange {
  // place: the roles' addresses, the API's origin and its token. listens: report progress while sending,
  // for which the browser preflights requests that would need none (XMLHttpRequest, "upload listener flag").
  constructor(place, { listens = false, signal, onRequest, onProgress } = {}) {
    Object.assign(this, { place, listens, signal, onRequest, onProgress });
    this.requests = [];
  }

  api(method, path, { phase, body, json, type, anonymous } = {}) {
    const headers = {};
    if (this.place.token && !anonymous) headers.Authorization = `Bearer ${this.place.token}`;
    if (json) { headers["Content-Type"] = "application/json"; body = JSON.stringify(json); }
    if (type) headers["Content-Type"] = type;
    return this.send({ role: "gateway", method, url: this.place.api + path, headers, body, phase, carriesFile: !!type });
  }

  edge(path, body, type) {
    const headers = { "Content-Type": type };
    if (this.place.token) headers.Authorization = `Bearer ${this.place.token}`;
    return this.send({ role: "edge", method: "PUT", url: this.place.edge + path, headers, body, phase: "upload", carriesFile: true });
  }

  send(request) {
    request.number = this.requests.length + 1;
    request.sentAt = performance.now();
    request.bodyBytes = sizeOf(request.body);
    request.preflight = whyPreflight(request, this.listens && request.carriesFile);
    this.requests.push(request);
    this.onRequest?.(request);
    return new Promise((resolve, reject) => this.#start(request, resolve, reject));
  }

  #start(request, resolve, reject) {
    const end = (kind) => {
      request.endedAt = performance.now();
      request.outcome = kind;
      request.body = undefined;
      this.signal?.removeEventListener("abort", abort);
      this.onRequest?.(request);
    };
    const abort = () => xhr.abort();
    if (this.signal?.aborted) { end("cancelled"); return reject(new UploadError("cancelled", request)); }
    const xhr = new XMLHttpRequest();
    xhr.open(request.method, request.url);
    for (const [name, value] of Object.entries(request.headers ?? {})) xhr.setRequestHeader(name, value);
    if (this.listens && request.carriesFile) {
      xhr.upload.onprogress = (event) => this.onProgress?.(request, event.loaded, event.total);
    }
    xhr.onload = () => {
      request.status = xhr.status;
      request.endedUrl = xhr.responseURL || request.url;
      request.redirected = xhr.responseURL !== "" && originOf(xhr.responseURL) !== originOf(request.url);
      end("answered");
      resolve({ request, status: xhr.status, text: xhr.responseText, header: (name) => xhr.getResponseHeader(name) });
    };
    xhr.onerror = xhr.ontimeout = () => { end("network"); reject(new UploadError("network", request)); };
    xhr.onabort = () => { end("cancelled"); reject(new UploadError("cancelled", request)); };
    this.signal?.addEventListener("abort", abort);
    xhr.send(request.body ?? null);
  }
}

// An answer of one of these statuses, or an error with the code and message that its sender gave.
export function expect(answer, ...statuses) {
  if (statuses.includes(answer.status)) return answer;
  const { status, text } = answer;
  throw new UploadError("refused", answer.request, { status, text, ...wordsOf(text) });
}

export function wordsOf(text) {
  const element = (name) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1] ?? "";
  if (text.startsWith("<?xml") || text.startsWith("<Error")) return { code: element("Code"), message: element("Message") };
  try {
    return { code: "", message: String(JSON.parse(text).message ?? "") };
  } catch {
    return { code: "", message: text.slice(0, 200) };
  }
}

export const originOf = (url) => new URL(url, location.href).origin;
export const isForeign = (url) => originOf(url) !== location.origin;

// Why the browser asks for leave first (Fetch, "CORS-preflight fetch"); empty when it does not.
function whyPreflight(request, listens) {
  if (!isForeign(request.url)) return "";
  if (!["GET", "HEAD", "POST"].includes(request.method)) return `the method ${request.method}`;
  const names = Object.keys(request.headers ?? {});
  if (names.includes("Authorization")) return "the field Authorization";
  const type = request.headers?.["Content-Type"];
  if (type && !/^(multipart\/form-data|text\/plain|application\/x-www-form-urlencoded)/.test(type)) return `Content-Type ${type}`;
  return listens ? "the progress display, which listens to the upload" : "";
}

function sizeOf(body) {
  if (!body) return 0;
  if (typeof body === "string") return new TextEncoder().encode(body).length;
  if (body instanceof FormData) return [...body.values()].reduce((sum, value) => sum + (value.size ?? value.length), 0);
  return body.size ?? body.byteLength;
}

// What the Resource Timing API tells of a request, in ms from its start; nil values for what it hides.
export function timingOf(request) {
  const entries = performance.getEntriesByName(new URL(request.url, location.href).href, "resource");
  const entry = entries.filter((one) => one.startTime >= request.sentAt - 2).at(0);
  if (!entry) return null;
  const isVisible = entry.requestStart > 0;
  const connects = isVisible && entry.connectEnd > entry.connectStart;
  const secure = connects && entry.secureConnectionStart > 0;
  return {
    startMs: entry.startTime, totalMs: entry.duration, isVisible,
    // A redirect, a preflight, or a wait in line.
    beforeMs: isVisible ? (connects ? entry.connectStart : entry.requestStart) - entry.startTime : null,
    connectMs: connects ? (secure ? entry.secureConnectionStart : entry.connectEnd) - entry.connectStart : null,
    tlsMs: secure ? entry.connectEnd - entry.secureConnectionStart : null,
    // Sending the body is in here: the API does not tell when its last byte went out.
    requestMs: isVisible ? entry.responseStart - entry.requestStart : null,
    responseMs: isVisible ? entry.responseEnd - entry.responseStart : null,
  };
}
