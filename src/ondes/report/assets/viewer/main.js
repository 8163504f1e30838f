// Puts the parts together.

readInk();
makeRoomForNames();
const axis = new Axis();
const waveform = new Waveform(axis);
const spectrogram = new Spectrogram(axis);
const rolls = [layers.truth && new Roll("truth", axis), new Roll("found", axis)].filter(Boolean);
const lanesOfAlarms = alarms.rules.length ? [new Alarms(axis)] : [];
const panels = [new Ruler("ruler", axis), waveform, ...lanesOfAlarms, spectrogram, ...rolls];
const player = new Player(waveform);
const overview = new Overview(axis, player);
const stage = new Stage(axis, player, panels, { onPick: pick });
const table = new Table({ onSelect: look, onPlay: listen, onFilter: refresh });

// Long names of lanes and channels get a wider gutter.
function makeRoomForNames() {
  const context = contextOf(document.createElement("canvas"));
  const labels = pitched ? [] : lanes.map((lane) => lane.label);
  const names = [...labels, ...recording.channels, ...alarms.rules];
  const widest = Math.max(...names.map((name) => context.measureText(name).width));
  const gutter = clamp(Math.ceil(widest) + 20, 72, Math.max(72, window.innerWidth * 0.13));
  $("#stage").style.setProperty("--gutter", `${gutter}px`);
}

function refresh() {
  for (const panel of panels) panel.invalidate();
}

function choose(row) {
  for (const roll of rolls) roll.selected = new Set();
  if (row) {
    for (const roll of rolls) {
      if (roll.layer === row.layer) roll.selected.add(row.i);
      else if (row.status === "matched") roll.selected.add(row.layer.partner[row.i]);
    }
  }
  refresh();
}

function look(row) {
  choose(row);
  axis.reveal(row.onset, row.offset);
  player.seek(row.onset);
}

function listen(row) {
  player.play(row.onset, row.offset);
}

function pick(layer, i) {
  const row = layer && table.rowOf(layer, i);
  choose(row);
  if (row) table.show(row);
  else table.select(null);
}

// The next event of the filtered table's stretch of time, in either direction.
function leap(direction) {
  const onsets = table.view.map((row) => row.onset).sort((a, b) => a - b);
  const slack = 1 / recording.rate_hz;
  const next =
    direction > 0
      ? onsets.find((onset) => onset > player.place + slack)
      : onsets.findLast((onset) => onset < player.place - slack);
  if (next === undefined) return;
  player.seek(next);
  if (!axis.holds(next)) axis.pan(next - (axis.from + axis.to) / 2);
}

// Start near enough to see single events.
function firstView() {
  const onsets = layers.found.onset.length ? layers.found.onset : (layers.truth?.onset ?? []);
  const enough = onsets.length > 100 ? onsets[100] - start : recording.duration_s;
  const span = Math.max(enough, recording.duration_s / 50);
  const lead = onsets.length ? onsets[0] - span * 0.05 : start;
  const first = lead - start < span * 0.1 ? start : lead;
  axis.show(first, first + Math.min(span, recording.duration_s));
}

const clockElement = $("#clock");
const slider = $("#stage");

player.listen((time, playing) => {
  clockElement.textContent = position(time);
  $("#play").classList.toggle("playing", playing);
  $("#play").setAttribute("aria-label", playing ? "Pause" : "Play");
  slider.setAttribute("aria-valuenow", time.toFixed(3));
  slider.setAttribute("aria-valuetext", position(time));
  $("#overview-cursor").style.left = `${((time - start) / recording.duration_s) * 100}%`;
  for (const roll of rolls) {
    const sounding = new Set(within(roll.layer, time, time + 1e-9));
    const changed = sounding.size !== roll.sounding.size;
    if (!changed && [...sounding].every((i) => roll.sounding.has(i))) continue;
    roll.sounding = sounding;
    roll.drawGutter(contextOf(roll.gutter));
  }
});

const actions = {
  play: () => player.toggle(),
  next: () => leap(1),
  previous: () => leap(-1),
  ...looks(axis, player),
  overlay: (button) => {
    const on = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", on);
    $("#truth").hidden = on;
    rolls[1].overlay = on ? layers.truth : null;
    refresh();
  },
  notes: (button) => {
    spectrogram.withEvents = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", spectrogram.withEvents);
    spectrogram.invalidate();
  },
};

$("#speed").addEventListener("change", (event) => (player.speed = Number(event.target.value)));
for (const button of document.querySelectorAll("[data-alarm]")) {
  button.addEventListener("click", () => {
    const i = Number(button.dataset.alarm);
    axis.reveal(alarms.onset[i], alarms.offset[i]);
    player.seek(alarms.onset[i]);
  });
}
for (const button of document.querySelectorAll("[data-label]")) {
  button.addEventListener("click", () => {
    const input = $("#filter-label");
    input.value = input.value === button.dataset.label ? "" : button.dataset.label;
    table.filter();
  });
}

steer(actions, {
  " ": actions.play,
  n: actions.next,
  p: actions.previous,
  Home: () => (player.seek(start), axis.pan(start - axis.from)),
  End: () => (player.seek(end), axis.pan(end - axis.to)),
  ArrowLeft: (event) => (event.shiftKey ? axis.pan(-axis.span / 2) : nudge(-1)),
  ArrowRight: (event) => (event.shiftKey ? axis.pan(axis.span / 2) : nudge(1)),
});

function nudge(direction) {
  player.seek(player.place + (direction * axis.span) / 40);
  if (!axis.holds(player.place)) axis.pan((direction * axis.span) / 2);
}

function recolour() {
  readInk();
  player.recolour();
  overview.drawMarks();
  refresh();
}

document.addEventListener("theme", recolour);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolour);
player.wave.on("error", () => {
  $("#audio-note").textContent = "This browser cannot play the embedded audio.";
});
firstView();
player.tell();
