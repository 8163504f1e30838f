"""What was found, on one page that opens anywhere: self-contained HTML, no network.

`detection.write` shows one recording: its waveform, spectrogram, events and truth on one time
axis, with the audio. `index.write` lists the recordings of a batch. `compare.write` sets detectors
above each other. `classification.write` shows many clips, what each was taken for and what it is:
how classes are confused, and examples to look at and listen to. The pages are made of
`templates/` (Jinja2) and `assets/` (style and viewer); `vendor/` holds wavesurfer.js.
"""
