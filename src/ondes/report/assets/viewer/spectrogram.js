// The picture that Python drew, and where wanted the events on it.

class Spectrogram extends Panel {
  constructor(axis) {
    super("spectrogram", axis);
    this.withEvents = false;
    this.height = 250;
    this.image = new Image();
    const element = $("#spectrogram-data");
    this.image.src = `data:image/png;base64,${element.textContent}`;
    this.image.decode().then(() => this.invalidate());
    element.remove();
    const { low_hz: low, high_hz: high, hop } = recording.spectrogram;
    this.low = Math.log2(low);
    this.octaves = Math.log2(high) - this.low;
    this.column = hop / recording.rate_hz;
  }

  y(frequency) {
    return this.height * (1 - (Math.log2(frequency) - this.low) / this.octaves);
  }

  frequencyAt(y) {
    return 2 ** (this.low + (1 - y / this.height) * this.octaves);
  }

  draw(context) {
    if (!this.image.width) return;
    const from = (this.axis.from - start) / this.column;
    context.imageSmoothingQuality = "medium";
    const { width, height } = this;
    const columns = this.axis.span / this.column;
    context.drawImage(this.image, from, 0, columns, this.image.height, 0, 0, width, height);
    if (this.withEvents && pitched) this.drawEvents(context, layers.found);
  }

  drawEvents(context, layer) {
    context.strokeStyle = "rgb(255 255 255 / 85%)";
    context.lineWidth = 1;
    for (const i of within(layer, this.axis.from, this.axis.to)) {
      if (!layer.shown[i]) continue;
      const frequency = frequencyOf(lanes[layer.label[i]].midi);
      const [left, right] = [this.x(layer.onset[i]), this.x(layer.offset[i])];
      const [top, bottom] = [this.y(frequency * 2 ** (1 / 24)), this.y(frequency / 2 ** (1 / 24))];
      context.strokeRect(left, top - 1, Math.max(right - left, 2), bottom - top + 2);
    }
  }

  drawGutter(context) {
    context.fillStyle = ink.muted;
    context.strokeStyle = ink.line;
    context.textAlign = "right";
    context.textBaseline = "middle";
    const right = this.gutter.clientWidth;
    for (const frequency of this.ticks()) {
      const y = this.y(frequency);
      if (y < 7 || y > this.height - 7) continue;
      context.fillText(shortHertz(frequency), right - 8, y);
      context.fillRect(right - 4, Math.round(y), 4, 1);
    }
  }

  *ticks() {
    for (let power = 10 ** Math.floor(this.low * Math.LOG10E * Math.LN2); ; power *= 10) {
      for (const factor of [1, 2, 5]) {
        if (Math.log2(factor * power) > this.low + this.octaves) return;
        yield factor * power;
      }
    }
  }

  describe(_time, y) {
    const frequency = this.frequencyAt(y);
    return [hertz(frequency), pitched ? noteNear(frequency) : ""];
  }
}
