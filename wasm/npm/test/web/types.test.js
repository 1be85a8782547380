import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const tsc = join(import.meta.dirname, "node_modules/.bin/tsc");
const skip = existsSync(tsc) ? false : "no typescript: run `npm ci` in wasm/npm/test/web";

// [file, lib, module]: without lib dom there is no @types/node either.
for (const [file, lib, module] of [
  ["types.ts", "es2022,dom", "nodenext"],
  ["types.ts", "es2022,dom", "preserve"], // as bundlers resolve
  ["types-bare.ts", "es2022", "nodenext"],
]) {
  test(`the types fit lib ${lib}, module ${module}`, { skip }, () => {
    const args = ["--noEmit", "--strict", "--target", "es2022", "--lib", lib, "--types", "", "--module", module, join(import.meta.dirname, "..", file)];
    execFileSync(tsc, args, { stdio: ["ignore", "inherit", "inherit"] });
  });
}
