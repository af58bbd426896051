"""What is special about clusterers: labels that last, every method, fewer rows than clusters, stored centres."""

import numpy as np
import pytest
from clusters import COLUMNS, draw_kinds, draw_table, draw_task
from common import assert_plain
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.metrics import adjusted_rand_score
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture
from variations import varied

from skmeta import WarmStartClusterer
from skmeta.compose import OwnModelPrior
from skmeta.tasks import Tasks, read_tasks

ESTIMATORS = [
    KMeans(4, random_state=0),
    GaussianMixture(4, random_state=0),
    MiniBatchKMeans(4, random_state=0),
    BayesianGaussianMixture(n_components=4, covariance_type="tied", random_state=0),
]
pytestmark = [
    varied("estimator", ESTIMATORS, keep=2, ids=lambda e: str(e).replace("\n", "")),
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),  # of a task's own fits
]
KINDS = draw_kinds(np.random.default_rng(0), spread=8.0)
TABLE, KIND = draw_table(np.random.default_rng(1), KINDS, n_tasks=6, n_rows=25)
NEW, NEW_KIND = draw_task(np.random.default_rng(2), KINDS, 60)
_LEARNED = {}


def learned(estimator, **options):
    key = str(estimator), *options
    if key not in _LEARNED:
        _LEARNED[key] = WarmStartClusterer(estimator, task="shop", **options).fit(TABLE)
    return _LEARNED[key]


def frame(X):
    return TABLE[COLUMNS].iloc[:0].reindex(range(len(X))).assign(**dict(zip(COLUMNS, X.T, strict=True)))


def test_a_cluster_is_the_same_kind_in_every_task(estimator):
    model = learned(estimator)
    new = WarmStartClusterer(estimator, prior=model.prior_).fit(frame(NEW))
    assert adjusted_rand_score(KIND, model.labels_) > 0.9  # over all tasks: labels are not those of each task alone
    assert adjusted_rand_score(np.r_[KIND, NEW_KIND], np.r_[model.labels_, new.labels_]) > 0.9


def test_every_method_is_that_of_the_plain_estimator(estimator):
    model, own = learned(estimator), TABLE[TABLE["shop"] == "s01"]
    plain = model.estimators_["s01"]
    assert_array_equal(model.labels_[TABLE["shop"] == "s01"], model.predict(own))
    for method in ("transform", "predict_proba", "score_samples"):
        assert hasattr(model, method) == hasattr(plain, method)
        if hasattr(model, method):
            assert_allclose(getattr(model, method)(own), getattr(plain, method)(own[COLUMNS]), rtol=1e-10)
    alone, cold = WarmStartClusterer(estimator).fit(NEW), clone(estimator).fit(NEW)
    assert_array_equal(alone.labels_, cold.predict(NEW))
    assert alone.score(NEW) == cold.score(NEW)


def test_one_task_beside_six_moves_centres_little_and_centres_are_stored(estimator):
    prior = learned(estimator).prior_
    on = WarmStartClusterer(estimator, task="shop", prior=prior).fit(frame(NEW).assign(shop="new")).prior_
    assert np.abs(on.centers - prior.centers).max() < 2.0
    first = prior.components[0]
    assert_allclose(type(first).from_dict(first.to_dict()).centers, prior.centers)


def test_fewer_rows_than_clusters_and_none_are_legal(estimator):
    prior = learned(estimator).prior_
    whole = prior.adapt(estimator, frame(NEW))
    for n in (0, 1, 2):
        plain = prior.adapt(estimator, frame(NEW[:n]))
        assert_plain(plain)
        assert np.mean(plain.predict(frame(NEW)) == whole.predict(frame(NEW))) > 0.7
    assert_allclose(
        prior.zero_shot(estimator).predict(frame(NEW)), prior.adapt(estimator, frame(NEW[:0])).predict(frame(NEW))
    )
    one = TABLE.groupby("shop").head(3)
    assert WarmStartClusterer(estimator, task="shop").fit(one).prior_.n_rows == 18


def test_a_prior_is_made_again_of_its_plain_values(estimator):
    prior = learned(estimator).prior_
    for each in (prior, *prior.components):
        stored = type(each).from_dict(each.to_dict())
        assert_allclose(stored.centers, prior.centers)
        found, wanted = (one.adapt(estimator, frame(NEW)).predict(frame(NEW)) for one in (stored, each))
        assert_array_equal(found, wanted)


def test_bad_input_names_the_way_out(estimator):
    prior = learned(estimator).prior_
    size = "n_clusters" if hasattr(estimator, "n_clusters") else "n_components"
    with pytest.raises(ValueError, match=f"estimator: wanted {size}=4, .* found 5; set {size}=4"):
        prior.adapt(clone(estimator).set_params(**{size: 5}), frame(NEW))
    with pytest.raises(ValueError, match=r"X: .*missing"):
        prior.adapt(estimator, frame(NEW).drop(columns="age"))
    with pytest.raises(ValueError, match="X has 2 features, but the prior is expecting 3 features"):
        prior.components[0].adapt_tasks(estimator, _tasks(NEW[:, :2])).estimator(0)
    with pytest.raises(ValueError, match="NaN"):
        prior.adapt(estimator, frame(np.where(NEW > 8, np.nan, NEW) * np.nan))
    if size == "n_components":
        with pytest.raises(TypeError, match="Sparse data was passed"):
            WarmStartClusterer(estimator, task=-1).fit(sparse.csr_array(np.c_[NEW, np.arange(60) // 20]))


def _tasks(X):
    return read_tasks(X, None, targets=False)


def test_a_tasks_own_model_is_fitted_where_its_rows_are_unlike_past_ones_alone(estimator, monkeypatch):
    prior, asked = learned(estimator).prior_, []
    monkeypatch.setattr(OwnModelPrior, "_evidence_of_one", lambda self, _, task: asked.append(task.n_rows) or 0.0)
    elsewhere = NEW + 40.0 * np.random.default_rng(0).normal(size=KINDS.shape)[NEW_KIND]
    if hasattr(estimator, "n_clusters"):  # k-means asks always: a past of noise misleads unseen
        assert np.all(
            prior.adapt_tasks(estimator, read_tasks(TABLE, None, task="shop", targets=False)).adapted[0].unlike_past
            == 1.0
        )
        return
    for X, n_unlike in ((TABLE, [0, 1]), (frame(NEW), [0]), (frame(NEW[:3]), [0]), (frame(elsewhere), [1])):
        asked.clear()
        tasks = read_tasks(X, None, task="shop" if "shop" in X else None, targets=False)
        unlike = prior.adapt_tasks(estimator, tasks).adapted[0].unlike_past > 0.5
        assert len(asked) == np.sum(unlike)
        assert np.sum(unlike) in n_unlike  # one of six may be by chance
    assert prior.adapt_tasks(estimator, Tasks.none()).adapted[0].unlike_past.shape == (0,)
