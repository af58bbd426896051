"""A second family for the same estimators: it reads what describes a task, has an evidence of its own, and any labels."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest
from common import assert_plain, make_case
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.linear_model import LinearRegression
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from test_toy_neighbors import RelevanceLearner

from skmeta import WarmStartClassifier
from skmeta.base import AdaptedEstimators, Learner, Prior
from skmeta.compose import MixturePrior

pytestmark = pytest.mark.quick


@dataclass(frozen=True, eq=False, repr=False)
class ToyDescribedPrior(Prior):
    """The typical target of a task is a line in its size; a task without a size is of size zero."""

    line: np.ndarray
    spread: float = 1.0
    size: float = 0.0
    context_names = ("size",)

    def given(self, **context):
        return replace(self, size=float(context["size"]))

    def adapt_tasks(self, estimator, tasks, *, n_jobs=None):
        return DescribedNeighbors(self, estimator, tasks)

    def log_evidence(self, estimator, tasks):
        """Independent normal targets around the line, or even odds of the labels of each task."""
        if tasks.classes is not None:
            return np.array(
                [-len(y) * np.log(len(labels)) for (_, y, _), labels in zip(tasks, tasks.classes, strict=True)]
            )
        sizes = tasks.context.get("size", np.full(len(tasks), self.size))
        residuals = [y - self.line @ [size, 1.0] for (_, y, _), size in zip(tasks, sizes, strict=True)]
        return np.array([-0.5 * np.sum(r**2 / self.spread**2 + np.log(2 * np.pi * self.spread**2)) for r in residuals])


class DescribedNeighbors(AdaptedEstimators):
    """Neighbours among a task's own rows; without rows the line, and for labels nothing can be said."""

    def estimator(self, code):
        if code >= 0:
            X, y, _ = next(iter(self.tasks.take([code])))
            model = clone(self.model).set_params(n_neighbors=min(self.model.n_neighbors, len(y)))
            return make_pipeline(FunctionTransformer(), model).fit(X, y)
        if self.tasks.classes is not None or self.prior.line is None:
            raise ValueError(
                "X: wanted rows of a task with labels of its own, found none; give at least one row a label."
            )
        names = self.prior.feature_names
        centre = pd.DataFrame(np.zeros((1, len(names))), columns=names) if names else np.zeros((1, 3))
        return clone(self.model).set_params(n_neighbors=1).fit(centre, [self.prior.line @ [self.prior.size, 1.0]])


class DescribedLearner(Learner):
    """Least squares of the tasks' mean targets on their sizes."""

    def learn(self, estimator, tasks, prior=None, *, n_jobs=None, progress=None):
        known = {"n_tasks": len(tasks), "feature_names": tasks.feature_names}
        if tasks.classes is not None:
            return ToyDescribedPrior(np.zeros(2), **known)
        means = [y.mean() for _, y, _ in tasks]
        line = LinearRegression().fit(np.reshape(tasks.context["size"], (-1, 1)), means)
        return ToyDescribedPrior(np.r_[line.coef_, line.intercept_], spread=float(np.std(tasks.y)), **known)


def described(case):
    """The case with sizes, on which the levels of its tasks depend."""
    size = case.table["shop"].map({name: float(i) for i, name in enumerate([*"abcde", "new"])})
    return replace(case, table=case.table.assign(size=size), target=case.target + 2.0 * size.to_numpy())


CASE = described(make_case(KNeighborsRegressor(2)))
PAST, NEW = CASE.table[CASE.past], CASE.table[~CASE.past]


def learned(**options):
    model = CASE.model(task="shop", context=["size"], learner=DescribedLearner(), **options)
    return model.fit(PAST, CASE.target[CASE.past])


def test_a_task_without_rows_is_predicted_from_what_describes_it():
    model = learned()
    line = model.prior_.line
    assert_allclose(model.predict(NEW), line @ [5.0, 1.0])
    both = pd.concat([NEW.assign(size=3.5, shop="x"), NEW, PAST])  # two unknown tasks beside the known ones
    assert_allclose(model.predict(both)[: len(NEW)], line @ [3.5, 1.0])
    assert_array_equal(model.predict(both)[2 * len(NEW) :], model.predict(PAST))


def test_adapting_reads_the_context_from_the_tasks_own_columns():
    model, none = learned(), NEW.iloc[:0]
    plain = model.adapt(none.drop(columns="shop").assign(size=2.0), [])
    assert_plain(plain)
    X, y = NEW.drop(columns="shop"), CASE.target[~CASE.past]
    one = CASE.model(prior=model.prior_, context=["size"]).fit(X, y)
    assert_array_equal(one.predict(X), model.adapt(X, y).predict(X.drop(columns="size")))


def test_two_families_stand_in_one_mixture():
    scaled = CASE.model(task="shop", learner=RelevanceLearner()).fit(PAST.drop(columns="size"), CASE.target[CASE.past])
    components = [scaled.prior_, learned().prior_.prior]
    mixture = MixturePrior(components, weights=[0.7, 0.3], names=["scaled", "described"])
    X, y = NEW.drop(columns=["shop", "size"]), CASE.target[~CASE.past]
    model = CASE.model(prior=mixture).fit(X, y)
    assert_plain(model.estimator_)
    tasks = model._known.adapted.inner.tasks
    logs = np.log([0.7, 0.3]) + [float(c.log_evidence(CASE.estimator, tasks)[0]) for c in components]
    weights = np.exp(logs - np.logaddexp(*logs))
    each = [c.adapt(CASE.estimator, X, y).predict(X) for c in components]
    assert_allclose(model.predict(X), weights @ each, rtol=1e-10)
    assert_allclose(mixture.log_evidence(CASE.estimator, tasks), np.logaddexp(*logs))


def test_tasks_may_have_labels_of_their_own():
    table = PAST.drop(columns="size")
    target = np.where(
        table["shop"] == "a", np.resize(["ant", "bee"], len(table)), np.resize(["bee", "cow"], len(table))
    )
    model = WarmStartClassifier(KNeighborsClassifier(1), task="shop", learner=DescribedLearner()).fit(table, target)
    assert_array_equal(model.classes_, ["ant", "bee", "cow"])
    own = (table["shop"] == "a").to_numpy()
    assert_array_equal(model.estimators_["a"].classes_, ["ant", "bee"])
    chance = model.predict_proba(table)
    assert (chance[own, 2] == 0).all() and (chance[~own, 0] == 0).all()
    assert_array_equal(model.predict(table), target)
    with pytest.raises(ValueError, match="wanted rows of a task with labels of its own"):
        model.predict(table.assign(shop="new"))


def test_rows_without_a_target_are_marked():
    class Watcher(DescribedLearner):
        def learn(self, estimator, tasks, prior=None, **options):
            seen.append((tasks.labelled.sum(), [len(y) for _, y, _ in tasks]))
            return super().learn(estimator, tasks, prior)

    seen = []
    target = np.where(np.arange(len(PAST)) < 3, None, np.resize(["bee", "cow"], len(PAST)))
    table = PAST.drop(columns="size")
    WarmStartClassifier(KNeighborsClassifier(1), task="shop", learner=Watcher()).fit(table, target)
    assert seen == [(len(PAST) - 3, [9, 12, 12, 12, 12])]
