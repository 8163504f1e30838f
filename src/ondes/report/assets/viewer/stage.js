// The panels above each other: one cursor, one pointer, one wheel.

class Stage {
  constructor(axis, player, panels, { onPick }) {
    Object.assign(this, { axis, player, panels, onPick });
    this.element = $("#stage");
    this.cursor = $("#cursor");
    this.cross = $("#cross");
    this.tip = $("#tip");
    this.last = start;
    axis.listen(() => this.placeCursor());
    new ResizeObserver(() => this.placeCursor()).observe(this.element);
    player.listen((time, playing) => this.advance(time, playing));
    this.element.addEventListener("pointerdown", (event) => this.grab(event));
    this.element.addEventListener("pointermove", (event) => this.hover(event));
    this.element.addEventListener("pointerleave", () => this.hide());
    this.element.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
  }

  get edges() {
    return this.panels[0].plot.getBoundingClientRect();
  }

  timeAt(event) {
    const { left, width } = this.edges;
    return this.axis.from + ((event.clientX - left) / width) * this.axis.span;
  }

  placeCursor() {
    const { left, width } = this.edges;
    const x = this.panels[0].x(this.player.place);
    this.cursor.hidden = x < -1 || x > width + 1;
    const offset = left - this.element.getBoundingClientRect().left;
    this.cursor.style.transform = `translateX(${offset + x}px)`;
  }

  // Turn the page when the cursor runs out of it, unless the reader has looked away.
  advance(time, playing) {
    if (playing && this.axis.holds(this.last) && time > this.axis.to - 0.02 * this.axis.span)
      this.axis.pan(time - this.axis.from - 0.05 * this.axis.span);
    this.last = time;
    this.placeCursor();
  }

  panelAt(event) {
    return this.panels.find((panel) => {
      const { top, bottom } = panel.plot.getBoundingClientRect();
      return event.clientY >= top && event.clientY < bottom;
    });
  }

  heightAt(event, panel) {
    return event.clientY - panel.plot.getBoundingClientRect().top;
  }

  grab(event) {
    if (event.button !== 0 || event.clientX < this.edges.left) return;
    const { from, to } = this.axis;
    const begin = event.clientX;
    let moved = false;
    this.element.setPointerCapture(event.pointerId);
    const move = (next) => {
      moved ||= Math.abs(next.clientX - begin) > 4;
      if (!moved) return;
      this.element.classList.add("panning");
      const shift = ((begin - next.clientX) / this.edges.width) * (to - from);
      this.axis.show(from + shift, to + shift);
    };
    const drop = () => {
      this.element.removeEventListener("pointermove", move);
      this.element.classList.remove("panning");
      if (!moved) this.pick(event);
    };
    this.element.addEventListener("pointermove", move);
    this.element.addEventListener("pointerup", drop, { once: true });
  }

  pick(event) {
    const panel = this.panelAt(event);
    const time = this.timeAt(event);
    this.player.seek(time);
    const i = panel?.eventAt?.(time, this.heightAt(event, panel)) ?? -1;
    this.onPick(i >= 0 ? panel.layer : null, i);
  }

  wheel(event) {
    const sideways = event.shiftKey ? event.deltaY : event.deltaX;
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      this.axis.zoom(Math.exp(-clamp(event.deltaY, -60, 60) * 0.008), this.timeAt(event));
    } else if (Math.abs(sideways) > Math.abs(event.shiftKey ? 0 : event.deltaY)) {
      event.preventDefault();
      this.axis.pan((sideways / this.edges.width) * this.axis.span);
    }
  }

  hover(event) {
    const { left, right } = this.edges;
    if (event.clientX < left || event.clientX > right) return this.hide();
    const frame = this.element.getBoundingClientRect();
    const panel = this.panelAt(event);
    const time = this.timeAt(event);
    const lines = panel ? panel.describe(time, this.heightAt(event, panel)) : [];
    this.cross.hidden = false;
    this.cross.style.transform = `translateX(${event.clientX - frame.left}px)`;
    this.tip.replaceChildren(...[position(time), ...lines].filter(Boolean).map(lineElement));
    this.tip.hidden = false;
    const flip = event.clientX > right - 190;
    const shift = flip ? -this.tip.offsetWidth - 12 : 12;
    const y = clamp(event.clientY - frame.top + 14, 0, frame.height - this.tip.offsetHeight);
    this.tip.style.transform = `translate(${event.clientX - frame.left + shift}px, ${y}px)`;
    return undefined;
  }

  hide() {
    this.cross.hidden = this.tip.hidden = true;
  }
}

function lineElement(text) {
  const line = document.createElement("div");
  line.textContent = text;
  return line;
}
