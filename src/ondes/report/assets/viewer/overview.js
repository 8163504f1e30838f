// The whole recording: where the view is, and where the mistakes are.

class Overview {
  constructor(axis, player) {
    this.axis = axis;
    this.player = player;
    this.element = $("#overview");
    this.window = $("#window");
    this.marks = $("#overview-marks");
    axis.listen(() => this.place());
    new ResizeObserver(() => this.drawMarks()).observe(this.marks);
    this.element.addEventListener("pointerdown", (event) => this.grab(event));
    this.place();
  }

  timeAt(event) {
    const { left, width } = this.element.getBoundingClientRect();
    return start + clamp((event.clientX - left) / width, 0, 1) * recording.duration_s;
  }

  place() {
    const share = (time) => `${((time - start) / recording.duration_s) * 100}%`;
    this.window.style.left = share(this.axis.from);
    this.window.style.width = share(start + this.axis.span);
  }

  grab(event) {
    if (event.button !== 0) return;
    const { from, to } = this.axis;
    const begin = this.timeAt(event);
    const edge = event.target.dataset.edge;
    const inside = edge || this.axis.holds(begin);
    let moved = false;
    this.element.setPointerCapture(event.pointerId);
    this.element.onpointermove = (move) => {
      const shift = this.timeAt(move) - begin;
      moved ||= Math.abs(move.clientX - event.clientX) > 3;
      if (!moved || !inside) return;
      if (edge === "from") this.axis.show(Math.min(from + shift, to - this.axis.least), to);
      else if (edge === "to") this.axis.show(from, Math.max(to + shift, from + this.axis.least));
      else this.axis.show(from + shift, to + shift);
    };
    this.element.onpointerup = () => {
      this.element.onpointermove = this.element.onpointerup = null;
      if (moved && inside) return;
      if (!inside) this.axis.pan(begin - (from + to) / 2);
      this.player.seek(begin);
    };
  }

  drawMarks() {
    const context = contextOf(this.marks);
    const [width, height] = [this.marks.clientWidth, this.marks.clientHeight];
    for (const layer of [layers.found, layers.truth]) {
      for (let i = 0; layer && i < layer.onset.length; i++) {
        const status = statusOf(layer, i);
        if (status === "matched" && layer.side === "truth") continue;
        const wrong = status === "missed" || status === "extra";
        context.fillStyle = ink[wrong ? status : "matched"];
        context.globalAlpha = wrong ? 1 : 0.3;
        const x = ((layer.onset[i] - start) / recording.duration_s) * width;
        context.fillRect(x, wrong ? 0 : height / 2, wrong ? 2 : 1, wrong ? height : height / 2);
      }
    }
  }
}
