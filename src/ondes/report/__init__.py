"""What was found, on one page that opens anywhere: self-contained HTML, no network.

`detection.write` shows one recording: its waveform, spectrogram, events and truth on one time
axis, with the audio. `index.write` lists the recordings of a batch. The pages are made of
`templates/` (Jinja2) and `assets/` (style and viewer); `vendor/` holds wavesurfer.js.
"""
