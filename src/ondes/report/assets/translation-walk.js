// Puts the parts together: waveforms of a translation, and the spectrogram of its result.

readInk();
makeRoomForNames();
const axis = new Axis();
const pointer = new Pointer();
const waveform = new Waveform(axis);
const panels = [new Ruler("ruler", axis), waveform, new Spectrogram(axis)];
const overview = new Overview(axis, pointer);
new Stage(axis, pointer, panels, { onPick: () => {} });
follow(pointer);

function makeRoomForNames() {
  const context = contextOf(document.createElement("canvas"));
  const widest = Math.max(...recording.channels.map((name) => context.measureText(name).width));
  $("#stage").style.setProperty("--gutter", `${Math.max(Math.ceil(widest) + 20, 84)}px`);
}

steer(looks(axis, pointer), {
  ArrowLeft: () => axis.pan(-axis.span / 4),
  ArrowRight: () => axis.pan(axis.span / 4),
});

function recolour() {
  readInk();
  drawAll(waveform);
  overview.drawMarks();
  for (const panel of panels) panel.invalidate();
}

document.addEventListener("theme", recolour);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolour);
new ResizeObserver(() => drawAll(waveform)).observe($("#overview-wave"));
axis.show(start, end);
pointer.seek(start);
