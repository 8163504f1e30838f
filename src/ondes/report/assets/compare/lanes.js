// One lane for each answer: what all found, what some found, what one found alone.

const kindOf = (i) => {
  if (!data.right[i]) return "against";
  if (data.sharing[i] === data.detectors) return "shared";
  if (isTruth(found.label[i])) return "against"; // true, and missed by some
  return data.sharing[i] > 1 ? "some" : "alone";
};

const isTruth = (lane) => data.knows_truth && lane === 0;
const kinds = found.onset.map((_, i) => kindOf(i));

class Lanes extends Panel {
  constructor(axis) {
    super("found", axis);
    this.layer = layers.found;
    this.selected = -1;
    const channels = [...new Set(found.channel)].sort((a, b) => a - b);
    this.tracks = new Map(channels.map((channel, index) => [channel, index]));
    this.row = clamp(26 + 5 * (channels.length - 1), 26, 72);
    this.height = this.row * lanes.length;
  }

  draw(context) {
    lanes.forEach((_, row) => {
      context.fillStyle = row % 2 ? ink["row-dark"] : ink.row;
      context.fillRect(0, row * this.row, this.width, this.row);
    });
    const inView = [...within(this.layer, this.axis.from, this.axis.to)];
    for (const i of inView) if (kinds[i] === "shared") this.drawEvent(context, i);
    for (const i of inView) if (kinds[i] !== "shared") this.drawEvent(context, i);
  }

  boxOf(i) {
    const left = this.x(this.layer.onset[i]);
    const width = Math.max(this.x(this.layer.offset[i]) - left, 2);
    const height = (this.row - 8) / this.tracks.size;
    const top = found.label[i] * this.row + 4 + this.tracks.get(found.channel[i]) * height;
    return [left, top, width, Math.max(height - (this.tracks.size > 1 ? 1 : 0), 2)];
  }

  drawEvent(context, i) {
    const [left, top, width, height] = this.boxOf(i);
    const thin = width < 4;
    context.beginPath();
    context.roundRect(left, top, width, height, thin ? 0 : Math.min(2.5, width / 4, height / 3));
    context.fillStyle = this.fillOf(i, thin);
    context.fill();
    context.lineWidth = 1.2;
    context.strokeStyle = kinds[i] === "against" ? ink.missed : ink["extra-edge"];
    if (!thin && (kinds[i] === "against" || kinds[i] === "alone")) context.stroke();
    if (i !== this.selected) return;
    context.strokeStyle = ink.text;
    context.lineWidth = 2;
    context.strokeRect(left - 2, top - 2, width + 4, height + 4);
  }

  fillOf(i, thin) {
    if (kinds[i] === "against") return thin ? ink.missed : hatch(ink.missed, ink.ground);
    if (kinds[i] === "alone") return ink.extra;
    if (isTruth(found.label[i])) return ink.muted;
    if (kinds[i] === "shared") return ink.matched;
    return `color-mix(in srgb, ${ink.matched} 45%, ${ink.ground})`;
  }

  drawGutter(context) {
    context.textBaseline = "middle";
    context.textAlign = "right";
    const right = this.gutter.clientWidth - 8;
    lanes.forEach((lane, row) => {
      context.fillStyle = isTruth(row) ? ink.text : ink.muted;
      context.fillText(lane.label, right, (row + 0.5) * this.row, right);
    });
  }

  eventAt(time, y) {
    const row = Math.floor(y / this.row);
    const slack = (3 / this.width) * this.axis.span;
    for (const i of within(this.layer, time - slack, time + slack)) {
      const [, top, , height] = this.boxOf(i);
      if (found.label[i] === row && y >= top && y < top + height) return i;
    }
    return -1;
  }

  describe(time, y) {
    const i = this.eventAt(time, y);
    const row = Math.floor(y / this.row);
    if (i < 0) return row < lanes.length ? [lanes[row].label] : [];
    const where = recording.channels.length > 1 ? ` · ${recording.channels[found.channel[i]]}` : "";
    const score = found.score[i] === null ? [] : [`score ${found.score[i].toFixed(2)}`];
    return [
      `${lanes[row].label}: ${data.words[i]}${where}`,
      `${position(this.layer.onset[i])}, ${length(this.layer.offset[i] - this.layer.onset[i])} long`,
      ...score,
      `found by ${data.sharing[i]} of ${data.detectors}`,
      ...(data.right[i] ? [] : ["not in the truth"]),
    ];
  }
}

// The whole recording, and in it the differences.
class Differences extends Overview {
  drawMarks() {
    const context = contextOf(this.marks);
    const [width, height] = [this.marks.clientWidth, this.marks.clientHeight];
    const colours = { against: ink.missed, alone: ink["extra-edge"], some: ink.matched };
    kinds.forEach((kind, i) => {
      if (kind === "shared") return;
      const x = ((layers.found.onset[i] - start) / recording.duration_s) * width;
      context.fillStyle = colours[kind];
      context.fillRect(x, 0, 1.5, height);
    });
  }
}
