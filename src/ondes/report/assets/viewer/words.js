// Numbers as people read them.

const NOTES = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"];
const { rate_hz: rate, duration_s: total } = recording;
const timeDigits = clamp(Math.ceil(Math.log10(rate)) - (rate > 1000 ? 1 : 0), 2, 7);

function clock(seconds, digits) {
  const sign = seconds < 0 ? "−" : "";
  const scale = 10 ** digits;
  const whole = Math.round(Math.abs(seconds) * scale) / scale;
  const minutes = Math.floor(whole / 60);
  const rest = (whole % 60).toFixed(digits).padStart(digits ? digits + 3 : 2, "0");
  if (minutes < 60) return `${sign}${minutes}:${rest}`;
  const hours = Math.floor(minutes / 60);
  return `${sign}${hours}:${String(minutes % 60).padStart(2, "0")}:${rest}`;
}

function position(seconds) {
  if (total >= 2) return clock(seconds, 2);
  return total >= 2e-3 ? `${(seconds * 1e3).toFixed(2)} ms` : `${(seconds * 1e6).toFixed(1)} µs`;
}

function length(seconds) {
  const size = Math.abs(seconds);
  if (size >= 1 || size === 0) return `${seconds.toFixed(2)} s`;
  if (size >= 1e-3) return `${(seconds * 1e3).toFixed(size >= 0.1 ? 0 : 1)} ms`;
  return `${(seconds * 1e6).toFixed(1)} µs`;
}

function hertz(value) {
  if (value >= 1e6) return `${+(value / 1e6).toPrecision(3)} MHz`;
  if (value >= 1e3) return `${+(value / 1e3).toPrecision(3)} kHz`;
  return `${+value.toPrecision(3)} Hz`;
}

function shortHertz(value) {
  if (value >= 1e6) return `${+(value / 1e6).toPrecision(3)}M`;
  return value >= 1e3 ? `${+(value / 1e3).toPrecision(3)}k` : `${+value.toPrecision(3)}`;
}

const frequencyOf = (midi) => 440 * 2 ** ((midi - 69) / 12);

function noteNear(frequency) {
  const midi = Math.round(69 + 12 * Math.log2(frequency / 440));
  return midi >= 12 && midi <= 127 ? `${NOTES[midi % 12]}${Math.floor(midi / 12) - 1}` : "";
}

function signed(milliseconds) {
  const size = Math.abs(milliseconds);
  if (size < 5e-4) return "0";
  const digits = size < 0.1 ? 3 : size < 10 ? 1 : 0;
  return `${milliseconds < 0 ? "−" : "+"}${size.toFixed(digits)}`;
}
