"""scikit-learn's own checks of estimators."""

import warnings

import pytest
from sklearn.utils.estimator_checks import estimator_checks_generator

from ondes import SignalClassifier, SignalRegressor

TINY = {"options": {"blocks": 1, "filters": 2, "dropout": 0.0}, "epochs": 1}
LENGTHS_MAY_DIFFER = {
    "check_n_features_in_after_fitting": "clips may have other lengths than those learnt from",
    "check_classifiers_train": "clips may have other lengths than those learnt from",
    "check_regressors_train": "clips may have other lengths than those learnt from",
}


def checks():
    for kind in (SignalClassifier, SignalRegressor):
        estimator = kind("sample-cnn", **TINY)
        for one, check in estimator_checks_generator(
            estimator, expected_failed_checks=LENGTHS_MAY_DIFFER, mark="skip"
        ):
            name = getattr(check, "func", check).__name__
            yield pytest.param(one, check, id=f"{kind.__name__}-{name}")


@pytest.mark.parametrize(("estimator", "check"), list(checks()))
def test_scikit_learn(estimator, check):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check(estimator)
