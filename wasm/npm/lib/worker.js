// The worker of a browser.
import { answer } from "./answer.js";

const handle = answer((m) => self.postMessage(m));
self.onmessage = (e) => handle(e.data);
