// A process that runs segments of exported models in ONNX Runtime: in the
// package that its argument names, onnxruntime-node or onnxruntime-web. It reads
// commands from standard input and answers each, a JSON object a line:
//
//   {"op": "load", "model": PATH, "threads": N, "states": [P, D]}   -> {"version"}
//   {"op": "start", "tokens": [lane][S]}     a puzzle into each lane -> {}
//   {"op": "step", "segments": N}            -> {"seconds": [N], "q_halt": [lanes], "q_continue": [lanes]}
//   {"op": "read"}                           -> {"zH", "zL", "logits"}: float32, little-endian, base64
//
// A failure is answered by {"error": TEXT}.
import { createInterface } from 'node:readline';
import { readFileSync } from 'node:fs';

const name = process.argv[2] ?? 'onnxruntime-node';
const ort = await import(name);
const version = JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, import.meta.url))).version;
const { InferenceSession, Tensor, env } = ort.default ?? ort;
const inWasm = name === 'onnxruntime-web';
if (inWasm) env.wasm.numThreads = 1;
let session, states, feeds, out;

async function load({ model, threads, states: shape, options }) {
  session = await InferenceSession.create(inWasm ? readFileSync(model) : model, {
    executionProviders: [inWasm ? 'wasm' : 'cpu'], graphOptimizationLevel: 'all', executionMode: 'sequential',
    intraOpNumThreads: threads, interOpNumThreads: 1, logSeverityLevel: 3, ...options,
  });
  states = shape;
  return { version };
}

function start({ tokens, puzzles }) {
  const lanes = tokens.length;
  const zeros = () => new Tensor('float32', new Float32Array(lanes * states[0] * states[1]), [lanes, ...states]);
  feeds = {
    tokens: new Tensor('int32', Int32Array.from(tokens.flat()), [lanes, tokens[0].length]),
    reset: new Tensor('bool', new Uint8Array(lanes).fill(1), [lanes]),
    zH: zeros(), zL: zeros(),
  };
  if (session.inputNames.includes('puzzle_id')) {
    feeds.puzzle_id = new Tensor('int32', Int32Array.from(puzzles ?? new Array(lanes).fill(0)), [lanes]);
  }
  return {};
}

async function step({ segments }) {
  const seconds = [];
  for (let i = 0; i < segments; i++) {
    const began = performance.now();
    out = await session.run(feeds);
    seconds.push((performance.now() - began) / 1000);
    feeds.zH = out.zH_next;
    feeds.zL = out.zL_next;
    feeds.reset.data.fill(0);
  }
  return { seconds, q_halt: Array.from(out.q_halt.data), q_continue: Array.from(out.q_continue.data) };
}

function read() {
  const bytes = ({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64');
  return { zH: bytes(out.zH_next), zL: bytes(out.zL_next), logits: bytes(out.logits) };
}

const commands = { load, start, step, read };
for await (const line of createInterface({ input: process.stdin })) {
  let answer;
  try {
    const command = JSON.parse(line);
    answer = await commands[command.op](command);
  } catch (e) {
    answer = { error: String(e.message ?? e) };
  }
  console.log(JSON.stringify(answer));
}
