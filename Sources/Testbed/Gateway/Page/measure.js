// Uploads for their times, one after the other, and their rows as samples.csv has them.
import { Exchange, timingOf } from "./requests.js";
import { makeFile, strategies, upload } from "./strategies.js";

export const columns = ("scenario,size_bytes,round,upload,worker,warmup,intended_us,started_us,ended_us,response_us,service_us," +
  "authorize_us,upload_us,notify_us,connect_us,tls_us,send_us,wait_us,outcome,http_status,error_code,retries,bytes_sent," +
  "bytes_received,requests").split(",");

const us = (ms) => (ms === null || ms === undefined ? "" : Math.round(ms * 1000));

// One upload as a row of samples.csv. Empty is what a page cannot know: when a body's last byte went out,
// the bytes of heads and preflights, and how many preflights there were.
export async function measureOne(place, { scenario, file, round = 1, number = 1, originMs = 0, options, signal }) {
  performance.clearResourceTimings();
  const exchange = new Exchange(place, { signal });
  const started = performance.now();
  let end = { outcome: "ok", http_status: "", error_code: "" };
  try {
    await upload(exchange, scenario, file, options);
    end.http_status = exchange.requests.at(-1).status;
  } catch (error) {
    end = { outcome: outcomeOf(error), http_status: error.status || "", error_code: error.code ?? "" };
  }
  const ended = performance.now();
  await timingsAreThere(exchange.requests);
  return { ...row(exchange.requests, started, ended, originMs), scenario, size_bytes: file.size, round, upload: number, worker: 0, warmup: 0, retries: 0, ...end };
}

function outcomeOf(error) {
  if (error.kind === "cancelled") return "cancelled";
  if (error.kind === "network") return "connection-lost";
  return error.status >= 500 ? "server-error" : error.status >= 400 ? "refused" : "unexpected-answer";
}

function row(requests, started, ended, originMs) {
  const timings = requests.map(timingOf).filter((timing) => timing?.isVisible);
  const sum = (name) => {
    const known = timings.map((timing) => timing[name]).filter((value) => value !== null);
    return known.length ? known.reduce((total, value) => total + value, 0) : null;
  };
  const phase = (name) => {
    const those = requests.filter((request) => request.phase === name && request.endedAt);
    return those.length ? Math.max(...those.map((one) => one.endedAt)) - Math.min(...those.map((one) => one.sentAt)) : null;
  };
  return {
    intended_us: us(started - originMs), started_us: us(started - originMs), ended_us: us(ended - originMs),
    response_us: us(ended - started), service_us: us(ended - started),
    authorize_us: us(phase("authorize")), upload_us: us(phase("upload")), notify_us: us(phase("notify")),
    connect_us: us(sum("connectMs")), tls_us: us(sum("tlsMs")),
  };
}

// The entries of the last requests come a little after their answers.
async function timingsAreThere(requests) {
  for (let turn = 0; turn < 20 && requests.some((one) => one.outcome === "answered" && !timingOf(one)); turn++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

// Each strategy once per round, each round in an order of its own from the seed.
export async function measureAll(place, { scenarios, size, uploads, seed, signal, onSample }) {
  const samples = [];
  const originMs = performance.now();
  const file = makeFile(size, seed);
  let random = seed >>> 0 || 1;
  const next = () => { random ^= random << 13; random ^= random >>> 17; random ^= random << 5; return (random >>> 0) / 2 ** 32; };
  for (let round = 1; round <= uploads; round++) {
    const order = scenarios.map((name) => [next(), name]).sort((a, b) => a[0] - b[0]).map(([, name]) => name);
    for (const scenario of order) {
      if (signal?.aborted) return samples;
      const sample = await measureOne(place, { scenario, file, round, number: samples.length + 1, originMs, signal });
      if (sample.outcome !== "cancelled") samples.push(sample);
      onSample?.(samples, uploads * scenarios.length);
    }
  }
  return samples;
}

// RFC 4180, with the line ends of the program's own files.
export function csv(samples) {
  const field = (value) => (/[",\r\n]/.test(String(value ?? "")) ? `"${String(value).replaceAll('"', '""')}"` : String(value ?? ""));
  return [columns, ...samples.map((sample) => columns.map((name) => field(sample[name])))].map((fields) => fields.join(",") + "\n").join("");
}

export const names = Object.keys(strategies);
