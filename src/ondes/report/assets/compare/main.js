// Puts the parts together.

readInk();
makeRoomForNames();
const axis = new Axis();
const pointer = new Pointer();
const waveform = new Waveform(axis);
const events = new Lanes(axis);
const panels = [new Ruler("ruler", axis), waveform, new Spectrogram(axis), events];
const overview = new Differences(axis, pointer);
new Stage(axis, pointer, panels, { onPick: (_, i) => choose(i) });

const differing = [...kinds.keys()].filter((i) => kinds[i] !== "shared");

function makeRoomForNames() {
  const context = contextOf(document.createElement("canvas"));
  const names = [...lanes.map((lane) => lane.label), ...recording.channels];
  const widest = Math.max(...names.map((name) => context.measureText(name).width));
  const gutter = clamp(Math.ceil(widest) + 20, 72, Math.max(72, window.innerWidth * 0.16));
  $("#stage").style.setProperty("--gutter", `${gutter}px`);
}

function choose(i) {
  events.selected = i;
  events.invalidate();
}

function leap(direction) {
  const slack = 1 / recording.rate_hz;
  const at = (i) => layers.found.onset[i];
  const next =
    direction > 0
      ? differing.find((i) => at(i) > pointer.place + slack)
      : differing.findLast((i) => at(i) < pointer.place - slack);
  if (next === undefined) return;
  choose(next);
  pointer.seek(at(next));
  axis.reveal(at(next), layers.found.offset[next]);
}

const drawWave = () => drawAll(waveform);

follow(pointer);

const actions = { next: () => leap(1), previous: () => leap(-1), ...looks(axis, pointer) };

steer(actions, {
  n: actions.next,
  p: actions.previous,
  ArrowLeft: () => axis.pan(-axis.span / 4),
  ArrowRight: () => axis.pan(axis.span / 4),
});

for (const moment of document.querySelectorAll(".moment")) {
  moment.addEventListener("click", () => {
    const [from, to] = [Number(moment.dataset.from) + start, Number(moment.dataset.to) + start];
    pointer.seek(from + (to - from) / 3);
    axis.show(from - (to - from), to + (to - from));
    $(".viewer").scrollIntoView({ behavior: "smooth", block: "start" });
  });
}

function recolour() {
  readInk();
  drawWave();
  overview.drawMarks();
  for (const panel of panels) panel.invalidate();
}

document.addEventListener("theme", recolour);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolour);
new ResizeObserver(drawWave).observe($("#overview-wave"));
axis.show(start, end);
pointer.seek(start);
