// The strategies, each as the requests that end with "the object is in S3 and the API knows about it".
import { expect, UploadError } from "./requests.js";

const MiB = 1024 * 1024;

export const strategies = {
  "proxy-json": { requests: "POST /images; the function behind the API stores it", run: proxyJSON },
  "proxy-binary": { requests: "PUT /uploads/{key}, then POST /reviews", run: proxyBinary },
  "edge-redirect": { requests: "PUT to the edge, which answers 307 to a presigned URL, then POST /reviews", run: edgeRedirect },
  "presigned-put": { requests: "GET /signed-url, PUT to S3, POST /reviews", run: presignedPut },
  "presigned-post": { requests: "GET /signed-post, form POST to S3, POST /reviews", run: presignedPost },
  "accelerated-put": { requests: "as presigned PUT, to the acceleration endpoint", run: presignedPut, accelerate: true },
  "accelerated-post": { requests: "as presigned POST, to the acceleration endpoint", run: presignedPost, accelerate: true },
  "presigned-multipart": { requests: "POST /signed-multipart, parts by PUT, completion, POST /reviews", run: multipart },
  "accelerated-multipart": { requests: "as presigned multipart, to the acceleration endpoint", run: multipart, accelerate: true },
};

// file: {name, type, size, blob}. Returns the key and the API's review of the object.
export function upload(exchange, id, file, options = {}) {
  const strategy = strategies[id];
  return strategy.run(exchange, file, { accelerate: !!strategy.accelerate, ...options });
}

export function query(file, options, more = {}) {
  const all = { contentType: file.type, filename: file.name, ...more };
  if (options.accelerate) all.accelerate = "true";
  return Object.entries(all).map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&");
}

export async function permission(exchange, path, file, options, more) {
  const answer = expect(await exchange.api("GET", `${path}?${query(file, options, more)}`, { phase: "authorize" }), 200);
  const { id, data } = JSON.parse(answer.text);
  return { key: id, url: data.url, fields: data.fields };
}

export async function review(exchange, key) {
  const json = { bucket: exchange.place.bucket, key };
  const answer = expect(await exchange.api("POST", "/reviews", { phase: "notify", json }), 201);
  return { key, review: JSON.parse(answer.text) };
}

async function proxyJSON(exchange, file) {
  const image = await base64(file.blob);
  const json = { filename: file.name, contentType: file.type, image };
  const sent = exchange.api("POST", "/images", { phase: "upload", json });
  const answer = JSON.parse(expect(await sent, 201).text);
  return { key: answer.id, review: answer };
}

async function proxyBinary(exchange, file) {
  const path = `/uploads/${crypto.randomUUID()}${extension(file.name)}`;
  const answer = expect(await exchange.api("PUT", path, { phase: "upload", body: file.blob, type: file.type }), 200);
  return review(exchange, JSON.parse(answer.text).id);
}

async function edgeRedirect(exchange, file) {
  const answer = expect(await exchange.edge(`/${encodeURIComponent(file.name)}`, file.blob, file.type), 200);
  // The browser has followed the redirect by itself; the page learns the key from where it ended.
  return review(exchange, keyOf(answer.request, exchange.place, answer));
}

export async function presignedPut(exchange, file, options = {}) {
  const { key, url } = await permission(exchange, "/signed-url", file, options, options.times);
  await put(exchange, url, file);
  return review(exchange, key);
}

export async function put(exchange, url, file, { method = "PUT", type = file.type } = {}) {
  const headers = { "Content-Type": type };
  return expect(await exchange.send({ role: "store", method, url, headers, body: file.blob, phase: "upload", carriesFile: true }), 200);
}

export async function presignedPost(exchange, file, options = {}) {
  const { key, url, fields } = await permission(exchange, "/signed-post", file, options, { ...options.times, ...options.limits });
  await post(exchange, url, form(fields, file));
  return review(exchange, key);
}

export function form(fields, file, { fileFirst = false } = {}) {
  const body = new FormData();
  if (fileFirst) body.append("file", file.blob, file.name);
  for (const [name, value] of Object.entries(fields)) body.append(name, value);
  if (!fileFirst) body.append("file", file.blob, file.name);
  return body;
}

export async function post(exchange, url, body, headers = {}) {
  return expect(await exchange.send({ role: "store", method: "POST", url, headers, body, phase: "upload", carriesFile: true }), 200, 201, 204);
}

async function multipart(exchange, file, { accelerate, partBytes = 5 * MiB, window = 4 }) {
  const json = { filename: file.name, contentType: file.type, size: file.size, partBytes };
  if (accelerate) json.accelerate = true;
  const { id, data } = JSON.parse(expect(await exchange.api("POST", "/signed-multipart", { phase: "authorize", json }), 200).text);
  const tags = [];
  let next = 0;
  let failure = null;
  const sender = async () => {
    while (next < data.parts.length && !failure) {
      const index = next++;
      const body = file.blob.slice(index * partBytes, Math.min(file.size, (index + 1) * partBytes), "");
      try {
        const answer = expect(await exchange.send({ role: "store", method: "PUT", url: data.parts[index], body, phase: "upload", carriesFile: true }), 200);
        tags[index] = answer.header("ETag");
        if (!tags[index]) throw new UploadError("refused", answer.request, { status: answer.status, code: "etag-hidden", message: "ETag is not exposed" });
      } catch (error) {
        failure ??= error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(window, data.parts.length) }, sender));
  try {
    if (failure) throw failure;
    const parts = tags.map((tag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${tag}</ETag></Part>`);
    const body = new Blob([`<CompleteMultipartUpload>${parts.join("")}</CompleteMultipartUpload>`]);
    const answer = expect(await exchange.send({ role: "store", method: "POST", url: data.complete, body, phase: "upload" }), 200);
    if (!answer.text.includes("<ETag>")) throw new UploadError("refused", answer.request, { status: answer.status, text: answer.text });
  } catch (error) {
    await abort(exchange, data.abort);
    throw error;
  }
  return review(exchange, id);
}

// What was sent stays and is billed until it is aborted; also when the user has cancelled.
async function abort(exchange, url) {
  const signal = exchange.signal;
  exchange.signal = undefined;
  await exchange.send({ role: "store", method: "DELETE", url, phase: "upload" }).catch(() => {});
  exchange.signal = signal;
}

function keyOf(request, place, answer) {
  const path = decodeURIComponent(new URL(answer.request.endedUrl).pathname).slice(1);
  return path.startsWith(`${place.bucket}/`) ? path.slice(place.bucket.length + 1) : path;
}

function extension(name) {
  return /\.[A-Za-z0-9]{1,11}$/.exec(name)?.[0].toLowerCase() ?? "";
}

function base64(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(new UploadError("network", null, { message: "the file cannot be read" }));
    reader.readAsDataURL(blob);
  });
}

// Noise that nothing on the way can compress, after the first bytes of a JPEG file, so that the API's
// check of the type has something true to find. The same seed makes the same bytes.
export function makeFile(size, seed) {
  const words = new Uint32Array(Math.ceil(size / 4));
  let state = (seed ^ 0x9e3779b9) >>> 0 || 1;
  for (let index = 0; index < words.length; index++) {
    state ^= state << 13; state ^= state >>> 17; state ^= state << 5;
    words[index] = state;
  }
  const bytes = new Uint8Array(words.buffer, 0, size);
  const start = [0xff, 0xd8, 0xff, 0xe0, 0, 0x10, 0x4a, 0x46, 0x49, 0x46, 0, 1];
  const isTyped = size >= start.length;
  if (isTyped) bytes.set(start);
  const type = isTyped ? "image/jpeg" : "application/octet-stream";
  const blob = new Blob([bytes], { type });
  return { name: isTyped ? "upload.jpg" : "upload.bin", type, size, blob };
}
