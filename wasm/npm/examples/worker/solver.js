import { sudoku } from "@hrmgo/hrm/models";

const loading = sudoku({ worker: false }); // no worker inside the worker

self.onmessage = async (e) => {
  try {
    const model = await loading;
    const { text, valid, reason } = await model.solve(e.data);
    self.postMessage(`${text}\n${valid ? "solved" : reason}`);
  } catch (error) {
    self.postMessage(error.message);
  }
};
loading.then((m) => self.postMessage(`ready on ${m.device.name}`), (error) => self.postMessage(error.message));
