// The classic mistakes, each made for real: the request goes out wrong, and the answer is the server's.
import { expect } from "./requests.js";
import { form, makeFile, permission, post, presignedPost, presignedPut, put, query, review, upload } from "./strategies.js";

const MiB = 1024 * 1024;

export const traps = {
  "short-expires": {
    strategy: "presigned-put", name: "Expires too small for a clock that is off",
    what: "The signer's clock is 60 s behind, and it gives 30 s: the URL is dead on arrival.",
    run: (exchange, file) => presignedPut(exchange, file, { times: { expires: 30, clockOffset: -60 } }),
  },
  "clock-ahead": {
    strategy: "presigned-put", name: "The signer's clock is 20 minutes ahead",
    what: "The URL is valid only from a time on that has not come.",
    run: (exchange, file) => presignedPut(exchange, file, { times: { clockOffset: 1200 } }),
  },
  "form-expired": {
    strategy: "presigned-post", name: "A form that has expired",
    what: "The signer's clock is 60 s behind, and its policy lives for 30 s.",
    run: (exchange, file) => presignedPost(exchange, file, { times: { expires: 30, clockOffset: -60 } }),
  },
  "no-permission": {
    strategy: "presigned-put", name: "Missing permission",
    what: "The PUT goes to the object's bare URL, without the signature in its query.",
    async run(exchange, file) {
      const { url } = await permission(exchange, "/signed-url", file, {});
      await put(exchange, url.split("?")[0], file);
    },
  },
  "no-token": {
    strategy: "presigned-put", name: "No token at the API", needsToken: true,
    what: "The API is asked for a URL without Authorization.",
    run: async (exchange, file) => expect(await exchange.api("GET", `/signed-url?${query(file, {})}`, { phase: "authorize", anonymous: true }), 200),
  },
  "post-for-put": {
    strategy: "presigned-put", name: "POST to a URL that was signed for PUT",
    what: "The right URL, the wrong method.",
    async run(exchange, file) {
      const { url } = await permission(exchange, "/signed-url", file, {});
      await put(exchange, url, file, { method: "POST" });
    },
  },
  "no-cors": {
    strategy: "presigned-put", name: "A bucket without CORS",
    what: "The PUT goes to a second bucket, which has no CORS rules, as a new bucket has none.",
    async run(exchange, file) {
      const { url } = await permission(exchange, "/signed-url", file, {});
      await put(exchange, url.replace(`/${exchange.place.bucket}/`, `/${exchange.place.bucketWithoutCORS}/`), file);
    },
  },
  "file-not-last": {
    strategy: "presigned-post", name: "file is not the form's last field",
    what: "The file comes first: S3 reads no field after it, so key, policy and signature are not seen.",
    async run(exchange, file) {
      const { url, fields } = await permission(exchange, "/signed-post", file, {});
      await post(exchange, url, form(fields, file, { fileFirst: true }));
    },
  },
  "type-of-put": {
    strategy: "presigned-put", name: "Content-Type set by hand (PUT)",
    what: "The URL is signed for the file's type, and the PUT says text/plain.",
    async run(exchange, file) {
      const { url } = await permission(exchange, "/signed-url", file, {});
      await put(exchange, url, file, { type: "text/plain" });
    },
  },
  "type-of-form": {
    strategy: "presigned-post", name: "Content-Type set by hand (form)",
    what: "The script sets multipart/form-data itself, and so without the boundary that the browser adds.",
    async run(exchange, file) {
      const { url, fields } = await permission(exchange, "/signed-post", file, {});
      await post(exchange, url, form(fields, file), { "Content-Type": "multipart/form-data" });
    },
  },
  "too-large-form": {
    strategy: "presigned-post", name: "Larger than the policy allows",
    what: "The policy allows one byte less than the file has.",
    run: (exchange, file) => presignedPost(exchange, file, { limits: { maxBytes: Math.max(0, file.size - 1) } }),
  },
  "too-large-function": {
    strategy: "proxy-json", name: "Larger than a function's event",
    what: "5 MiB become 6.7 MB as Base64; a Lambda event may have 6 MB.",
    run: (exchange) => upload(exchange, "proxy-json", makeFile(Math.ceil(exchange.place.lambdaEventBytes * 0.8), 1)),
  },
  "too-large-api": {
    strategy: "proxy-binary", name: "Larger than the API's payload",
    what: "One MiB more than the API takes. Its 413 has no CORS fields: from another origin no script can read it.",
    run: (exchange) => upload(exchange, "proxy-binary", makeFile(exchange.place.gatewayBodyBytes + MiB, 1)),
  },
  "lying-type": {
    strategy: "presigned-put", name: "A file that is not what it says",
    what: "Text that is declared as image/png. S3 stores it; the API's review looks at its first bytes.",
    async run(exchange) {
      const blob = new Blob(["This is no picture.\n"], { type: "image/png" });
      const file = { name: "picture.png", type: "image/png", size: blob.size, blob };
      const { key, url } = await permission(exchange, "/signed-url", file, {});
      await put(exchange, url, file);
      return review(exchange, key);
    },
  },
};
