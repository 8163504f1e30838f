"""Trained models at work, floor 5: one windowing engine for files, arrays and streams.

`engine` feeds any network in windows that lie at fixed places, so that no answer depends on how
a recording arrives; `artefact` keeps a model in a folder; `pipeline` puts both together.
"""
