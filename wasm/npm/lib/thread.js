// The worker thread of node.
import { parentPort } from "node:worker_threads";
import { answer } from "./answer.js";

parentPort.on("message", answer((m) => parentPort.postMessage(m)));
