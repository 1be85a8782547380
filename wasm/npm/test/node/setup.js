// What the tests share: the model, a server that misbehaves, puzzles.
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";

export const modelPath = fileURLToPath(new URL("../../../../native/embedded/default.hrm", import.meta.url));
export const model = readFileSync(modelPath);
export const integrity = (bytes) => `sha256-${createHash("sha256").update(bytes).digest("base64")}`;

const built = existsSync(new URL("../../dist/hrm-js.wasm", import.meta.url));
export const skip = built ? false : "no dist/hrm-js.wasm: run `go run ./wasm/build` in the repository";

export const easy = "53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79";
export const solved = "534678912672195348198342567859761423426853791713924856961537284287419635345286179";
/** It has no solution: every attempt is made. */
export const impossible = `532${easy.slice(3)}`;

/** Serves what a test needs under paths, and counts the requests. */
export async function serve(t) {
  const hits = {};
  const damaged = Buffer.from(model);
  damaged[damaged.length - 1] ^= 1;
  const files = {
    "/model.hrm": ["application/octet-stream", model],
    "/damaged.hrm": ["application/octet-stream", damaged],
    "/short.hrm": ["application/octet-stream", model.subarray(0, 5000)],
    "/empty.hrm": ["application/octet-stream", Buffer.alloc(0)],
    "/page.hrm": ["text/html", Buffer.from("<!doctype html>\n<title>App</title>")],
  };
  const server = createServer((req, res) => {
    hits[req.url] = (hits[req.url] ?? 0) + 1;
    if (req.url === "/slow.hrm") { // never ends
      res.writeHead(200, { "content-length": model.length });
      return res.write(model.subarray(0, 1000));
    }
    if (req.url === "/broken.hrm") {
      res.writeHead(200, { "content-length": model.length });
      return res.write(model.subarray(0, 1000), () => res.destroy());
    }
    const [type, body] = files[req.url] ?? [];
    if (!type) return res.writeHead(404, { "content-type": "text/html" }).end("<h1>not here</h1>");
    return res.writeHead(200, { "content-type": type, "content-length": body.length }).end(body);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () => new Promise((resolve) => { server.closeAllConnections(); server.close(resolve); });
  t.after(close);
  return { url: `http://127.0.0.1:${server.address().port}`, hits, close };
}
