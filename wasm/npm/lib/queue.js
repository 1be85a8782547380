// A worker of the queue of hrm-scale: it takes batches from NATS JetStream, stores
// their answers and acknowledges them, as scale/queue does in Go.

const names = /^[A-Za-z0-9_-]{1,64}$/; // of queues and jobs
const taking = 5; // seconds that the server may look for a batch
const beating = 5000; // milliseconds between two signs of life
const code = { store: 10077, patient: [404, 408] }; // 404, 408: no batch waits

const sleep = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

/** What the server cannot do now, and will later. */
const temporary = (e) => e.code >= 500 || e.err_code === code.store;

/** The stream has a message of the subject: somebody else answered. */
const twice = (e) => e?.err_code === code.store && /per subject/.test(e.description);

/** How often a message was delivered, as its reply subject says: $JS.ACK., perhaps a domain and an account, stream, consumer, times. */
export function deliveries(reply) {
  const parts = reply.split(".");
  return Number(parts[parts.length >= 11 ? 6 : 4]) || 1;
}

/** The record of a solution, as hrm solve --json prints it. */
function recordOf(s) {
  return {
    answer: s.text, ...(s.valid === null ? {} : { valid: s.valid }), ...(s.reason ? { reason: s.reason } : {}),
    segments: s.segments, halted: s.halted, q_halt: s.qHalt, q_continue: s.qContinue,
    attempts: s.attempts, total_segments: s.totalSegments,
    ...(s.firstPass.valid === null ? {} : { first_pass_valid: s.firstPass.valid }), first_pass_segments: s.firstPass.segments,
    elapsed_ms: Math.round(s.elapsed * 1000) / 1000, ...(s.timedOut ? { timed_out: true } : {}),
  };
}

export class QueueWorker {
  #nats;
  #model;
  #options;
  #reasons = new Set(); // to pause
  #wake = [];
  #thinking = new Set(); // an AbortController for each batch
  #stopped = false;
  #patience = 30_000;
  #lately = 0;
  #counts = { batches: 0, puzzles: 0, valid: 0, failed: 0, returned: 0 };

  /** nats: a connection of @nats-io/nats-core; model: an HRM. */
  constructor(nats, model, { queue = "hrm", name = `web.${Math.random().toString(36).slice(2, 10)}`, restarts, tries = 50, inFlight = 2, onChange } = {}) {
    this.#nats = nats;
    this.#model = model;
    this.#options = { queue, name, restarts, tries, inFlight, onChange };
  }

  /** What it did, and why it does nothing, if so. */
  get state() { return { name: this.#options.name, ...this.#counts, thinking: this.#thinking.size, pauses: [...this.#reasons] }; }

  /** Takes nothing, and gives back what it thinks about, until resume is called for every reason. */
  pause(reason) {
    this.#reasons.add(reason);
    this.#thinking.forEach((stop) => stop.abort(reason));
    this.#tell();
  }

  resume(reason) {
    this.#reasons.delete(reason);
    if (this.#reasons.size === 0) this.#wake.splice(0).forEach((go) => go());
    this.#tell();
  }

  /** Gives back what it thinks about; run then ends. */
  stop() {
    this.#stopped = true;
    this.#thinking.forEach((stop) => stop.abort("stopped"));
    this.#wake.splice(0).forEach((go) => go());
  }

  /** Answers batches until stop is called or the connection ends. */
  async run() {
    this.#patience = await this.#askPatience();
    this.#beat();
    const beats = setInterval(() => this.#beat(), beating);
    try {
      await Promise.all(Array.from({ length: this.#options.inFlight }, () => this.#loop()));
    } finally {
      this.stop();
      clearInterval(beats);
    }
  }

  async #loop() {
    while (!this.#stopped && !this.#nats.isClosed()) {
      if (this.#reasons.size > 0) {
        await new Promise((resolve) => { this.#wake.push(resolve); });
        continue;
      }
      const message = await this.#take();
      if (message) await this.#answer(message);
    }
  }

  /** Milliseconds for which a batch may be silent, as the first native worker or the operator said. */
  async #askPatience() {
    const { config, error } = (await this.#nats.request(`$JS.API.CONSUMER.INFO.${this.#options.queue}-work.workers`, "", { timeout: 5000 })).json();
    if (error) throw new Error(`the queue ${this.#options.queue}: ${error.description}`);
    return config.ack_wait / 1e6;
  }

  /** A batch, or null when there was none for a while. */
  async #take() {
    const subject = `$JS.API.CONSUMER.MSG.NEXT.${this.#options.queue}-work.workers`;
    try {
      const message = await this.#nats.request(subject, JSON.stringify({ batch: 1, expires: taking * 1e9 }), { timeout: (taking + 2) * 1000, noMux: true }); // a batch comes under its own subject
      const status = message.headers?.code;
      if (!status) return message;
      if (!code.patient.includes(status)) await sleep(1000);
    } catch (error) {
      this.#fail(error); // the server is away
      await sleep(1000);
    }
    return null;
  }

  async #answer(message) {
    const stop = new AbortController();
    this.#thinking.add(stop);
    this.#tell();
    if (this.#stopped || this.#reasons.size > 0) stop.abort("paused");
    const busy = setInterval(() => message.respond("+WPI"), this.#patience / 3);
    try {
      const batch = read(message);
      if (batch.why) {
        await this.#put(`${this.#options.queue}.dead.unread.${Date.now()}000000`, { index: 0, puzzle: {}, why: batch.why });
        message.respond("+TERM");
        return;
      }
      await this.#store(batch, await this.#records(batch, deliveries(message.reply), stop.signal));
      message.respond("+ACK");
    } catch (error) {
      if (!this.#nats.isClosed()) message.respond("-NAK");
      if (stop.signal.aborted) this.#counts.returned += 1;
      else {
        this.#fail(error);
        await sleep(1000);
      }
    } finally {
      stop.abort(); // of a batch that failed, what is left
      clearInterval(busy);
      this.#thinking.delete(stop);
      this.#tell();
    }
  }

  #records(batch, times, signal) {
    const lost = times > this.#options.tries ? `given up: its batch was taken up ${times - 1} times and never answered` : "";
    return Promise.all(batch.puzzles.map(async (p, i) => {
      const record = { index: batch.first + i, ...(p.text ? { question: p.text } : {}), ...(p.rows ? { rows: p.rows, cols: p.cols } : {}) };
      if (p.error || lost) return { ...record, error: p.error || lost };
      const size = p.rows ? { rows: p.rows, cols: p.cols } : {};
      try {
        // Of a number of attempts, not of a time: then an answer is the same everywhere.
        return { ...record, ...recordOf(await this.#model.solve(p.text, { restarts: this.#options.restarts, timeLimit: 0, signal, ...size })) };
      } catch (error) {
        if (error.code !== "puzzle" && error.code !== "unsolvable") throw error;
        return { ...record, error: error.message };
      }
    }));
  }

  async #store(batch, records) {
    const { queue, name } = this.#options;
    const dead = records.flatMap((r, i) => (r.error ? [{ index: r.index, puzzle: batch.puzzles[i], why: r.error }] : []));
    if (dead.length > 0) await this.#put(`${queue}.dead.${batch.job}.${batch.number}`, dead);
    await this.#put(`${queue}.done.${batch.job}.${batch.number}`, { batch: batch.number, worker: name, records });
    this.#counts.batches += 1;
    this.#counts.puzzles += records.length;
    this.#counts.valid += records.filter((r) => r.valid).length;
  }

  /** Stores a message, unless its subject has one. */
  async #put(subject, value) {
    for (let left = 10; ; left -= 1) {
      let error;
      try {
        error = (await this.#nats.request(subject, JSON.stringify(value), { timeout: 5000 })).json().error;
        if (!error || twice(error)) return;
      } catch (e) {
        error = { code: 503, description: e.message };
      }
      if (!temporary(error) || left === 0 || this.#nats.isClosed()) throw new Error(`${subject}: ${error.description}`);
      await sleep(1000);
    }
  }

  #beat() {
    if (this.#nats.isClosed()) return;
    const { queue, name } = this.#options;
    const rate = (this.#counts.puzzles - this.#lately) / (beating / 1000);
    this.#lately = this.#counts.puzzles;
    this.#nats.publish(`$KV.${queue}-workers.${name}`, JSON.stringify({ name, puzzles: this.#counts.puzzles, rate, time: new Date().toISOString() }));
  }

  #fail(error) {
    this.#counts.failed += 1;
    this.#tell(error);
  }

  #tell(error) { this.#options.onChange?.(this.state, error); }
}

function read(message) {
  let batch;
  try {
    batch = message.json();
  } catch (error) {
    return { why: `no batch: ${error.message}` };
  }
  const sound = names.test(batch?.job) && Number.isInteger(batch.number) && Number.isInteger(batch.first) && Array.isArray(batch.puzzles);
  return sound ? batch : { why: "no batch: want job, number, first and puzzles" };
}

/** Pauses a worker while the tab is hidden, or the machine runs on its battery. Resolves with what ends that. */
export async function pauseWhenAway(worker) {
  const set = (reason, on) => (on ? worker.pause(reason) : worker.resume(reason));
  const seen = () => set("the tab is hidden", document.visibilityState === "hidden");
  document.addEventListener("visibilitychange", seen);
  seen();
  const battery = await globalThis.navigator?.getBattery?.().catch(() => null);
  const charged = () => set("on battery", !battery.charging);
  battery?.addEventListener("chargingchange", charged);
  if (battery) charged();
  return () => {
    document.removeEventListener("visibilitychange", seen);
    battery?.removeEventListener("chargingchange", charged);
  };
}
