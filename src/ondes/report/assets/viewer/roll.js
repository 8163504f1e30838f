// Events as bars: a piano roll for pitches, else one lane per label.

const BLACK = new Set([1, 3, 6, 8, 10]);

class Roll extends Panel {
  constructor(side, axis) {
    super(side, axis);
    this.layer = layers[side];
    this.overlay = null; // a second layer, drawn as outlines
    this.selected = new Set();
    this.sounding = new Set();
    this.arrange();
  }

  arrange() {
    if (pitched) {
      this.bottom = lanes[0].midi - 2;
      this.rows = lanes[lanes.length - 1].midi + 2 - this.bottom + 1;
      this.rowOf = lanes.map((lane) => this.rows - 1 - (lane.midi - this.bottom));
    } else {
      this.rows = Math.max(lanes.length, 1);
      this.rowOf = lanes.map((_, index) => index);
    }
    const channels = new Set(Object.values(layers).flatMap((layer) => layer?.channel ?? []));
    this.tracks = pitched ? [] : [...channels].sort((a, b) => a - b);
    const room = truth ? 290 : 420;
    this.row = pitched ? clamp(room / this.rows, 4, 10) : clamp(room / this.rows, 6, 30);
    this.height = this.row * this.rows;
  }

  draw(context) {
    pitched ? this.drawKeys(context) : this.drawLanes(context);
    const inView = [...within(this.layer, this.axis.from, this.axis.to)];
    const isWrong = (i) => layers.truth && this.layer.partner[i] < 0;
    for (const i of inView) if (!isWrong(i)) this.drawEvent(context, i);
    for (const i of inView) if (isWrong(i)) this.drawEvent(context, i); // never hidden below others
    if (this.overlay) this.drawOutlines(context);
  }

  drawKeys(context) {
    for (let row = 0; row < this.rows; row++) {
      const step = (this.bottom + this.rows - 1 - row) % 12;
      context.fillStyle = BLACK.has(step) ? ink["row-dark"] : ink.row;
      context.fillRect(0, row * this.row, this.width, this.row + 0.5);
      if (step !== 0) continue;
      context.fillStyle = ink.line;
      context.fillRect(0, Math.round((row + 1) * this.row), this.width, 1);
    }
  }

  drawLanes(context) {
    for (let row = 0; row < this.rows; row++) {
      context.fillStyle = row % 2 ? ink["row-dark"] : ink.row;
      context.fillRect(0, row * this.row, this.width, this.row + 0.5);
    }
  }

  boxOf(layer, i) {
    const left = this.x(layer.onset[i]);
    const margin = this.row >= 16 ? 4 : this.row >= 8 ? 1 : 0.5;
    const width = Math.max(this.x(layer.offset[i]) - left, 2);
    const room = this.row - 2 * margin;
    // Channels lie below each other within a lane, where it has room for them.
    const apart = this.tracks.length > 1 && room / this.tracks.length >= 3;
    const height = apart ? room / this.tracks.length : room;
    const shift = apart ? this.tracks.indexOf(layer.channel[i]) * height : 0;
    const top = this.rowOf[layer.label[i]] * this.row + margin + shift;
    return [left, top, width - (width > 5 ? 1 : 0), height - (apart ? 1 : 0)];
  }

  drawEvent(context, i) {
    const status = statusOf(this.layer, i);
    const box = this.boxOf(this.layer, i);
    context.globalAlpha = this.layer.shown[i] ? 1 : 0.13;
    if (box[2] <= 3) {
      context.fillStyle = ink[status] ?? ink.matched;
      context.fillRect(...box);
    } else {
      context.beginPath();
      context.roundRect(...box, Math.min(2.5, box[2] / 4, box[3] / 3));
      context.fillStyle = this.fillOf(status, i);
      context.fill();
      context.strokeStyle = status === "extra" ? ink["extra-edge"] : ink[status];
      context.lineWidth = 1.2;
      if (status === "missed" || status === "extra") context.stroke();
    }
    context.globalAlpha = 1;
    if (this.selected.has(i)) this.ring(context, box);
  }

  fillOf(status, i) {
    if (status === "missed") return hatch(ink.missed, ink.ground);
    if (status === "extra") return ink.extra;
    const score = this.layer.score[i];
    if (status === "matched" || score === null) return ink.matched;
    return `color-mix(in srgb, ${ink.matched} ${Math.round(40 + 60 * score)}%, ${ink.ground})`;
  }

  ring(context, [left, top, width, height]) {
    context.strokeStyle = ink.text;
    context.lineWidth = 2;
    context.beginPath();
    context.roundRect(left - 2, top - 2, width + 4, height + 4, 4);
    context.stroke();
  }

  drawOutlines(context) {
    context.lineWidth = 1.5;
    for (const i of within(this.overlay, this.axis.from, this.axis.to)) {
      const [left, top, width, height] = this.boxOf(this.overlay, i);
      context.strokeStyle = this.overlay.partner[i] >= 0 ? ink.text : ink.missed;
      context.globalAlpha = this.overlay.shown[i] ? 1 : 0.13;
      context.strokeRect(left, top - 0.5, width, height + 1);
    }
    context.globalAlpha = 1;
  }

  drawGutter(context) {
    pitched ? this.drawKeyboard(context) : this.drawNames(context);
  }

  drawKeyboard(context) {
    const width = this.gutter.clientWidth;
    const left = 26;
    context.fillStyle = ink["white-key"];
    context.fillRect(left, 0, width - left, this.height);
    context.textBaseline = "middle";
    context.textAlign = "right";
    const lit = new Map([...this.sounding].map((i) => [this.rowOf[this.layer.label[i]], i]));
    for (let row = 0; row < this.rows; row++) {
      const step = (this.bottom + this.rows - 1 - row) % 12;
      const [top, black] = [row * this.row, BLACK.has(step)];
      context.fillStyle = black ? ink["black-key"] : ink["white-key"];
      if (lit.has(row)) context.fillStyle = ink[statusOf(this.layer, lit.get(row))] || ink.matched;
      if (black || lit.has(row)) {
        context.fillRect(left, top, (width - left) * (black ? 0.62 : 1), this.row);
      }
      context.fillStyle = ink["key-edge"];
      if (step === 0 || step === 5) context.fillRect(left, top + this.row - 0.5, width - left, 1);
      context.fillStyle = ink.muted;
      const octave = Math.floor((this.bottom + this.rows - 1 - row) / 12) - 1;
      if (step === 0) context.fillText(`C${octave}`, left - 5, top + this.row / 2);
    }
  }

  drawNames(context) {
    context.textBaseline = "middle";
    context.textAlign = "right";
    const right = this.gutter.clientWidth - 8;
    if (this.row < 11) return;
    const lit = new Set([...this.sounding].map((i) => this.layer.label[i]));
    lanes.forEach((lane, index) => {
      context.fillStyle = lit.has(index) ? ink.accent : ink.muted;
      context.fillText(fitted(context, lane.label, right - 2), right, (index + 0.5) * this.row);
    });
  }

  eventAt(time, y) {
    const row = Math.floor(y / this.row);
    const slack = (3 / this.width) * this.axis.span;
    let best = -1;
    for (const i of within(this.layer, time - slack, time + slack)) {
      if (this.rowOf[this.layer.label[i]] !== row || !this.layer.shown[i]) continue;
      const [, top, , height] = this.boxOf(this.layer, i);
      if (best < 0 || (y >= top && y < top + height)) best = i;
    }
    return best;
  }

  describe(time, y) {
    const i = this.eventAt(time, y);
    if (i >= 0) return describeEvent(this.layer, i);
    const row = Math.floor(y / this.row);
    const index = this.rowOf.indexOf(row);
    return index >= 0 ? [lanes[index].label] : [];
  }
}

function fitted(context, text, width) {
  if (context.measureText(text).width <= width) return text;
  let cut = text;
  while (cut && context.measureText(`${cut}…`).width > width) cut = cut.slice(0, -1);
  return `${cut}…`;
}

function describeEvent(layer, i) {
  const status = statusOf(layer, i);
  const lines = [lanes[layer.label[i]].label];
  if (recording.channels.length > 1) lines[0] += ` · ${channelName(layer.channel[i])}`;
  lines.push(`${position(layer.onset[i])} – ${position(layer.offset[i])}`);
  if (layer.score[i] !== null) lines.push(`score ${layer.score[i].toFixed(3)}`);
  if (status === "matched") lines.push(`matched, onset ${signed(errorOf(layer, i))} ms`);
  else if (status !== "found") lines.push(status);
  return lines;
}

const channelName = (channel) => recording.channels[channel] ?? String(channel);

// Onset found less onset true, in milliseconds.
function errorOf(layer, i) {
  const partner = layer.partner[i];
  const sign = layer.side === "found" ? 1 : -1;
  return sign * (layer.onset[i] - twin[layer.side].onset[partner]) * 1e3;
}
