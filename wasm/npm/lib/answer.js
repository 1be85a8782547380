// An engine in a worker. Messages are
//   {id, method: "open" | "solve", args}   answered by {id, value} or {id, error},
//                                          after a {id, step} for each segment
//   {method: "stop"}
import { Engine } from "./engine.js";
import { pack } from "./errors.js";

/** Says that it has started, and returns what handles a message. */
export function answer(post) {
  let engine;
  const methods = {
    async open(_, program, bytes, options) {
      engine = await Engine.start(program);
      return engine.open(bytes, options);
    },
    solve(id, puzzle, options, watched) {
      return engine.solve(puzzle, options, watched ? (step) => post({ id, step }) : null);
    },
  };
  post({ started: true });
  return async ({ id, method, args }) => {
    if (method === "stop") return engine?.stop();
    try {
      post({ id, value: await methods[method](id, ...args) });
    } catch (error) {
      post({ id, error: pack(error) });
    }
  };
}
