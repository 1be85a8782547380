import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const tsc = join(import.meta.dirname, "node_modules/.bin/tsc");
const skip = existsSync(tsc) ? false : "no typescript: run `npm ci` in wasm/npm/test/web";

test("the types fit", { skip }, () => {
  const args = ["--noEmit", "--strict", "--target", "es2024", "--lib", "es2024,dom,esnext.disposable", "--module", "nodenext", join(import.meta.dirname, "../types.ts")];
  execFileSync(tsc, args, { stdio: ["ignore", "inherit", "inherit"] });
});
