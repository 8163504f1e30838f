"""Estimators after scikit-learn's contract: arrays and labels in, a model out.

``SignalClassifier``, ``SignalTagger`` and ``SignalRegressor`` fit, predict, score, clone and sit in
pipelines and cross-validation as scikit-learn's own do. What they learn is what a recipe learns, by
the same loop: ``model_`` is the `ondes.run.classifier.Classifier` that ``ondes.load`` gives.
"""

from ondes.estimators.classifier import SignalClassifier
from ondes.estimators.regressor import SignalRegressor
from ondes.estimators.tagger import SignalTagger

__all__ = ["SignalClassifier", "SignalRegressor", "SignalTagger"]
