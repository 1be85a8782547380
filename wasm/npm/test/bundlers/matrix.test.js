// The packed package in fresh apps: each bundler builds one, and Chromium runs it.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { folder, launch, root, skip } from "../web/browser.js";
import { bundlers, develop } from "./build.js";

const modules = join(import.meta.dirname, "node_modules");
const npm = join(root, "wasm/npm");
const why = skip || (existsSync(modules) ? false : "no bundlers: run `npm ci` in wasm/npm/test/bundlers");
const solved = "534678912672195348198342567859761423426853791713924856961537284287419635345286179";

const types = { ".html": "text/html", ".js": "text/javascript", ".wasm": "application/wasm", ".css": "text/css" };
const policy = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self' data:";

/** Serves a folder, under the strictest policy that the package's README asks for; with cors as a CDN does. */
async function serve(dir, { cors = false, headers = { "content-security-policy": policy } } = {}) {
  const server = createServer((req, res) => {
    const path = join(dir, new URL(req.url, "http://x").pathname.replace(/\/$/, "/index.html"));
    if (!path.startsWith(dir) || !existsSync(path) || !statSync(path).isFile()) return res.writeHead(404).end();
    res.writeHead(200, { "content-type": types[extname(path)] ?? "application/octet-stream", ...headers, ...(cors && { "access-control-allow-origin": "*" }) });
    return res.end(readFileSync(path));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${server.address().port}/`, close: () => new Promise((resolve) => { server.closeAllConnections(); server.close(resolve); }) };
}

describe("the package with bundlers", { skip: why }, () => {
  const made = folder();
  let browser;
  let tarball;

  before(async () => {
    execFileSync("npm", ["pack", "--silent", "--pack-destination", made.path], { cwd: npm });
    tarball = join(made.path, readdirSync(made.path).find((n) => n.endsWith(".tgz")));
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    made.remove();
  });

  /** A fresh app with the package installed from its tarball, and files copied into it. */
  function app(t, name, ...from) {
    const dir = join(made.path, name.replace(/\W/g, ""));
    mkdirSync(dir);
    writeFileSync(join(dir, "package.json"), '{ "private": true, "type": "module" }\n');
    execFileSync("npm", ["install", "--silent", "--offline", "--ignore-scripts", "--no-audit", "--no-fund", tarball], { cwd: dir });
    for (const f of from) cpSync(f, dir, { recursive: true });
    for (const name of ["react", "react-dom", "vue", "scheduler", "@vue", "@vitejs", "vite"]) {
      if (existsSync(join(modules, name))) symlinkSync(join(modules, name), join(dir, "node_modules", name));
    }
    return dir;
  }

  /** Opens a page, presses its button and expects the answer. */
  async function solves(t, url) {
    const page = await browser.newPage();
    t.after(() => page.close());
    const faults = [];
    page.on("pageerror", (e) => faults.push(e.message));
    page.on("console", (m) => { if (m.type() === "error" && !/favicon/.test(m.location().url)) faults.push(`${m.text()} ${m.location().url}`); });
    await page.goto(url);
    const says = (text) => page.waitForFunction((s) => document.getElementById("answer")?.textContent.includes(s), text, { timeout: 60_000 })
      .catch(async () => assert.fail(`want "${text}", the page says: ${await page.textContent("#answer").catch(() => "nothing")}; ${faults.join("; ")}`));
    await says("ready on cpu/");
    await page.click("#solve");
    await says(`${solved}\nsolved`);
    assert.deepEqual(faults, []);
    return page;
  }

  async function served(t, dir, options) {
    const server = await serve(dir, options);
    t.after(server.close);
    return server.url;
  }

  for (const [name, { build, files }] of Object.entries(bundlers)) {
    test(name, async (t) => {
      const dir = app(t, name, join(npm, "examples/page"));
      if (files) {
        const main = join(dir, "main.js");
        writeFileSync(main, readFileSync(main, "utf8").replace("sudoku()", 'sudoku({ files: "hrm" })'));
      }
      await build(dir);
      const page = await solves(t, await served(t, join(dir, "dist")));
      assert.equal(page.workers().length, 1);
    });
  }

  for (const name of ["vite", "vite6"]) {
    test(`the development server of ${name}`, async (t) => {
      const dir = app(t, `${name} dev`, join(npm, "examples/page"));
      if (name === "vite6") writeFileSync(join(dir, "vite.config.js"), 'export default { optimizeDeps: { exclude: ["@hrmgo/hrm"] } };\n');
      const server = await develop(dir, name);
      t.after(server.close);
      await solves(t, server.url);
    });
  }

  test("a bundler that leaves new URL() alone, without option files, says what to do", async (t) => {
    const dir = app(t, "esbuild alone", join(npm, "examples/page"));
    await bundlers.esbuild.build(dir);
    const page = await browser.newPage();
    t.after(() => page.close());
    await page.goto(await served(t, join(dir, "dist")));
    await page.waitForFunction(() => /copy the package's folder dist and give its address as option files/.test(document.getElementById("answer").textContent));
  });

  for (const [name, bundler] of [["react", "Vite 8"], ["vue", "Vite 8"], ["worker", "Vite 8"], ["worker", "webpack 5"]]) {
    test(`the example ${name} with ${bundler}`, async (t) => {
      const dir = app(t, `${name} ${bundler}`, join(npm, "examples", name));
      await bundlers[bundler].build(dir);
      await solves(t, await served(t, join(dir, "dist")));
    });
  }

  test("the one file, from another origin", async (t) => {
    const cdn = await served(t, join(app(t, "cdn"), "node_modules/@hrmgo/hrm"), { cors: true, headers: {} });
    const dir = join(made.path, "page of the cdn");
    cpSync(join(npm, "examples/page"), dir, { recursive: true });
    writeFileSync(join(dir, "main.js"), readFileSync(join(dir, "main.js"), "utf8").replace("@hrmgo/hrm/models", `${cdn}dist/hrm.js`));
    const strict = `script-src 'self' 'wasm-unsafe-eval' ${cdn}; worker-src blob: ${cdn}; connect-src ${cdn}`; // as the README says
    await solves(t, await served(t, dir, { headers: { "content-security-policy": strict } }));
  });

  test("its files as they are, without a bundler", async (t) => {
    const dir = app(t, "raw", join(npm, "examples/page"));
    writeFileSync(join(dir, "main.js"), readFileSync(join(dir, "main.js"), "utf8").replace("@hrmgo/hrm/models", "./node_modules/@hrmgo/hrm/lib/models.js"));
    await solves(t, await served(t, dir));
  });

  test("the README's first example runs as printed in node", (t) => {
    const dir = app(t, "readme");
    const [, code] = /^```js\n(.*?)^```$/ms.exec(readFileSync(join(npm, "README.md"), "utf8"));
    writeFileSync(join(dir, "first.mjs"), code);
    assert.match(execFileSync(process.execPath, ["first.mjs"], { cwd: dir, encoding: "utf8" }), new RegExp(`${solved} true`));
  });
});
