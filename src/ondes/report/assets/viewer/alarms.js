// Alarms: a lane for each rule, and a shade over the waveform.

const alarms = data.alarms;

class Alarms extends Panel {
  constructor(axis) {
    super("alarms", axis);
    this.row = 24;
    this.height = this.row * alarms.rules.length;
  }

  draw(context) {
    for (let row = 0; row < alarms.rules.length; row++) {
      context.fillStyle = row % 2 ? ink["row-dark"] : ink.row;
      context.fillRect(0, row * this.row, this.width, this.row + 0.5);
    }
    alarms.onset.forEach((_, i) => this.drawAlarm(context, i));
  }

  drawAlarm(context, i) {
    const [left, right] = [this.x(alarms.onset[i]), this.x(alarms.offset[i])];
    if (right < -3 || left > this.width + 3) return;
    const top = alarms.rule[i] * this.row + 4;
    const raised = this.x(alarms.raised[i]);
    context.fillStyle = hatch(ink.missed, ink.ground);
    context.fillRect(left, top, Math.max(raised - left, 0), this.row - 8);
    context.fillStyle = ink.missed;
    context.fillRect(raised, top, Math.max(right - raised, 3), this.row - 8);
  }

  drawGutter(context) {
    context.textBaseline = "middle";
    context.textAlign = "right";
    context.fillStyle = ink.muted;
    const right = this.gutter.clientWidth - 8;
    alarms.rules.forEach((name, row) => {
      context.fillText(fitted(context, name, right - 2), right, (row + 0.5) * this.row);
    });
  }

  describe(time, y) {
    const row = Math.floor(y / this.row);
    const slack = (3 / this.width) * this.axis.span;
    const i = alarms.onset.findIndex(
      (onset, at) =>
        alarms.rule[at] === row && onset - slack <= time && alarms.offset[at] + slack > time,
    );
    if (i < 0) return [alarms.rules[row]];
    const where = recording.channels.length > 1 ? ` · ${channelName(alarms.channel[i])}` : "";
    return [alarms.rules[row] + where, alarms.said[i], `raised at ${position(alarms.raised[i])}`];
  }
}

// Shade the waveform of the channels that alarms are about.
function shadeAlarms(context, panel) {
  const lane = panel.height / panel.channels;
  context.fillStyle = ink.missed;
  alarms.onset.forEach((onset, i) => {
    const [left, right] = [panel.x(onset), panel.x(alarms.offset[i])];
    const top = alarms.channel[i] < panel.channels ? alarms.channel[i] * lane : 0;
    context.globalAlpha = 0.13;
    context.fillRect(left, top, Math.max(right - left, 1), lane);
    context.globalAlpha = 0.8;
    context.fillRect(panel.x(alarms.raised[i]) - 0.5, top, 1.5, lane);
  });
  context.globalAlpha = 1;
}
