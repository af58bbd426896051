"""A prior that was learned by weights of classes is for models that weigh classes alike."""

import json
from functools import partial

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from skmeta import EmpiricalBayes, GaussianPrior, SharedModel, WarmStartClassifier
from skmeta.compose import MixtureLearner, MixturePrior
from skmeta.linear_model import StateSpace, WorkingStatistics
from skmeta.neural_network import Reptile
from skmeta.tasks import read_tasks

pytestmark = pytest.mark.quick
DIAGONAL = EmpiricalBayes("diagonal", max_iter=5)


def rare(n_tasks=6, n_rows=20):
    rng = np.random.default_rng(0)
    task, X = np.repeat(np.arange(n_tasks), n_rows), rng.normal(size=(n_tasks * n_rows, 2))
    return np.column_stack([X, task]), np.where(X[:, 0] + 0.3 * rng.normal(size=len(X)) > 0.8, "ill", "well")


def collection():
    X, y = rare()
    return read_tasks(X, y, task=-1, labels=True)


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


@pytest.mark.parametrize("class_weight", ["balanced", {"ill": 5}], ids=["balanced", "dict"])
def test_what_was_learned_without_refuses_models_that_weigh(class_weight):
    same = prior_of(LogisticRegression(class_weight={"ill": 1, "well": 1.0}))
    assert same.class_weight is None is prior_of(LogisticRegression()).class_weight
    takes(same, LogisticRegression(class_weight={"ill": 1.0}))
    weighing = LogisticRegression(class_weight=class_weight)
    message = "class_weight: wanted None, as the prior was learned with, found .*; give the estimator the same"
    for known in (same, MixturePrior(same.components[::-1])):
        for refused in (WarmStartClassifier(weighing, prior=known).fit, partial(known.adapt, weighing)):
            with pytest.raises(ValueError, match=message):
                refused(rare()[0][:9, :-1], rare()[1][:9])
        with pytest.raises(ValueError, match=message):
            known.zero_shot(weighing)
    with pytest.raises(ValueError, match=message):
        DIAGONAL.learn(weighing, collection(), same)


@pytest.mark.parametrize("class_weight", [None, "balanced", {"ill": 5}], ids=["none", "balanced", "dict"])
def test_a_prior_by_hand_goes_with_any_unless_it_says_so(class_weight):
    by_hand = {"mean": [1.0, 0.0], "covariance": 0.1, "classes": ["ill", "well"]}
    takes(GaussianPrior(**by_hand), LogisticRegression(class_weight=class_weight))
    if class_weight != "balanced":
        with pytest.raises(ValueError, match="class_weight: wanted 'balanced'"):
            takes(GaussianPrior(**by_hand, class_weight="balanced"), LogisticRegression(class_weight=class_weight))


WEIGHING = {"class_weight": {"ill": 5}}


@pytest.mark.parametrize(
    ("learner", "estimator"),
    [
        (DIAGONAL, LogisticRegression(**WEIGHING)),
        (StateSpace(max_iter=1), LogisticRegression(**WEIGHING)),
        (SharedModel(None, max_rounds=1, cv=2), DecisionTreeClassifier(max_depth=1, **WEIGHING)),
        (Reptile(n_iter=2, random_state=0), SGDClassifier(**WEIGHING)),
        (MixtureLearner(DIAGONAL, n_components=1), LogisticRegression(**WEIGHING)),
    ],
    ids=lambda each: type(each).__name__,
)
def test_every_way_of_learning_says_how_classes_were_weighed(learner, estimator):
    prior = learner.learn(estimator, collection())
    assert prior.class_weight == (5.0, 1.0)
    with pytest.raises(ValueError, match=r"class_weight: wanted {'ill': 5.0, 'well': 1.0}"):
        prior.zero_shot(clone(estimator).set_params(class_weight=None))


def test_so_do_sums_of_parts():
    model = LogisticRegression(**WEIGHING)
    parts = [WorkingStatistics.of_tasks(collection(), model)]
    assert DIAGONAL.learn_statistics(parts, model).class_weight == (5.0, 1.0)


def test_a_mixture_has_what_its_learned_components_agree_on():
    balanced, without = prior_of(LogisticRegression(class_weight="balanced")), prior_of(LogisticRegression())
    by_hand = GaussianPrior([1.0, 0.0], 0.1, classes=["ill", "well"])
    assert MixturePrior(balanced.components[::-1]).class_weight == "balanced"
    assert MixturePrior([by_hand, balanced]).class_weight == "balanced"
    message = "components: wanted priors that were learned with the same class_weight, found 'balanced' and None"
    with pytest.raises(ValueError, match=message):
        MixturePrior([balanced, by_hand, without])
