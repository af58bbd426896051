"""New classes from a few rows: what is learned, what it is by a closed form, what is legal, what is handed out."""

import pickle
import warnings

import numpy as np
import pytest
import sklearn
from common import assert_plain
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from own_labels import drawn, learn
from scipy import sparse
from scipy.stats import multivariate_normal, special_ortho_group
from sklearn.base import clone
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid
from sklearn.preprocessing import normalize
from sklearn.svm import SVC
from variations import varied

from skmeta import DiscriminantLearner, NeighborsLearner, WarmStartClassifier, WarmStartRegressor
from skmeta.discriminant_analysis import ClassSums, DiscriminantPrior
from skmeta.discriminant_analysis._adapted_discriminants import AdaptedDiscriminants
from skmeta.discriminant_analysis._class_means import posterior_class_means
from skmeta.discriminant_analysis._class_sums import class_sums
from skmeta.tasks import read_tasks

CLASSIFIERS = [
    NearestCentroid(),
    LinearDiscriminantAnalysis(),
    GaussianNB(),
    KNeighborsClassifier(1),
    LogisticRegression(),
]


@pytest.fixture(scope="module")
def past():
    return drawn(0)


@pytest.fixture(scope="module")
def learned(past):
    return learn(*past)


# The mathematics ---------------------------------------------------------------------------------------------


@pytest.mark.quick
@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 1000), n_rows=st.integers(1, 6), n_columns=st.integers(1, 4))
def test_scores_are_those_of_the_joint_gaussian_law(seed, n_rows, n_columns):
    """A new row and the rows of a class are jointly Gaussian: the density of the one given the others, no formula of ours."""
    rng = np.random.default_rng(seed)
    psi, start = rng.uniform(0.1, 3.0, n_columns), rng.normal(size=(3, n_columns))
    rows, new = rng.normal(size=(3, n_rows, n_columns)), rng.normal(size=n_columns)
    found = posterior_class_means(rows.mean(axis=1), np.full(3, float(n_rows)), psi, start)
    ours = [multivariate_normal(mean, np.diag(found.variance)).logpdf(new) for mean in found.means]
    wanted = []
    for k in range(3):
        log = 0.0
        for j in range(n_columns):
            joint = psi[j] + np.eye(n_rows + 1)
            values = np.r_[rows[k, :, j], new[j]] - start[k, j]
            log += multivariate_normal(np.zeros(n_rows + 1), joint).logpdf(values)
            log -= multivariate_normal(np.zeros(n_rows), joint[1:, 1:]).logpdf(values[:-1])
        wanted.append(log)
    assert_allclose(ours, wanted, rtol=1e-8)


@pytest.mark.quick
def test_a_start_that_nothing_is_known_of_is_the_limit_of_a_wide_one():
    rng = np.random.default_rng(0)
    means, n, psi = rng.normal(size=(4, 2)), np.array([1.0, 2.0, 5.0, 3.0]), np.array([0.5, 2.0])
    found = posterior_class_means(means, n, psi, None)
    for j in range(2):  # class means around a common one of variance a million, by joint Gaussian conditioning
        prior = psi[j] * np.eye(4) + 1e6
        wanted = prior @ np.linalg.solve(prior + np.diag(1.0 / n), means[:, j])
        assert_allclose(found.means[:, j], wanted, rtol=1e-4)
        left = prior - prior @ np.linalg.solve(prior + np.diag(1.0 / n), prior)
        assert_allclose(found.variance[j], 1.0 + np.mean(np.diag(left)), rtol=1e-4)


def test_moments_of_many_tasks_are_those_of_the_law():
    within, between = np.array([0.5, 1.0, 2.0]), np.array([2.0, 1.0, 0.3])
    X, y, task = drawn(1, n_tasks=1500, n_rows=3, within=within, between=between)
    sums = class_sums(X, read_tasks(np.column_stack([X, task]), y, task=-1, labels=True), None, full=True)
    W = sums.within / sums.within_dof
    D = (sums.between - sums.noise * W) / sums.between_dof
    assert sums.within_dof == 1500 * 5 * 2 and sums.between_dof == 1500 * 4
    # Standard errors of variances: sqrt(2 / dof) of them, of D with the noise of its means; four of them.
    assert_allclose(np.diag(W), within**2, rtol=4 * np.sqrt(2 / 15000))
    error = (between**2 + within**2 / 3) * np.sqrt(2 / 6000) + within**2 / 3 * np.sqrt(2 / 15000)
    assert np.all(np.abs(np.diag(D) - between**2) < 4 * error)


@pytest.mark.statistics
def test_it_is_nearly_as_good_as_bayes_with_the_true_law():
    """One row a class of new tasks; Bayes knows the law, the identity metric does not."""
    X, y, task = drawn(2, n_tasks=60)
    model = learn(X, y, task)
    A, b, new = drawn(3, n_tasks=100)
    within, between = np.array([0.5, 0.5, 2.0, 2.0, 2.0]), np.array([2.0, 2.0, 0.0, 0.0, 0.0])
    psi, hits = between**2 / within**2, []
    for t in range(100):
        rows, labels = A[new == t].reshape(5, 8, 5), b[new == t].reshape(5, 8)
        query, truth = rows[:, 1:].reshape(-1, 5), labels[:, 1:].ravel()
        law = posterior_class_means(rows[:, 0] / within, np.ones(5), psi, None)
        far = (((query / within)[:, None] - law.means) ** 2 / law.variance).sum(axis=2)
        warm, own = model.adapt(rows[:, 0], labels[:, 0]), NearestCentroid()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # one row a class has no spread
            own.fit(rows[:, 0], labels[:, 0])
        hits.append(
            [np.mean(labels[:, 0][far.argmin(axis=1)] == truth), warm.score(query, truth), own.score(query, truth)]
        )
    bayes, warm, own = np.mean(hits, axis=0)
    short, error = bayes - warm, np.std(np.diff(hits, axis=1)[:, 0], ddof=1) / 10.0
    assert short < 0.01 + 2 * error
    assert warm > own + 0.1


@pytest.mark.statistics
def test_where_the_identity_is_the_truth_it_is_chosen():
    """Nothing is to be gained: of eight collections no more take another metric than chance would, by one standard error."""
    chosen = [learn(*drawn(seed, within=np.ones(5), between=np.ones(5))).prior_.n_components for seed in range(8)]
    assert np.count_nonzero(chosen) <= 4


@pytest.mark.quick
def test_what_was_chosen_among_is_said(past, learned):
    names = [*learned.learner_.scores_]
    assert names[:3] == ["identity metric", "1 components", "2 components"]
    assert names[-1] == "unit length, shrinkage 0.01" and names.count("5 components") == 1
    assert repr(learned.prior_).startswith(f"DiscriminantPrior({learned.prior_.kind}, ")
    assert learn(*past, cv=3).learner_.scores_.keys() == learned.learner_.scores_.keys()


# Invariances -------------------------------------------------------------------------------------------------


def same_answers(one, other, A, b, query, turn=None):
    turn = np.eye(A.shape[1]) if turn is None else turn
    first, second = one.adapt(A, b), other.adapt(A @ turn, b)
    assert_allclose(second.predict_proba(query @ turn), first.predict_proba(query), rtol=1e-6, atol=1e-9)


@varied("options", [{"n_components": 0}, {"shrinkage": 0.1}, {"cv": 3}], keep=2)
def test_columns_may_be_turned(past, options):
    X, y, task = past
    turn = special_ortho_group.rvs(5, random_state=np.random.default_rng(0))
    straight, turned = learn(X, y, task, **options), learn(X @ turn, y, task, **options)
    assert straight.prior_.kind == turned.prior_.kind
    A, b, _ = drawn(5, n_tasks=1)
    same_answers(straight, turned, A[::4], b[::4], A, turn)


@pytest.mark.variations
def test_neither_the_order_of_rows_nor_that_of_tasks_nor_names_matter(past, learned):
    X, y, task = past
    A, b, _ = drawn(5, n_tasks=1)
    mixed = np.random.default_rng(0).permutation(len(y))
    same_answers(learned, learn(X[mixed], y[mixed], task[mixed]), A[::4], b[::4], A)
    names = np.random.default_rng(1).permutation(20)
    same_answers(learned, learn(X, y, names[task]), A[::4], b[::4], A)
    other = np.array([label[::-1] for label in y])  # stand in another order
    same_answers(learned, learn(X, other, task), A[::4], b[::4], A)


def test_a_shift_of_a_whole_task_changes_nothing(past, learned):
    X, y, task = past
    far = 10.0 * np.random.default_rng(0).normal(size=(20, 5))[task]
    prior = learn(X + far, y, task, n_components=learned.prior_.n_components).prior_
    for name in ("within", "between"):
        assert_allclose(getattr(prior.sums, name), getattr(learned.prior_.sums, name), rtol=1e-8, atol=1e-8)
    A, b, _ = drawn(5, n_tasks=1)
    here, there = learned.adapt(A[::4], b[::4]), learned.adapt(A[::4] + 3.0, b[::4])
    assert_allclose(there.predict_proba(A + 3.0), here.predict_proba(A), rtol=1e-6, atol=1e-12)


def test_learning_on_adds_sums_up(past):
    X, y, task = past
    first = task < 12
    whole = learn(X, y, task, n_components=2).prior_
    one = learn(X[first], y[first], task[first], n_components=2).prior_
    on = WarmStartClassifier(NearestCentroid(), task=-1, prior=one)
    on = on.fit(np.column_stack([X, task])[~first], y[~first]).prior_
    assert on.n_tasks == whole.n_tasks == 20
    assert_allclose(np.abs(on.matrix), np.abs(whole.matrix), rtol=1e-6, atol=1e-9)
    assert_allclose(on.between, whole.between, rtol=1e-8)


def test_learning_on_with_labels_of_all_adds_sums_up():
    X, _, task = drawn(0)
    y = np.tile(np.repeat([*"abcde"], 8), 20)
    first = task < 12
    whole = learn(X, y, task, n_components=2).prior_
    one = learn(X[first], y[first], task[first], n_components=2).prior_
    on = (
        WarmStartClassifier(NearestCentroid(), task=-1, prior=one)
        .fit(np.column_stack([X, task])[~first], y[~first])
        .prior_
    )
    for name in ("within", "between", "means", "n_means", "noise", "between_dof"):
        assert_allclose(getattr(on.sums, name), getattr(whole.sums, name), rtol=1e-8)


# What is handed out ------------------------------------------------------------------------------------------


@varied("estimator", CLASSIFIERS, ids=lambda each: type(each).__name__, keep=2)
def test_one_row_a_class_of_labels_never_seen_is_a_plain_pipeline(past, estimator):
    model = learn(*past, estimator)
    assert isinstance(model.learner_, DiscriminantLearner) and model.prior_.classes is None
    A, b, _ = drawn(7, n_tasks=1, n_classes=12)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plain = model.adapt(A[::8], b[::8])
        assert_plain(plain)
        assert type(plain[-1]) is type(estimator)
        assert plain.score(A, b) > 3 / 12  # three times what chance has
    assert_array_equal(plain.classes_, np.unique(b))
    assert_allclose(pickle.loads(pickle.dumps(plain)).predict_proba(A), plain.predict_proba(A))
    # Rows of one class alone are of that class; more neighbours than rows are all rows.
    assert set(model.adapt(A[:3], b[:3]).predict(A)) == {b[0]}
    with pytest.raises(ValueError, match="X: wanted rows of the task, as past tasks had labels of their own"):
        model.prior_.zero_shot(estimator)


def test_a_new_task_without_rows_may_have_its_column(past):
    model, X = learn(*past, n_components=2), np.zeros((0, 6))
    for rows in (X, X[:, :-1]):
        with pytest.raises(ValueError, match="X: wanted rows of the task, as past tasks had labels of their own"):
            model.adapt(rows, [])
    linear = WarmStartRegressor(Ridge(), task=-1).fit(np.column_stack([past[0], past[2]]), past[0][:, 0])
    assert_allclose(linear.adapt(X, []).coef_, linear.prior_.zero_shot(Ridge()).coef_)


@pytest.mark.quick
def test_discriminants_and_naive_bayes_are_one_rule_where_variances_are_one(past):
    prior = learn(*past).prior_
    A, b, _ = drawn(7, n_tasks=1)
    rows = np.r_[0:2, 8:11, 16:17, 24:30, 32:33]  # classes have unlike numbers of rows

    def learned(estimator):
        return AdaptedDiscriminants(prior, estimator, read_tasks(A[rows], b[rows], labels=True)).estimator(0)

    found = [learned(each) for each in (LinearDiscriminantAnalysis(), GaussianNB(var_smoothing=0.0))]
    assert_allclose(found[0].predict_proba(A), found[1].predict_proba(A), rtol=1e-6, atol=1e-12)
    even = learned(LinearDiscriminantAnalysis(priors=np.full(5, 0.2)))
    assert_array_equal(even.predict(A), learned(NearestCentroid()).predict(A))


@pytest.mark.quick
@pytest.mark.parametrize("solver", ["svd", "lsqr", "eigen"])
def test_a_linear_discriminant_is_that_of_rows_with_these_means_and_one_variance(past, solver):
    prior = learn(*past, n_components=3).prior_
    A, b, _ = drawn(7, n_tasks=1, n_classes=3)
    plain = prior.adapt(LinearDiscriminantAnalysis(solver=solver, store_covariance=True), A[::4], b[::4])
    model, rng = plain[-1], np.random.default_rng(0)
    r = model.means_.shape[1]
    # Of covariance one: the sum of squares over rows or, by "svd" of scikit-learn 1.9.0, over rows less classes.
    spread = np.sqrt(r - 0.5 if solver == "svd" and sklearn.__version__ == "1.9.0" else r)
    Z = np.concatenate([m + s * spread * np.eye(r) for m in model.means_ for s in (1.0, -1.0)])
    exact = LinearDiscriminantAnalysis(solver=solver).fit(Z, np.repeat(model.classes_, 2 * r))
    asked = rng.normal(size=(20, r))
    assert_allclose(model.predict_proba(asked), exact.predict_proba(asked), rtol=1e-6)
    assert_allclose(model.covariance_, np.eye(r))
    if solver != "lsqr":
        assert_allclose(
            np.abs(model.transform(asked - asked[0])), np.abs(exact.transform(asked - asked[0])), rtol=1e-5, atol=1e-6
        )
        assert_allclose(model.explained_variance_ratio_, exact.explained_variance_ratio_, rtol=1e-6)
    assert model.get_params() == LinearDiscriminantAnalysis(solver=solver, store_covariance=True).get_params()


@pytest.mark.quick
def test_many_rows_leave_nothing_of_the_prior(past):
    """With the identity metric class means are those of the rows: the plain nearest centroid."""
    prior = learn(*past, n_components=0).prior_
    A, b, _ = drawn(9, n_tasks=1, n_rows=3000)
    warm, own = prior.adapt(NearestCentroid(), A, b), NearestCentroid().fit(A, b)
    assert_allclose(warm[-1].centroids_, own.centroids_, atol=0.01)
    assert np.mean(warm.predict(A) == own.predict(A)) > 0.995


@pytest.mark.quick
def test_any_classifier_stands_behind_the_map(past):
    model = learn(*past, SVC(), n_components=5)
    A, b, _ = drawn(7, n_tasks=1)
    plain = model.adapt(A[::2], b[::2])
    assert_plain(plain)
    assert plain.score(A, b) > 2 / 5  # twice what chance has
    with pytest.raises(TypeError, match="learner: wanted one for Ridge, found DiscriminantLearner"):
        WarmStartRegressor(Ridge(), task=-1, learner=DiscriminantLearner()).fit(
            np.column_stack([past[0], past[2]]), past[0][:, 0]
        )


# Labels ------------------------------------------------------------------------------------------------------


@pytest.mark.quick
@pytest.mark.parametrize("estimator", CLASSIFIERS, ids=lambda each: type(each).__name__)
def test_where_labels_are_those_of_all_families_are_todays_and_can_be_chosen(estimator):
    X, _, task = drawn(0, n_tasks=6)
    y = np.tile(np.repeat([*"abcde"], 8), 6)
    always = isinstance(estimator, NearestCentroid | LinearDiscriminantAnalysis)
    if always:  # others are learned by rooms whose own tests say how
        assert isinstance(learn(X, y, task, estimator).learner_, DiscriminantLearner)
    model = learn(X, y, task, estimator, n_components=2)
    assert_array_equal(model.prior_.classes, [*"abcde"])
    one = model.adapt(X[:1], y[:1])  # knows all labels
    assert_array_equal(one.classes_, [*"abcde"])
    assert_plain(model.prior_.zero_shot(estimator))


def test_class_means_of_the_past_are_those_of_a_task_without_rows():
    X, _, task = drawn(0, n_tasks=200)
    y = np.tile(np.repeat([*"abcde"], 8), 200)
    centres = 4.0 * np.random.default_rng(5).normal(size=(5, 5))[np.tile(np.repeat(np.arange(5), 8), 200)]
    prior = learn(X + centres, y, task, n_components=0).prior_
    means = [(X + centres)[y == label].mean(axis=0) for label in "abcde"]
    assert_allclose(prior.zero_shot(NearestCentroid())[-1].centroids_, means)


@pytest.mark.quick
def test_tasks_of_one_class_and_unequal_tasks_are_legal():
    X, y, task = drawn(0, n_tasks=6)
    single = np.unique(task * 1000 + np.char.partition(y, " ")[:, 2].astype(int), return_inverse=True)[1]
    some = (task < 3) | (single % 5 == 0)  # three tasks of five classes, three of one
    model = learn(X[some], y[some], task[some])
    assert np.isfinite(model.predict_proba(np.column_stack([X, task])[some])).all()
    alone = single % 5 == 0
    # Every task has one class, so that nothing tells whose labels they are.
    model = learn(X[alone], np.char.add(y[alone], "x"), task[alone], n_components=0, labels="own")
    A, b, _ = drawn(7, n_tasks=1)
    assert model.adapt(A[::8], b[::8]).score(A, b) > 0.2
    one_row = np.arange(len(y)) % 8 == 0
    model = learn(X[one_row], y[one_row], task[one_row])  # every class has one row
    assert model.prior_.n_components == 0
    assert model.adapt(A[::8], b[::8]).score(A, b) > 0.2


def test_neighbours_may_still_be_chosen(past):
    shell = WarmStartClassifier(KNeighborsClassifier(1), task=-1, learner=NeighborsLearner())
    model = shell.fit(np.column_stack([past[0], past[2]]), past[1])
    again = WarmStartClassifier(KNeighborsClassifier(1), task=-1, prior=model.prior_)
    assert isinstance(again.fit(np.column_stack([past[0], past[2]]), past[1]).learner_, NeighborsLearner)


# Tables ------------------------------------------------------------------------------------------------------


def words(seed, n_tasks=6, n_classes=6, n_rows=8, n_words=300):
    rng = np.random.default_rng(seed)
    rate = rng.gamma(0.1, size=(n_tasks * n_classes, n_words))
    label = np.repeat(np.arange(n_tasks * n_classes), n_rows)
    counts = rng.poisson(20.0 * rate[label] / rate[label].sum(axis=1, keepdims=True))
    return normalize(sparse.csr_array(counts.astype(float))), label, np.repeat(np.arange(n_tasks), n_classes * n_rows)


@pytest.mark.parametrize("estimator", [NearestCentroid(), KNeighborsClassifier(1), LogisticRegression()])
def test_sparse_rows_have_the_identity_metric_as_dense_ones_would(estimator):
    X, y, task = words(0)
    options = {"n_components": 0}
    dense = learn(X.toarray(), y, task, estimator, **options)
    stacked = sparse.hstack([X, sparse.csr_array(task[:, None].astype(float))], format="csr")
    model = WarmStartClassifier(estimator, task=-1).fit(stacked, y)
    assert model.prior_.n_components == 0 and model.learner_.scores_ == {}
    assert_allclose(model.prior_.between, dense.prior_.between, rtol=1e-8)
    A, b, _ = words(1, n_tasks=1)
    for n in (1, 3):
        rows = np.flatnonzero(np.arange(len(b)) % 8 < n)
        found, wanted = model.adapt(A[rows], b[rows]), dense.adapt(A.toarray()[rows], b[rows])
        assert_array_equal(found.predict(A), wanted.predict(A.toarray()))
        assert_plain(found)


@pytest.mark.quick
def test_wide_rows_have_the_identity_metric(past):
    assert learn(*past, max_columns=4).prior_.n_components == 0
    assert len(learn(*past, max_columns=4).prior_.sums.within) == 1


def test_a_prior_is_a_frozen_value_that_a_dictionary_brings_back(learned):
    prior = learned.prior_
    again = DiscriminantPrior.from_dict(prior.to_dict())
    A, b, _ = drawn(7, n_tasks=1)
    assert_allclose(
        again.adapt(NearestCentroid(), A[::8], b[::8]).predict_proba(A),
        prior.adapt(NearestCentroid(), A[::8], b[::8]).predict_proba(A),
    )
    assert isinstance(again.sums, ClassSums) and clone(prior) is prior
    assert "labels of their own, n_tasks=20" in repr(prior)


# Bad input ---------------------------------------------------------------------------------------------------


@pytest.mark.quick
def test_what_it_cannot_honour_is_refused(past):
    X, y, task = past
    for wrong, way_out in (
        (NearestCentroid(shrink_threshold=0.5), "use learner=SharedModel"),
        (NearestCentroid(metric="manhattan"), "use KNeighborsClassifier"),
    ):
        with pytest.raises(ValueError, match=f"estimator: wanted NearestCentroid with .* {way_out}"):
            learn(X, y, task, wrong)
    table = np.column_stack([X, task])
    with pytest.raises(TypeError, match="sample_weight: wanted an estimator whose fit takes weights, found NearestC"):
        WarmStartClassifier(NearestCentroid(), task=-1).fit(table, y, sample_weight=np.ones(len(y)))
    bad = {"n_components": -1, "max_columns": 0, "labels": "mine", "cv": 1, "shrinkage": 1.5}
    for name, value in bad.items():
        with pytest.raises(ValueError, match=name):
            learn(X, y, task, **{name: value})
    with pytest.raises(ValueError, match=r"shrinkage: wanted None with n_components=2, found 0\.1"):
        learn(X, y, task, n_components=2, shrinkage=0.1)
    with pytest.raises(ValueError, match="X contains NaN"):
        learn(np.where(X > 3.0, np.nan, X), y, task)
