"""A prior that was learned by weights of classes is for models that weigh classes alike."""

import json

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmeta import EmpiricalBayes, SharedModel, WarmStartClassifier
from skmeta.compose import MixturePrior

pytestmark = pytest.mark.quick
DIAGONAL = EmpiricalBayes("diagonal", max_iter=5)


def rare(n_tasks=6, n_rows=20):
    rng = np.random.default_rng(0)
    task, X = np.repeat(np.arange(n_tasks), n_rows), rng.normal(size=(n_tasks * n_rows, 2))
    return np.column_stack([X, task]), np.where(X[:, 0] + 0.3 * rng.normal(size=len(X)) > 0.8, "ill", "well")


def prior_of(estimator, learner=DIAGONAL):
    return WarmStartClassifier(estimator, task=-1, learner=learner).fit(*rare()).prior_


def takes(prior, estimator):
    X, y = rare()
    X, y = X[:9, :-1], y[:9]
    WarmStartClassifier(estimator, prior=prior).fit(X, y)
    prior.adapt(estimator, X, y)
    prior.zero_shot(estimator)


@pytest.mark.parametrize(
    ("class_weight", "wanted"),
    [("balanced", "'balanced'"), ({"ill": 5}, r"{'ill': 5.0, 'well': 1.0}")],
    ids=["balanced", "dict"],
)
def test_models_that_weigh_classes_otherwise_are_refused(class_weight, wanted):
    model = LogisticRegression(class_weight=class_weight)
    prior = prior_of(model)
    stored = json.loads(json.dumps(prior.to_dict(), default=np.ndarray.tolist))
    message = (
        f"class_weight: wanted {wanted}, as the prior was learned with, found None, .*; give the estimator the same"
    )
    for known in (prior, MixturePrior.from_dict(stored)):
        takes(known, model)
        takes(known, SGDClassifier(loss="log_loss", class_weight=class_weight, random_state=0))
        for refused in (known.adapt, WarmStartClassifier(LogisticRegression(), prior=known).fit):
            arguments = [] if refused != known.adapt else [LogisticRegression()]
            with pytest.raises(ValueError, match=message):
                refused(*arguments, rare()[0][:9, :-1], rare()[1][:9])
        with pytest.raises(ValueError, match=message):
            known.zero_shot(LogisticRegression())
        with pytest.raises(ValueError, match=message):
            WarmStartClassifier(LogisticRegression(), task=-1, prior=known, learner=DIAGONAL).fit(*rare())


@pytest.mark.parametrize(
    ("estimator", "learner"),
    [
        (make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced")), DIAGONAL),
        (RandomForestClassifier(2, class_weight="balanced"), SharedModel(None, max_rounds=1, cv=2)),
    ],
    ids=["behind steps", "shared model"],
)
def test_so_it_is_behind_steps_and_of_any_estimator(estimator, learner):
    prior = prior_of(estimator, learner)
    takes(prior, estimator)
    last = "logisticregression__class_weight" if hasattr(estimator, "steps") else "class_weight"
    with pytest.raises(ValueError, match="class_weight: wanted 'balanced'"):
        takes(prior, clone(estimator).set_params(**{last: None}))


def test_weights_of_one_are_none_and_what_was_learned_without_goes_with_any():
    same = prior_of(LogisticRegression(class_weight={"ill": 1, "well": 1.0}))
    assert same.class_weight is None is prior_of(LogisticRegression()).class_weight
    for class_weight in (None, "balanced", {"ill": 5}):
        takes(same, LogisticRegression(class_weight=class_weight))
