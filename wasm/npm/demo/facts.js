// What is said of a model: four numbers, and more under the hood.
const $ = (id) => document.getElementById(id);
const dash = "–";

/** Describes what is loaded for a task, see Source; null: nothing yet. */
export function describe(slot) {
  $("n-look").textContent = dash;
  $("n-where").textContent = "a look, on your processor";
  if (!slot) {
    for (const id of ["n-parameters", "n-bytes", "n-training"]) $(id).textContent = dash;
    return;
  }
  const { model: { info, device }, name, bytes } = slot;
  $("n-parameters").textContent = info.parameters?.toLocaleString("en") ?? dash;
  $("n-bytes").textContent = bytes < 1e6 ? `${Math.round(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(2)} MB`;
  $("n-training").textContent = span(Number(info.meta.training_seconds ?? 0));
  $("n-trained").textContent = info.meta.training_device?.startsWith("webgpu") ? "training, one GPU" : "training";
  const kind = { trm: "TRM, a Tiny Recursive Model", hrm: "HRM, a Hierarchical Reasoning Model" }[info.family];
  list($("facts"), { Model: name, Kind: `${kind}, ${info.hidden} wide`, Task: info.task, "Runs on": device.name });
  const meta = Object.fromEntries(Object.entries(info.meta).sort().filter(([, v]) => !v.includes("\n")));
  list($("meta-list"), meta);
  $("meta").hidden = Object.keys(meta).length === 0;
}

/** A time of training, in minutes or, from two hours on, in hours. */
function span(seconds) {
  if (!(seconds > 0)) return dash;
  const minutes = Math.max(1, Math.round(seconds / 60));
  return minutes < 120 ? `${minutes} min` : `${Number((minutes / 60).toPrecision(2))} h`;
}

/** Says how long a look takes: the median, which the first look of a page has not warmed up for. */
export function measured(looks, device) {
  const times = looks.filter((l) => !l.vote).map((l, i) => l.step.elapsed - (looks[i - 1]?.step.elapsed ?? 0)).sort((a, b) => a - b);
  const median = times[Math.floor((times.length - 1) / 2)];
  $("n-look").textContent = `${median < 10 ? median.toFixed(1) : Math.round(median)} ms`;
  $("n-where").textContent = device.startsWith("webgpu") ? "a look, on your GPU" : "a look, on your processor";
}

export function list(dl, facts) {
  dl.replaceChildren(...Object.entries(facts).map(([k, v]) => {
    const div = document.createElement("div");
    const [dt, dd] = [document.createElement("dt"), document.createElement("dd")];
    dt.textContent = k.replaceAll("_", " ");
    dd.textContent = v;
    div.append(dt, dd);
    return div;
  }));
}
