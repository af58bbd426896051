"""Rows enough to hold some out: counted as scikit-learn's own early stopping splits them."""

import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import SGDClassifier, SGDRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor

from skmeta.neural_network._held_out import check_rows_to_hold_out

pytestmark = pytest.mark.quick

NET = {"solver": "sgd", "hidden_layer_sizes": 1, "max_iter": 1, "random_state": 0}
LINEAR = {"max_iter": 1, "tol": None, "random_state": 0}
MODELS = [
    MLPRegressor(**NET),
    MLPClassifier(**NET),
    SGDRegressor(**LINEAR),
    SGDClassifier(**LINEAR),
]


def fitted(model, y):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # one epoch is few
        return clone(model).fit(np.arange(float(len(y)))[:, None], y)


def fits(model, y):
    try:
        fitted(model, y)
    except ValueError:
        return False
    return True


def passes(model, y):
    before = fitted(clone(model).set_params(early_stopping=False), y)
    try:
        check_rows_to_hold_out(before.set_params(early_stopping=model.early_stopping), y)
    except ValueError as error:
        assert f"found {len(y)} rows that {type(model).__name__} cannot split; use early_stopping=False" in str(error)
        return False
    return True


def targets_of(model, n_rows):
    """Balanced labels, and such of which one class is rare; two classes at least for what needs them."""
    if not hasattr(model, "predict_proba") and not hasattr(model, "decision_function"):
        return [np.arange(float(n_rows))]
    found = [np.arange(n_rows) % 2, np.arange(n_rows) % 3, np.arange(n_rows) // 2 % 5]
    found += [(np.arange(n_rows) < rare) * 1 + (np.arange(n_rows) % 2) * 2 for rare in (1, 2)]
    least = 1 if isinstance(model, MLPClassifier) else 2
    return [y for y in found if len(np.unique(y)) >= least]


@pytest.mark.parametrize("fraction", [0.1, 0.6])
@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
def test_what_is_counted_is_what_scikit_learn_can_split(model, fraction):
    model = clone(model).set_params(early_stopping=True, validation_fraction=fraction)
    seen = set()
    for n_rows in (1, 2, 3, 5, 9, 11, 20):
        for y in targets_of(model, n_rows):
            can = fits(model, y)
            assert passes(model, y) == can, y
            seen.add(can)
    assert seen == {True, False}


def test_several_labels_a_row_are_not_kept_apart():
    model = MLPClassifier(early_stopping=True, **NET)
    for n_rows in (3, 12, 20):
        y = np.eye(n_rows, 2, dtype=int) + np.eye(n_rows, 2, k=-2, dtype=int)
        assert passes(model, y) == fits(model, y) == (n_rows > 10)


def test_what_does_not_stop_early_holds_nothing_out():
    for model in (MLPClassifier(solver="lbfgs", early_stopping=True), MLPClassifier(**NET), SGDRegressor()):
        check_rows_to_hold_out(model, np.zeros(1))
