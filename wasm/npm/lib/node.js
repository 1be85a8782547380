// The package in node: files are read, and workers are threads.
import { readFile } from "node:fs/promises";
import { Worker } from "node:worker_threads";
import { platform } from "./platform.js";

platform.readFile = (address, signal) => readFile(address.startsWith("file:") ? new URL(address) : address, { signal });

platform.thread = () => {
  const thread = new Worker(new URL("./thread.js", import.meta.url), { name: "hrm", execArgv: [] });
  return {
    post: (m, transfer) => thread.postMessage(m, transfer),
    listen(message, error) {
      thread.on("message", message).on("error", error);
      thread.on("exit", (code) => error(new Error(`it ended with status ${code}`)));
    },
    busy: (b) => (b ? thread.ref() : thread.unref()), // an idle model does not keep the process alive
    terminate: () => thread.terminate(),
  };
};

export * from "./index.js";
