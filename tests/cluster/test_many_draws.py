"""What many draws show of clusters under a prior: what is learned of them; pasts that help and that mislead."""

import numpy as np
import pandas as pd
import pytest
from clusters import draw_kinds, draw_table, draw_task
from numpy.testing import assert_allclose
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.mixture import GaussianMixture

from skmeta.cluster import GaussianMixtureLearner, KMeansLearner
from skmeta.cluster._alignment import alignment
from skmeta.tasks import read_tasks

pytestmark = pytest.mark.statistics


@pytest.mark.parametrize(
    ("learner", "estimator"),
    [(KMeansLearner(), KMeans(4, random_state=0)), (GaussianMixtureLearner(), GaussianMixture(4, random_state=0))],
    ids=str,
)
def test_what_tasks_were_drawn_from_is_learned(learner, estimator):
    found = []
    for seed in range(2):
        rng = np.random.default_rng(seed)
        kinds = draw_kinds(rng, spread=8.0)
        table, _ = draw_table(rng, kinds, n_tasks=20, n_rows=20)
        prior = learner.learn(estimator, read_tasks(table, None, task="shop", targets=False)).components[0]
        order = alignment(prior.centers, kinds)
        assert_allclose(prior.centers[order], kinds, atol=5.0 * np.sqrt((1.0 + 0.25 + 4 / 20) / 20))
        found.append([prior.shift_variance, prior.center_variance.mean()])
    # Truth is 1 and 1/4: 40 shifts of three coordinates, and 160 deviations, drawn from a normal prior
    assert_allclose(np.mean(found, axis=0), [1.0, 0.25], rtol=3.0 * np.sqrt(2 / 120))


def test_rows_of_other_kinds_cost_little_and_related_ones_help():
    """Squared distance of further rows to the nearest centre, beside that of the task's own k-means, over 4 collections."""
    ratios = {"related": [], "unrelated": []}
    for seed in range(4):
        rng = np.random.default_rng(seed)
        kinds = draw_kinds(rng)
        table, _ = draw_table(rng, kinds, n_tasks=8, n_rows=20)
        plain = KMeans(4, random_state=0)
        prior = KMeansLearner().learn(plain, read_tasks(table, None, task="shop", targets=False))
        for name, new in (("related", kinds), ("unrelated", draw_kinds(rng))):
            scores = []
            for _ in range(4):
                X, _ = draw_task(rng, new, 212)
                warm, own = prior.adapt(plain, _named(X[:12])), clone(plain).fit(_named(X[:12]))
                scores.append([warm.score(_named(X[12:])), own.score(_named(X[12:]))])
            ratios[name].append(np.divide(*np.sum(scores, axis=0)))
    for name, bound in (("related", 0.9), ("unrelated", 1.02)):
        mean, error = np.mean(ratios[name]), np.std(ratios[name], ddof=1) / 2.0
        assert mean - 2.0 * error < bound, (name, mean, error)


def _named(X):
    return pd.DataFrame(X, columns=["height", "width", "age"])
