// A recording that one looks at and does not hear.

// The place one looks at; nothing plays.
class Pointer {
  constructor() {
    this.place = start;
    this.listeners = [];
  }

  listen(listener) {
    this.listeners.push(listener);
  }

  seek(time) {
    this.place = clamp(time, start, end);
    for (const listener of this.listeners) listener(this.place, false);
  }
}

// The whole waveform in the overview.
function drawAll(waveform) {
  const canvas = $("#overview-wave");
  const context = contextOf(canvas);
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  const lane = height / waveform.channels;
  context.fillStyle = ink.wave;
  waveform.extremes.forEach(([low, high], channel) => {
    const middle = (channel + 0.5) * lane;
    for (let x = 0; x < width; x++) {
      const first = Math.floor((x / width) * waveform.points);
      const stop = Math.max(Math.floor(((x + 1) / width) * waveform.points), first + 1);
      let [top, bottom] = [-127, 127];
      for (let i = first; i < stop; i++) {
        top = Math.max(top, high[i]);
        bottom = Math.min(bottom, low[i]);
      }
      const reach = (lane / 2 - 1) / 127;
      context.fillRect(x, middle - top * reach, 1, Math.max((top - bottom) * reach, 0.75));
    }
  });
}

// The slider and the overview's cursor go with the place one looks at.
function follow(pointer) {
  pointer.listen((time) => {
    $("#stage").setAttribute("aria-valuenow", time.toFixed(3));
    $("#stage").setAttribute("aria-valuetext", position(time));
    $("#overview-cursor").style.left = `${((time - start) / recording.duration_s) * 100}%`;
  });
}
