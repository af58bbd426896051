"""How far a fit is, told to scikit-learn's callbacks; what an interrupted one leaves."""

import re

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.callback import ProgressBar
from sklearn.cluster import KMeans
from sklearn.linear_model import HuberRegressor, Ridge
from sklearn.neighbors import NearestCentroid
from sklearn.tree import DecisionTreeRegressor
from variations import varied

from skmeta import (
    DiscriminantLearner,
    EmpiricalBayes,
    SharedModel,
    WarmStartClassifier,
    WarmStartClusterer,
    WarmStartRegressor,
)
from skmeta.compose import MixtureLearner
from skmeta.datasets import make_related_regression

X, Y, _ = make_related_regression(n_tasks=6, n_samples=6, n_features=2, random_state=0)


class Seen:
    """Keeps what it is told; ends the fit after a subtask of a name, of several the one of a number."""

    def __init__(self, ends_after=None, number=0):
        self.events, self.ends_after, self.number = [], ends_after, number

    def setup(self, estimator, context):
        self.events.append("setup")

    def teardown(self, estimator, context):
        self.events.append("teardown")

    def on_fit_task_begin(self, estimator, context):
        self.events.append(("begin", context.task_name, context.max_subtasks))

    def on_fit_task_end(self, estimator, context):
        self.events.append(("end", context.task_name))
        if context.task_name == self.ends_after and self.events.count(("end", self.ends_after)) > self.number:
            raise KeyboardInterrupt


def shared_model():
    return WarmStartRegressor(
        DecisionTreeRegressor(max_depth=1), task=-1, learner=SharedModel(None, max_rounds=1, cv=2)
    )


MODELS = {
    "linear": lambda: WarmStartRegressor(Ridge(), task=-1),
    "fallback": shared_model,
    "kinds": lambda: WarmStartRegressor(Ridge(), task=-1, learner=MixtureLearner(n_components=2)),
    "kinds of coefficients": lambda: WarmStartRegressor(Ridge(), task=-1, learner=EmpiricalBayes(n_components=2)),
    "robust": lambda: WarmStartRegressor(HuberRegressor(), task=-1),
    "clusters": lambda: WarmStartClusterer(KMeans(2, n_init=1, random_state=0), task=-1),
    "metric": lambda: WarmStartClassifier(NearestCentroid(), task=-1, learner=DiscriminantLearner(labels="own")),
}


N_ADAPTED = {"robust": 6}  # where each task has a fit of its own


@varied("name", MODELS, keep=2)
def test_learners_tell_how_far_they_are(name):
    seen = Seen()
    MODELS[name]().set_callbacks(seen).fit(X, (Y > 0).astype(int) if name == "metric" else Y)
    total, part = seen.events[2][2], [("begin", "part", 0), ("end", "part")]
    of_tasks = next(event[2] for event in seen.events if event[:2] == ("begin", "adapt to the tasks"))
    assert total >= 100 and of_tasks == N_ADAPTED.get(name, 1)
    assert seen.events == [
        *["setup", ("begin", "fit", 2)],
        *[("begin", "learn the prior", total), *part * total, ("end", "learn the prior")],
        *[("begin", "adapt to the tasks", of_tasks), *part * of_tasks, ("end", "adapt to the tasks")],
        *[("end", "fit"), "teardown"],
    ]


def test_more_rows_are_told_of():
    seen = Seen()
    model = WarmStartRegressor(Ridge(), task=-1).fit(X[:18], Y[:18]).set_callbacks(seen)
    model.partial_fit(X[18:], Y[18:])
    assert seen.events[:3] == ["setup", ("begin", "fit", 1), ("begin", "adapt to the tasks", 1)]
    assert seen.events[-3:] == [("end", "adapt to the tasks"), ("end", "fit"), "teardown"]


LINE = re.compile(r"\[WarmStartRegressor\] (learn the prior|adapt to the tasks): (\d+)% done, \d+\.\d s")


def lines_of(verbose, capsys, **callbacks):
    """Shares that are printed of each part, and what the model answers."""
    model = WarmStartRegressor(Ridge(), task=-1, verbose=verbose)
    answers = model.set_callbacks(*callbacks.values()).fit(X, Y).predict(X)
    found = [LINE.fullmatch(line).groups() for line in capsys.readouterr().out.splitlines()]
    shares = {part: [int(share) for own, share in found if own == part] for part, _ in found}
    return shares, answers


def test_lines_say_it_where_it_is_asked_for(capsys):
    nothing, answers = lines_of(0, capsys)
    some, with_some = lines_of(1, capsys, callback=Seen())
    every, with_every = lines_of(2, capsys)
    assert nothing == {} and list(some) == ["learn the prior", "adapt to the tasks"]
    assert some["adapt to the tasks"] == every["adapt to the tasks"] == [100]
    for shares in (some["learn the prior"], every["learn the prior"]):
        assert shares == sorted(set(shares)) and shares[-1] == 100
    assert 5 <= len(some["learn the prior"]) <= 10 < len(every["learn the prior"])
    assert_array_equal(with_some, answers)
    assert_array_equal(with_every, answers)


def test_a_bar_can_be_shown(capsys):
    pytest.importorskip("rich")
    WarmStartRegressor(Ridge(), task=-1).set_callbacks(ProgressBar()).fit(X, Y)
    assert "learn the prior" in capsys.readouterr().out


def test_fits_that_learn_nothing_begin_and_end():
    seen = Seen()
    WarmStartRegressor(Ridge()).set_callbacks(seen).fit(X, Y)
    assert seen.events == ["setup", ("begin", "fit", 1), ("end", "fit"), "teardown"]


@varied("make", [MODELS["linear"], shared_model], ids=["linear", "fallback"])
@pytest.mark.parametrize(
    ("ends_after", "number"),
    [("part", 0), ("part", 60), ("part", 99), ("learn the prior", 0), ("adapt to the tasks", 0), ("fit", 0)],
)
def test_an_interrupted_fit_leaves_no_half_state(make, ends_after, number):
    model = make().set_callbacks(Seen(ends_after, number))
    before = dict(vars(model))
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y)
    assert vars(model) == before
    assert model._skl_callbacks[0].events[-1] == "teardown"


class Interrupted(EmpiricalBayes):
    """A learner that is interrupted at the end."""

    def learn(self, *args, **options):
        super().learn(*args, **options)
        raise KeyboardInterrupt


def test_a_model_that_was_fitted_is_as_it_was_before():
    model = WarmStartRegressor(Ridge(), task=-1).fit(X, Y)
    before, predicted = dict(vars(model)), model.predict(X)
    model.set_params(learner=Interrupted())
    with pytest.raises(KeyboardInterrupt):
        model.fit(X[:18], Y[:18])
    assert vars(model) == before | {"learner": model.learner}
    assert not hasattr(model.learner, "structure_")  # learning is done by a copy
    assert_array_equal(model.predict(X), predicted)


def test_an_interrupted_partial_fit_leaves_what_was_there(monkeypatch):
    model = WarmStartRegressor(Ridge(), task=-1).fit(X[:18], Y[:18])
    before, coef = dict(vars(model)), model.coef_

    def interrupted(*args, **options):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(type(model.prior_), "adapt_tasks", interrupted)
        with pytest.raises(KeyboardInterrupt):
            model.partial_fit(X[18:], Y[18:])
    assert vars(model) == before
    assert_array_equal(model.partial_fit(X[18:], Y[18:]).coef_[:3], coef)
    assert np.shape(model.coef_) == (6, 2)
