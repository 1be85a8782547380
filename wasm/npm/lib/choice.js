// Which device won the race for a model at an address, for a day, where the
// page may store it.
const day = 24 * 60 * 60 * 1000;
const name = (adapter, source) => `hrm-device ${adapter} ${source}`;

/** {kind, reason} of the last race, or null. A source that is no address has none. */
export function recall(adapter, source) {
  try {
    const { kind, reason, when } = JSON.parse(localStorage.getItem(name(adapter, source)));
    const age = Date.now() - when;
    return (kind === "wasm" || kind === "webgpu") && typeof reason === "string" && age >= 0 && age < day ? { kind, reason } : null;
  } catch {
    return null; // nothing there, something else there, or no storage
  }
}

export function remember(adapter, source, { kind, reason }) {
  if (typeof source !== "string" && !(source instanceof URL)) return;
  try {
    localStorage.setItem(name(adapter, source), JSON.stringify({ kind, reason, when: Date.now() }));
  } catch { /* full, forbidden, or none: the next load races again */ }
}
