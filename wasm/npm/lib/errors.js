/** What every failure of this package is. See HRMErrorCode in index.d.ts. */
export class HRMError extends Error {
  constructor(code, message, options = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.name = code === "aborted" ? "AbortError" : "HRMError";
    this.code = code;
    if (options.status) this.status = options.status;
  }
}

/** The same failure as an object that a worker can post, and back. */
export const pack = (error) => (error instanceof HRMError
  ? { code: error.code, message: error.message, status: error.status }
  : { code: "internal", message: String(error?.message ?? error) });
export const unpack = (o) => new HRMError(o.code, o.message, { status: o.status });

export const aborted = (signal) => new HRMError("aborted", "aborted by the caller's signal", { cause: signal.reason });

export function throwIfAborted(signal) {
  if (signal?.aborted) throw aborted(signal);
}

/** Rejects as soon as the signal aborts, whatever the promise does. */
export function withSignal(promise, signal) {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const stop = () => reject(aborted(signal));
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}

/** What to do where the package's files are not found. */
export const copied = "with a bundler that leaves new URL() alone, as esbuild and Rollup do, copy the package's folder dist and give its address as option files";
