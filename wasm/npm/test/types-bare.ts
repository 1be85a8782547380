// The same without the types of a browser and of node.
import { HRM, HRMError, type Step } from "@hrmgo/hrm";
import { sudoku } from "@hrmgo/hrm/models";

const model: HRM = await sudoku({ device: "wasm", files: "https://example.com/hrm/", progress: ({ part, loaded }) => void [part === "module", loaded] });
const steps: Step[] = [];
for await (const step of model.steps("53..7....")) steps.push(step);
const own = await HRM.load(new Uint8Array(8));
await Promise.all([model.dispose(), own[Symbol.asyncDispose]()]);
export const failed = (error: unknown) => error instanceof HRMError && error.code === "device";
