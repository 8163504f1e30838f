// What Python wrote into the page.

const $ = (selector, root = document) => root.querySelector(selector);
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

const data = JSON.parse($("#data").textContent);
const { recording, lanes, truth, found } = data;
const pitched = lanes.length > 0 && lanes[0].midi !== undefined;
const start = recording.start_s;
const end = start + recording.duration_s;

function bytesOf(id) {
  const element = $(`#${id}`);
  const text = atob(element.textContent);
  element.remove();
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

const sound = recording.audio && bytesOf("audio-data");

// An event list in seconds, its events in order of onset. `shown` follows the filter.
function layerOf(columns, side) {
  const seconds = (samples) => Float64Array.from(samples, (n) => n / columns.rate_hz);
  const onset = seconds(columns.onset);
  const offset = seconds(columns.offset);
  const longest = onset.reduce((most, at, i) => Math.max(most, offset[i] - at), 0);
  return { ...columns, side, onset, offset, longest, shown: new Uint8Array(onset.length).fill(1) };
}

const layers = { found: layerOf(found, "found"), truth: truth && layerOf(truth, "truth") };
const twin = { found: layers.truth, truth: layers.found };

function statusOf(layer, i) {
  if (!layers.truth) return "found";
  if (layer.partner[i] >= 0) return "matched";
  return layer.side === "truth" ? "missed" : "extra";
}

// First index whose value is not below `value`.
function lowerBound(sorted, value) {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

// Indexes of the events that touch [from, to).
function* within(layer, from, to) {
  for (let i = lowerBound(layer.onset, from - layer.longest); i < layer.onset.length; i++) {
    if (layer.onset[i] >= to) return;
    if (layer.offset[i] > from) yield i;
  }
}
