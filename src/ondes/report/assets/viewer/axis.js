// The stretch of time on view, shared by every panel.

class Axis {
  constructor() {
    this.least = Math.min(64 / recording.rate_hz, recording.duration_s);
    this.from = start;
    this.to = end;
    this.listeners = [];
  }

  get span() {
    return this.to - this.from;
  }

  listen(listener) {
    this.listeners.push(listener);
  }

  show(from, to) {
    const span = clamp(to - from, this.least, recording.duration_s);
    this.from = clamp((from + to - span) / 2, start, end - span);
    this.to = this.from + span;
    for (const listener of this.listeners) listener();
  }

  // Closer by `factor`; the time `at` stays where it is.
  zoom(factor, at = (this.from + this.to) / 2) {
    const span = clamp(this.span / factor, this.least, recording.duration_s);
    const from = at - ((at - this.from) / this.span) * span;
    this.show(from, from + span);
  }

  pan(seconds) {
    this.show(this.from + seconds, this.to + seconds);
  }

  holds(time) {
    return time >= this.from && time <= this.to;
  }

  // Bring [from, to] into view, and closer where it would be too small to see.
  reveal(from, to) {
    const span = clamp(this.span, to - from, Math.max((to - from) * 60, this.least));
    if (span === this.span && this.holds(from) && this.holds(to)) return;
    this.show((from + to - span) / 2, (from + to + span) / 2);
  }
}
