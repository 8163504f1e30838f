// Lowest and highest sample of every stretch, one lane per channel.

class Waveform extends Panel {
  constructor(axis) {
    super("waveform", axis);
    this.channels = recording.channels.length;
    const steps = new Int8Array(bytesOf("waveform-data").buffer);
    const points = steps.length / (2 * this.channels);
    this.extremes = recording.channels.map((_, channel) => {
      const at = (2 * channel) * points;
      return [steps.subarray(at, at + points), steps.subarray(at + points, at + 2 * points)];
    });
    this.points = points;
    this.stretch = recording.waveform.stretch / recording.rate_hz;
    this.height = this.channels === 1 ? 92 : this.channels * clamp(300 / this.channels, 28, 64);
  }

  draw(context) {
    const lane = this.height / this.channels;
    const close = this.axis.span * recording.rate_hz < this.width * 4;
    if (close) this.sharpen();
    this.extremes.forEach((extremes, channel) => {
      const middle = (channel + 0.5) * lane;
      const reach = lane / 2 - 3;
      context.fillStyle = ink.line;
      context.fillRect(0, Math.round(middle), this.width, 1);
      const samples = close && this.samplesOf(channel);
      if (samples) this.trace(context, samples, middle, reach);
      else this.outline(context, extremes, middle, reach / 127);
    });
    if (typeof shadeAlarms === "function") shadeAlarms(context, this); // a page may have no alarms
  }

  // Take single samples from the sound, where it holds them unchanged.
  async sharpen() {
    if (this.sharpened || !recording.audio?.exact || recording.waveform.stretch === 1) return;
    this.sharpened = true;
    const decoder = new OfflineAudioContext(1, 1, recording.audio.rate_hz);
    const decoded = await decoder.decodeAudioData(sound.slice().buffer);
    this.samples = recording.channels.map((_, channel) => decoded.getChannelData(channel));
    this.invalidate();
  }

  // Samples and what they are to be divided by to lie within one; null where there are none.
  samplesOf(channel) {
    if (recording.waveform.stretch === 1) return [this.extremes[channel][1], 127];
    const peak = recording.waveform.peaks[channel] || 1;
    return this.samples ? [this.samples[channel], peak * recording.audio.gain] : null;
  }

  trace(context, [samples, whole], middle, reach) {
    const place = (time) => (time - start) * recording.rate_hz;
    const first = Math.max(Math.floor(place(this.axis.from)), 0);
    const last = Math.min(Math.ceil(place(this.axis.to)), samples.length - 1);
    const gap = this.width / (this.axis.span * recording.rate_hz);
    context.strokeStyle = context.fillStyle = ink.wave;
    context.lineWidth = 1.3;
    context.lineJoin = "round";
    context.beginPath();
    for (let i = first; i <= last; i++) {
      const [x, y] = [(i - place(this.axis.from)) * gap, middle - (samples[i] / whole) * reach];
      context.lineTo(x, y);
      if (gap > 7) context.fillRect(x - 1.75, y - 1.75, 3.5, 3.5);
    }
    context.stroke();
  }

  outline(context, [low, high], middle, scale) {
    const place = (time) => (time - start) / this.stretch;
    const step = place(this.axis.to) - place(this.axis.from);
    const [xs, tops, bottoms] =
      step > this.width
        ? this.perPixel(low, high, place(this.axis.from), step / this.width)
        : this.perPoint(low, high, place(this.axis.from), place(this.axis.to));
    const least = 0.5;
    context.beginPath();
    for (let i = 0; i < xs.length; i++) context.lineTo(xs[i], middle - tops[i] * scale - least);
    for (let i = xs.length - 1; i >= 0; i--)
      context.lineTo(xs[i], middle - bottoms[i] * scale + least);
    context.closePath();
    context.fillStyle = ink.wave;
    context.fill();
  }

  // More points than pixels: the extremes of each pixel.
  perPixel(low, high, from, step) {
    const [xs, tops, bottoms] = [[], [], []];
    for (let x = 0; x < this.width; x++) {
      const first = Math.floor(from + x * step);
      const stop = Math.min(Math.floor(from + (x + 1) * step) + 1, this.points);
      let [top, bottom] = [-127, 127];
      for (let i = first; i < stop; i++) {
        if (high[i] > top) top = high[i];
        if (low[i] < bottom) bottom = low[i];
      }
      if (first >= stop) break;
      xs.push(x + 0.5);
      tops.push(top);
      bottoms.push(bottom);
    }
    return [xs, tops, bottoms];
  }

  perPoint(low, high, from, to) {
    const first = clamp(Math.floor(from) - 1, 0, this.points - 1);
    const stop = clamp(Math.ceil(to) + 1, 1, this.points);
    const xs = [];
    for (let i = first; i < stop; i++) xs.push(this.x(start + (i + 0.5) * this.stretch));
    return [xs, high.subarray(first, stop), low.subarray(first, stop)];
  }

  drawGutter(context) {
    const lane = this.height / this.channels;
    context.fillStyle = ink.muted;
    context.textAlign = "right";
    context.textBaseline = "middle";
    recording.channels.forEach((name, channel) => {
      const right = this.gutter.clientWidth - 8;
      const peak = `±${+recording.waveform.peaks[channel].toPrecision(2)} ${recording.unit}`.trim();
      if (this.channels === 1 || lane >= 40) {
        context.fillText(peak, right, (channel + 0.5) * lane + (this.channels > 1 ? 7 : 0), right);
      }
      if (this.channels > 1) {
        context.fillText(name, right, (channel + 0.5) * lane - (lane >= 40 ? 7 : 0), right);
      }
    });
  }
}
