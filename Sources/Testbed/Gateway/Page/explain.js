// What an upload's error means, from what the page really got: status, code and text, never from what it
// meant to provoke.
import { isForeign, originOf } from "./requests.js";

export async function explain(error) {
  if (error.kind === "cancelled") return words("Cancelled", "You ended it. What was sent of a PUT or a form is not stored; S3 keeps no part of one.", "Begin again when you like.");
  if (error.kind === "network") return network(error.request);
  if (error.kind !== "refused") return words("The page failed", String(error), "Reload the page.");
  const title = `${error.status} ${error.code || error.message}`.trim();
  const text = `${error.code} ${error.message}`;
  const known = rules.find((rule) => rule.when(error, text));
  const [why, fix] = known ? [known.why, known.fix] : ["The server refused it, in its own words below.", "Look the code up in S3's list of error codes."];
  return words(title, why, fix, error.message);
}

const words = (title, why, fix, said = "") => ({ title, why, fix, said });
const atAPI = (error) => error.request?.role === "gateway";
const isPost = (error) => error.request?.method === "POST";

const rules = [
  { when: (e) => atAPI(e) && e.status === 401, why: "The API wants a token with each request, and got none or a wrong one.", fix: "Send Authorization: Bearer and the token; here it stands in serve's ready file." },
  { when: (e) => atAPI(e) && e.status === 413 && /Request Too Long/.test(e.message), why: "The body became one Lambda event, and that may have 6 MB. Base64 makes four bytes of three, so about 4.5 MB of file fit.", fix: "Take a strategy whose bytes do not pass through a function: presigned PUT or POST." },
  { when: (e) => atAPI(e) && e.status === 413, why: "API Gateway takes 10 MB at most. This answer carries no CORS fields: a page on another origin sees only a network error.", fix: "Take presigned PUT or POST, which go to S3 itself." },
  { when: (e) => atAPI(e) && e.status === 415, why: "The API looked at the object's first bytes, and they are not of the type that was declared. The object is deleted again.", fix: "Declare the type that the file has. No signature can check content: only a review afterwards does." },
  { when: (e) => atAPI(e) && e.status === 429, why: "More requests than the API's throttle, or the functions' concurrency, lets through.", fix: "Send again later, after a growing wait; raise the quota." },
  { when: (e) => atAPI(e) && e.status === 504, why: "What is behind the API did not answer within its 29 s.", fix: "Large or slow uploads do not belong behind an API; let them go to S3." },
  { when: (e, t) => /expired/i.test(t), why: "The permission's life is counted from the time that its signer wrote into it. A short life and a clock that is behind make it dead on arrival.", fix: "Keep the signer's clock right (NTP), and give a life that covers skew and the wait before the upload: minutes, not seconds." },
  { when: (e, t) => /not yet valid|RequestTimeTooSkewed/i.test(t), why: "The signer's clock is ahead: the permission begins in the future. S3 allows 15 minutes.", fix: "Keep the signer's clock right (NTP)." },
  { when: (e) => e.status === 405, why: "A URL signed for PUT takes PUT, on the object's address. POST is for forms, and those go to the bucket's address.", fix: "Send PUT to a presigned URL, and a form with POST to the bucket." },
  { when: (e) => e.code === "SignatureDoesNotMatch", why: "What was sent is not what was signed: method, path, query, host or one of the signed fields differ. From a browser it is mostly a Content-Type that was set, or added by itself, other than the signed one.", fix: "Send exactly the Content-Type that the URL was asked for; a Blob adds its own type when you set none." },
  { when: (e) => e.code === "InvalidArgument" && isPost(e), why: "S3 reads the form's fields up to file and none after it. What comes later is as if it were not there.", fix: "Append file last." },
  { when: (e) => /MalformedPOSTRequest|PreconditionFailed|InvalidRequest/.test(e.code) && isPost(e), why: "S3 could not take the form apart. With Content-Type: multipart/form-data set by hand the boundary is missing, which only the browser knows.", fix: "Set no Content-Type: give the FormData to send(), and the browser writes type and boundary." },
  { when: (e) => e.code === "EntityTooLarge", why: "The policy's content-length-range ends below this size. S3 enforces it; a presigned URL has no such range.", fix: "Ask for a form with a larger maxBytes, or choose a smaller file." },
  { when: (e) => e.code === "EntityTooSmall", why: "The policy's content-length-range begins above this size.", fix: "Ask for a form with a smaller minBytes." },
  { when: (e, t) => /Policy Condition failed|Extra input fields/i.test(t), why: "A field of the form is not as the policy wants it, or not in the policy at all.", fix: "Send the fields as the API gave them, no more and no less, and file last." },
  { when: (e) => e.code === "AccessDenied", why: "Nobody with a right to it has signed this request: the signature is missing, or its signer may not do it (s3:PutObject on this key).", fix: "Use the whole URL with its query, and give the signing role s3:PutObject on the prefix." },
  { when: (e) => e.code === "etag-hidden", why: "The part is stored, but the page may not read its ETag, and the completion needs it.", fix: "Add ETag to the ExposeHeaders of the bucket's CORS rule." },
  { when: (e) => e.status === 503, why: "S3 asks to slow down.", fix: "Send again after a growing wait." },
  { when: (e) => e.status >= 500, why: "The server failed, or could not reach what is behind it.", fix: "Send again after a wait." },
];

// The browser tells a page nothing of a network error, so that it cannot spy. Whether the server is
// there at all can be found out by a request that wants no answer to read.
async function network(request) {
  if (!request) return words("The file cannot be read", "It was moved or changed since it was picked.", "Pick it again.");
  const origin = originOf(request.url);
  if (!navigator.onLine) return words("The connection is lost", "This device is offline.", "Go online and upload again.");
  const isThere = await fetch(`${origin}/page/reachable`, { mode: "no-cors", cache: "no-store", signal: AbortSignal.timeout(3000) }).then(() => true, () => false);
  if (!isThere) return words("The connection is lost", `${origin} does not answer: the network or the server went away while the upload was under way.`, "Upload again when it is back. Multipart uploads can send single parts again.");
  if (!isForeign(request.url)) return words("The connection broke", "The server is there, but ended the connection before its answer.", "Upload again. A server that refuses early may close before all was read.");
  const asked = request.preflight ? ` The browser had to ask first, because of ${request.preflight}.` : "";
  return words("Refused by CORS, most likely", `${origin} is there, but the browser may not send the request or not show its answer to this page.${asked} It tells the page no more than "network error"; its developer tools do. A form or a request without preflight may be stored all the same.`, "Give the bucket a CORS rule with this page's origin, the method and the fields that are sent. API Gateway's own errors carry no CORS fields at all.");
}
