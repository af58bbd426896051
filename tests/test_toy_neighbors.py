"""A family in one short file: nearest neighbours under a scale of the columns that past tasks agree on."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from common import CHECKS, check_class_frequencies_are_the_pasts, make_case, name_of
from sklearn.base import clone, is_classifier
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmeta.base import AdaptedEstimators, Learner, Prior, register


class ToyClassifier(KNeighborsClassifier):
    """An estimator that nobody else has registered."""


class ToyRegressor(KNeighborsRegressor):
    """An estimator that nobody else has registered."""


@dataclass(frozen=True, eq=False, repr=False)
class ScalePrior(Prior):
    """Columns count by ``relevance``; a task without rows is predicted by ``typical`` points and their targets."""

    relevance: np.ndarray
    typical: np.ndarray
    target: np.ndarray

    def adapt_tasks(self, estimator, tasks, *, n_jobs=None):
        return ScaledNeighbors(self, estimator, tasks)


class ScaledNeighbors(AdaptedEstimators):
    """A plain Pipeline a task: columns scaled by their relevance, then its own neighbours."""

    def estimator(self, code):
        names = self.prior.feature_names
        X, y = pd.DataFrame(self.prior.typical, columns=names) if names else self.prior.typical, self.prior.target
        known = self.tasks.labelled_rows()
        if code >= 0 and known.counts[code]:
            X, y, _ = next(iter(known.take([code])))
        model = clone(self.model).set_params(n_neighbors=min(self.model.n_neighbors, len(y)))
        scaler = StandardScaler(with_mean=False).fit(X)
        scaler.scale_ = 1.0 / self.prior.relevance
        return make_pipeline(scaler, model.fit(scaler.transform(X), y))


@register(ToyClassifier, ToyRegressor)
class RelevanceLearner(Learner):
    """Relevance is the mean over tasks of each column's absolute correlation with the target, or with a label's indicator."""

    def learn(self, estimator, tasks, prior=None, *, n_jobs=None, progress=None):
        tasks = tasks.labelled_rows()
        classes = None if tasks.classes is None else np.unique(np.concatenate(tasks.classes))
        columns = [self._relevance(np.asarray(X), y, classes) for X, y, _ in tasks if len(y)]
        n_past = 0 if prior is None else prior.n_tasks
        relevance = (np.sum(columns, axis=0) + (n_past * prior.relevance if n_past else 0.0)) / (len(columns) + n_past)
        X, y = np.asarray(tasks.X), tasks.y
        groups = [np.ones(len(y), bool)] if classes is None else [y == label for label in classes]
        typical = np.array([X[own].mean(axis=0) for own in groups])
        counts = {
            "n_tasks": len(columns) + n_past,
            "n_rows": len(y),
            "feature_names": tasks.feature_names,
            "classes": classes,
        }
        return ScalePrior(relevance, typical, classes if is_classifier(estimator) else np.array([y.mean()]), **counts)

    def _relevance(self, X, y, classes):
        targets = [y] if classes is None else [(y == label).astype(float) for label in classes]
        with np.errstate(invalid="ignore", divide="ignore"):
            found = [np.abs(np.corrcoef(X.T, target)[-1, :-1]) for target in targets]
        return 0.1 + np.nan_to_num(np.mean(found, axis=0))


# The family learns no frequencies of classes.
CHECKED = [each for each in CHECKS if each is not check_class_frequencies_are_the_pasts]


@pytest.mark.parametrize("check", CHECKED, ids=name_of)
@pytest.mark.parametrize("estimator", [ToyClassifier(3), ToyRegressor(3)], ids=lambda e: type(e).__name__)
def test_the_family_does_all_that_a_family_must(estimator, check):
    check(make_case(estimator))


def test_a_useless_column_counts_for_less():
    prior = make_case(ToyRegressor()).learned().prior_
    assert prior.relevance[2] < prior.relevance[:2].min()
