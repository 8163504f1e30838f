// Times along the top.

class Ruler extends Panel {
  draw(context) {
    const step = this.step();
    const digits = Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));
    context.fillStyle = ink.muted;
    context.strokeStyle = ink.line;
    context.textBaseline = "middle";
    for (let n = Math.ceil(this.axis.from / step); n * step <= this.axis.to; n++) {
      const x = Math.round(this.x(n * step)) + 0.5;
      context.beginPath();
      context.moveTo(x, this.height - 7);
      context.lineTo(x, this.height);
      context.stroke();
      context.fillText(this.label(n * step, digits), x + 4, this.height / 2);
    }
  }

  // The roundest step that leaves room for its labels.
  step() {
    const least = (this.axis.span / this.width) * 90;
    const long = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600];
    const power = 10 ** Math.floor(Math.log10(least));
    if (least > 0.5) return long.find((step) => step >= least) ?? 43200;
    return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= least);
  }

  label(time, digits) {
    if (total >= 2) return clock(time, Math.min(digits, 6));
    if (total >= 2e-3) return `${(time * 1e3).toFixed(Math.max(0, digits - 3))} ms`;
    return `${(time * 1e6).toFixed(Math.max(0, digits - 6))} µs`;
  }
}
