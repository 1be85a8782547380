// Solves a puzzle with the plugin: node extism.mjs hrm-extism.wasm PUZZLE
import createPlugin from "@extism/extism";

const [, , wasm, puzzle] = process.argv;
const plugin = await createPlugin(wasm, { useWasi: true, config: { restarts: "7" } });
try {
  const out = await plugin.call("solve", puzzle);
  process.stdout.write(out.text());
} finally {
  await plugin.close();
}
