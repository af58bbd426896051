"""What tests of the report share: few fits, and a file of shops."""

from functools import partial

import joblib
import pytest
from shops import make_shops
from sklearn.base import is_classifier

from skmeta import EmpiricalBayes, WarmStartClassifier, WarmStartRegressor, report
from skmeta.model_selection import _make_baselines
from skmeta.report import _compare, _warm


@pytest.fixture
def few_fits(monkeypatch):
    """Few splits and strengths and sweeps, in this process."""
    learner = EmpiricalBayes("diagonal", max_iter=10)
    shells = {True: WarmStartClassifier, False: WarmStartRegressor}
    monkeypatch.setattr(_warm, "warm_class", lambda model: partial(shells[is_classifier(model)], learner=learner))
    monkeypatch.setattr(_compare, "SHOTS", (0, 4))
    monkeypatch.setattr(_compare, "N_SPLITS", 2)
    monkeypatch.setattr(_make_baselines, "STRENGTHS", (1.0,))
    with joblib.parallel_config(backend="sequential"):
        yield


COMPARED = {}


@pytest.fixture
def few_fits_once(few_fits, monkeypatch):
    """The same, and of one table all tests that only read what came out share it: none may change it."""

    def once(name):
        function = getattr(report, name)

        def remembered(collection, model, **options):
            key = name, joblib.hash((collection, model))
            if key not in COMPARED:
                COMPARED[key] = function(collection, model, **options)
            return COMPARED[key]

        monkeypatch.setattr(report, name, remembered)

    once("compare")
    once("learn_from_all")


@pytest.fixture
def shops(tmp_path):
    path = tmp_path / "shops.csv"
    make_shops().to_csv(path, index=False)
    return str(path)
