// A canvas over the time axis with a gutter on its left; redraws once a frame at most.

const ink = {};

function readInk() {
  const style = getComputedStyle(document.documentElement);
  const names = ["ground", "text", "muted", "line", "accent", "wave", "matched", "missed", "extra"];
  for (const name of [...names, "white-key", "black-key", "key-edge", "row", "row-dark", "extra-edge"])
    ink[name] = style.getPropertyValue(`--${name}`).trim();
  ink.font = style.getPropertyValue("--font");
  hatches.clear();
}

class Panel {
  constructor(id, axis) {
    this.element = $(`#${id}`);
    this.axis = axis;
    this.plot = $(".plot", this.element);
    this.gutter = $(".gutter", this.element);
    this.wanted = false;
    axis.listen(() => this.invalidate());
    new ResizeObserver(() => this.invalidate()).observe(this.plot);
  }

  get width() {
    return this.plot.clientWidth;
  }

  get height() {
    return this.plot.clientHeight;
  }

  set height(pixels) {
    this.element.style.setProperty("--height", `${Math.round(pixels)}px`);
  }

  x(time) {
    return ((time - this.axis.from) / this.axis.span) * this.width;
  }

  invalidate() {
    if (this.wanted) return;
    this.wanted = true;
    requestAnimationFrame(() => {
      this.wanted = false;
      if (this.width && this.height) this.redraw();
    });
  }

  redraw() {
    this.draw(contextOf(this.plot));
    if (this.gutter) this.drawGutter(contextOf(this.gutter));
  }

  drawGutter() {}

  describe() {
    return [];
  }
}

// The drawing context of a canvas at the screen's own resolution, cleared.
function contextOf(canvas) {
  const ratio = window.devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.font = `11px ${ink.font}`;
  return context;
}

const hatches = new Map();

// Diagonal stripes, so that a state is told by more than its colour.
function hatch(colour, background) {
  const key = `${colour} ${background}`;
  if (!hatches.has(key)) {
    const tile = document.createElement("canvas");
    tile.width = tile.height = 6;
    const context = tile.getContext("2d");
    context.fillStyle = background;
    context.fillRect(0, 0, 6, 6);
    context.strokeStyle = colour;
    context.lineWidth = 1.4;
    for (const shift of [-6, 0, 6]) {
      context.moveTo(shift - 1, 7);
      context.lineTo(shift + 7, -1);
    }
    context.stroke();
    hatches.set(key, context.createPattern(tile, "repeat"));
  }
  return hatches.get(key);
}
