"""The search for the covariances of levels: its slopes are those of small steps, and rounds only ever gain."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skmeta._inference.crossed import CrossedModel
from skmeta._inference.in_columns import InColumns
from skmeta._inference.levels import LevelsLaw, _searched, fit_levels
from skmeta._inference.moments import Moments
from skmeta._inference.nested import NestedModel
from skmeta._inference.structure import Structure
from skmeta._inference.tree import Tree

pytestmark = pytest.mark.quick

SHAPES = {
    "full": Structure("full", None, strength=0.0),
    "diagonal": Structure("diagonal", 0, strength=0.0),
    "hyper-prior": Structure("full", None, strength=3.0),
    "spherical": Structure("spherical", 0, equal=True, strength=0.0),
    "some": Structure("full", None, strength=0.0, varying=(0, 2)),
}


def tasks_of(rng, n_tasks=12, p=3, n_rows=8):
    X = rng.normal(size=(n_tasks, n_rows, p))
    y = np.einsum("tnp,tp->tn", X, rng.normal(size=(n_tasks, p))) + rng.normal(size=(n_tasks, n_rows))
    gram, cross = np.einsum("tni,tnj->tij", X, X), np.einsum("tni,tn->ti", X, y)
    rows, context = np.full(n_tasks, float(n_rows)), np.zeros((n_tasks, p - 1))
    return InColumns(Moments(gram, cross, (y**2).sum(axis=1), rows, context), rng.uniform(0.5, 2.0, n_tasks))


def nested(rng):
    tasks = tasks_of(rng)
    return NestedModel(tasks, Tree((np.zeros(4, np.intp), np.arange(12) % 4), tasks.counts))


def crossed(rng):
    return CrossedModel(tasks_of(rng), (np.arange(12) % 4, np.arange(12) // 3 % 3), (4, 3))


def law_of(rng, model, shape, mean_variance=2.0):
    covariances = []
    for _ in range(2):
        half = rng.normal(size=(3, 3))
        covariances.append(SHAPES[shape].fit(half @ half.T / 3.0, np.asarray(8.0))[0])
    own = np.full(model.tasks.n_tasks, 0.9)
    return LevelsLaw(tuple(covariances), 0.9, np.inf, own, mean_variance, shapes=(SHAPES[shape],) * 2)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("make", [nested, crossed])
def test_slopes_of_the_evidence_are_those_of_small_steps(make, shape, monkeypatch):
    rng, seen = np.random.default_rng(3), []

    def look(cost, start, **options):
        at, step = start + 0.3 * rng.normal(size=len(start)), 1e-5
        steps = np.eye(len(at)) * step
        numeric = [(cost(at + each)[0] - cost(at - each)[0]) / (2 * step) for each in steps]
        seen.append((cost(at)[1], numeric))
        raise StopIteration

    monkeypatch.setattr("skmeta._inference.levels.minimize", look)
    model = make(rng)
    with pytest.raises(StopIteration):
        _searched(model, law_of(rng, model, shape), "shared")
    assert len(seen[0][0]) == {"full": 13, "diagonal": 7, "hyper-prior": 3, "spherical": 3, "some": 7}[shape]
    # What holds the mean where no task informs about it is in the slopes alone: a millionth.
    assert_allclose(*seen[0], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("make", [nested, crossed])
def test_each_round_makes_the_tasks_more_probable(make):
    rng, values = np.random.default_rng(5), []
    model = make(rng)
    law = law_of(rng, model, "full", np.inf)
    for _ in range(6):
        values.append(model.passed(law).evidence)
        law = fit_levels(model, law, n_iter=1, tol=np.inf, noise="shared")
    assert np.all(np.diff(values[1:]) > -1e-6)


@pytest.mark.parametrize("make", [nested, crossed])
def test_nothing_near_what_was_found_is_more_probable(make):
    rng = np.random.default_rng(6)
    model = make(rng)
    law = fit_levels(model, law_of(rng, model, "full", np.inf), n_iter=2, tol=1e-9, noise="shared")
    best, steps = model.passed(law).evidence, np.random.default_rng(0)
    for _ in range(20):
        turned = [np.eye(3) + 0.03 * steps.normal(size=(3, 3)) for _ in range(2)]
        near = [t @ each @ t.T for t, each in zip(turned, law.covariances, strict=True)]
        off = LevelsLaw(tuple(near), law.noise, np.inf, law.own_noise)
        assert model.passed(off).evidence < best
