// Sound and overview by wavesurfer.js; its time is the file's, ours is the signal's.

class Player {
  constructor(waveform) {
    this.slowdown = recording.audio?.slowdown ?? 1;
    this.listeners = [];
    this.place = start;
    this.wave = WaveSurfer.create({
      container: "#overview-wave",
      height: 46,
      barWidth: 2,
      barGap: 1,
      barRadius: 1,
      cursorWidth: 0,
      interact: false,
      hideScrollbar: true,
      normalize: true,
      peaks: [overviewOf(waveform)],
      duration: recording.duration_s * this.slowdown,
      ...(recording.audio ? { url: soundAddress() } : {}),
    });
    this.wave.on("timeupdate", () => this.follow());
    this.wave.on("seeking", () => this.follow());
    this.wave.on("play", () => this.tell());
    this.wave.on("pause", () => this.tell());
    this.recolour();
  }

  recolour() {
    this.wave.setOptions({ waveColor: ink.muted, progressColor: ink.accent });
  }

  get playing() {
    return this.wave.isPlaying();
  }

  listen(listener) {
    this.listeners.push(listener);
  }

  tell() {
    for (const listener of this.listeners) listener(this.place, this.playing);
  }

  follow() {
    if (!recording.audio) return;
    this.place = clamp(start + this.wave.getCurrentTime() / this.slowdown, start, end);
    this.tell();
  }

  seek(time) {
    this.place = clamp(time, start, end);
    if (recording.audio) this.wave.setTime((this.place - start) * this.slowdown);
    this.tell();
  }

  toggle() {
    if (recording.audio) this.wave.playPause();
  }

  play(from, to) {
    this.seek(from);
    if (recording.audio)
      this.wave.play((from - start) * this.slowdown, (to - start) * this.slowdown);
  }

  set speed(factor) {
    this.wave.setPlaybackRate(factor);
  }
}

function soundAddress() {
  return URL.createObjectURL(new Blob([sound], { type: recording.audio.mime }));
}

// The loudest of all channels, coarse enough for a narrow strip.
function overviewOf(waveform) {
  const points = Math.min(waveform.points, 2000);
  const peaks = new Float32Array(points);
  for (const [low, high] of waveform.extremes) {
    for (let i = 0; i < waveform.points; i++) {
      const at = Math.floor((i * points) / waveform.points);
      peaks[at] = Math.max(peaks[at], -low[i] / 127, high[i] / 127);
    }
  }
  return peaks;
}
