"""Trained models at work, floor 5: one windowing engine for files, arrays and streams.

`engine` feeds any network in windows that lie at fixed places, so that no answer depends on how
a recording arrives; `predictors` compute one, with torch or without; `artefact` keeps a model in
a folder or an ONNX file; `pipeline` puts these together. To the rooms above it is one `detector`
among others.
"""
