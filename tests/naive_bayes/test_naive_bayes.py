"""Naive Bayes models from learned priors: their parameters, what they take, and what the priors are worth."""

import pickle
from dataclasses import replace

import joblib
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import BernoulliNB, CategoricalNB, GaussianNB, MultinomialNB
from sklearn.semi_supervised import SelfTrainingClassifier
from variations import varied

from skmeta import NaiveBayesLearner, WarmStartClassifier
from skmeta.base._evidence import leave_one_out_scores
from skmeta.naive_bayes import CategoricalNBPrior, GaussianNBPrior
from skmeta.naive_bayes._held_out import HeldOut
from skmeta.naive_bayes._naive_bayes_prior import SharesAlone
from skmeta.tasks import read_tasks

ROOM = NaiveBayesLearner(compare_with_fallback=False)


def clusters(seed, n_tasks=20, n_rows=30, p=4, k=2, spread=1.5, between=0.7):
    """``(X, y)``, tasks first: classes are clusters around centres of the task's own."""
    rng = np.random.default_rng(seed)
    own = spread * rng.normal(size=(k, p)) + between * rng.normal(size=(n_tasks, k, p))
    y = rng.integers(k, size=(n_tasks, n_rows))
    return own[np.arange(n_tasks)[:, None], y] + rng.normal(size=(n_tasks, n_rows, p)), y


def planes(seed, n_tasks=20, n_rows=30, p=4):
    """Classes are sides of a plane: the model is wrong."""
    rng = np.random.default_rng(seed)
    X, w = rng.normal(size=(n_tasks, n_rows, p)), 1.5 * rng.normal(size=p) + 0.5 * rng.normal(size=(n_tasks, p))
    chance = 1.0 / (1.0 + np.exp(-np.einsum("tnp,tp->tn", X, w)))
    return X, (rng.random(chance.shape) < chance).astype(int)


def table(X, y):
    task = np.repeat(np.arange(len(X)), X.shape[1])
    return np.column_stack([X.reshape(len(task), -1), task]), y.ravel()


_LEARNED = {}


def learned(estimator, X, y, **options):
    """A model of these tasks, learned once for all tests: none may change it."""
    key = joblib.hash((estimator, X, y, options))
    if key not in _LEARNED:
        _LEARNED[key] = WarmStartClassifier(estimator, task=-1, **{"learner": ROOM} | options).fit(*table(X, y))
    return _LEARNED[key]


def prior_of(estimator, X, y):
    """The learned prior, without the vague one beside it."""
    return learned(estimator, X, y).prior_.components[0]


def counts(seed, n_tasks=20, n_rows=20, p=5, top=4):
    rng = np.random.default_rng(seed)
    y = rng.integers(2, size=(n_tasks, n_rows))
    return rng.binomial(top, 0.2 + 0.5 * y[..., None] * rng.uniform(size=(n_tasks, 1, p))).astype(float), y


@pytest.mark.quick
def test_means_and_variances_are_those_of_rows_and_pseudo_rows():
    X, y = clusters(0)
    prior = prior_of(GaussianNB(), X, y)
    plain = prior.adapt(GaussianNB(), X[0, :7], y[0, :7])
    for k in (0, 1):
        own, m, kappa = X[0, :7][y[0, :7] == k], prior.mean[k], prior.n_mean[k]
        theta = (own.sum(axis=0) + kappa * m) / (len(own) + kappa)
        squares = ((own - theta) ** 2).sum(axis=0) + kappa * (m - theta) ** 2
        squares = squares + prior.n_variance[k] * prior.variance[k]
        scale = squares / (len(own) + prior.n_variance[k]) * (1.0 + 1.0 / (len(own) + kappa))
        assert_allclose(plain.theta_[k], theta)
        assert_allclose(plain.var_[k], scale, rtol=1e-7)


@pytest.mark.quick
@pytest.mark.parametrize("estimator", [MultinomialNB(), CategoricalNB(min_categories=5)], ids=str)
def test_partial_fit_of_the_plain_result_is_the_conjugate_update(estimator):
    X, y = counts(0)
    prior = prior_of(estimator, X, y)
    some, all_rows = (prior.adapt(estimator, X[0, :n], y[0, :n]) for n in (5, 12))
    on = pickle.loads(pickle.dumps(some)).partial_fit(X[0, 5:12], y[0, 5:12])
    assert_allclose(on.predict_proba(X[1]), all_rows.predict_proba(X[1]), rtol=1e-10)


@pytest.mark.quick
def test_zeros_and_ones_are_two_categories():
    X, y = counts(0, top=1)
    answers = [
        prior_of(estimator, X, y).adapt(estimator, X[0, :6], y[0, :6]).predict_proba(X[1])
        for estimator in (BernoulliNB(binarize=0.5), CategoricalNB(min_categories=2))
    ]
    assert_allclose(*answers, rtol=1e-8)


@varied("estimator", [MultinomialNB(), BernoulliNB(binarize=1.5)], ids=str)
def test_sparse_rows_are_rows(estimator):
    X, y = counts(0)
    dense = learned(estimator, X, y)
    flat, labels = table(X, y)
    some = WarmStartClassifier(estimator, task=-1, learner=ROOM).fit(sparse.csr_matrix(flat), labels)
    assert_allclose(some.predict_proba(sparse.csr_matrix(flat)), dense.predict_proba(flat), rtol=1e-8)


@varied("alpha", [0.1, 1.0, 10.0])
@varied("estimator", [MultinomialNB, BernoulliNB, CategoricalNB])
def test_a_prior_trusted_more_is_worth_more_rows(estimator, alpha):
    X, y = counts(0, top=1)
    prior = prior_of(estimator(), X, y)
    rows = [WarmStartClassifier(estimator(alpha=a), prior=prior).fit(X[0], y[0]).borrowing_ for a in (1.0, alpha)]
    assert_allclose(rows[1], alpha * rows[0])


@pytest.mark.quick
def test_alpha_is_the_trust_in_the_prior():
    X, y = counts(0)
    prior = prior_of(MultinomialNB(), X, y)
    none, all_of_it = (prior.adapt(MultinomialNB(alpha=alpha), X[0], y[0]) for alpha in (0.0, 1e9))
    assert_allclose(none.feature_log_prob_, MultinomialNB(alpha=0.0).fit(X[0], y[0]).feature_log_prob_, atol=1e-8)
    assert_allclose(all_of_it.feature_log_prob_, prior.zero_shot(MultinomialNB()).feature_log_prob_, atol=1e-8)


@pytest.mark.quick
@pytest.mark.parametrize("estimator", [GaussianNB(), MultinomialNB()], ids=str)
def test_many_rows_are_the_plain_fit(estimator):
    X, y = counts(0) if isinstance(estimator, MultinomialNB) else clusters(0)
    prior, apart = prior_of(estimator, X, y), []
    for n in (300, 3_000):
        rows, labels = np.tile(X[0], (n, 1)), np.tile(y[0], n)
        chance = [
            model.predict_proba(X[0]) for model in (prior.adapt(estimator, rows, labels), estimator.fit(rows, labels))
        ]
        apart.append(np.abs(chance[0] - chance[1]).max())
    assert apart[1] < 0.2 * apart[0]  # as one over the rows


@pytest.mark.quick
def test_the_marginal_likelihood_is_the_product_of_what_is_said_of_each_row_from_those_before():
    X, y = counts(0, n_rows=6)
    estimator = MultinomialNB()
    prior = prior_of(estimator, X, y)
    words = np.eye(5)[[0, 3, 3, 1, 4, 0]]  # one word a row: no word of a row tells of another of the same row
    whole = prior.log_marginal_likelihood(estimator, read_tasks(words, y[0], labels=True))
    said = 0.0
    for i in range(6):
        plain = prior.adapt(estimator, words[:i], y[0, :i])
        said += plain.class_log_prior_[y[0, i]] + plain.feature_log_prob_[y[0, i], words[i].argmax()]
    assert_allclose(whole, said, rtol=1e-10)


@pytest.mark.quick
def test_a_class_without_rows_is_the_priors():
    X, y = clusters(0, k=3)
    prior = prior_of(GaussianNB(), X, y)
    plain = prior.adapt(GaussianNB(), X[0, :1], y[0, :1])
    others = np.arange(3) != y[0, 0]
    assert_array_equal(plain.classes_, [0, 1, 2])
    assert_allclose(plain.theta_[others], prior.mean[others])
    assert np.all(plain.class_prior_ > 0.0)


@pytest.mark.variations
def test_the_scale_of_weights_and_units_of_columns_change_nothing():
    X, y = clusters(0)
    flat, labels = table(X, y)
    weight, unit = np.random.default_rng(1).uniform(0.5, 2.0, len(labels)), np.array([1e6, 1e-6, 1.0, 50.0, 1.0])
    answers = []
    for w, u in ((1.0, np.ones(5)), (10.0, np.ones(5)), (1.0, unit)):
        model = WarmStartClassifier(GaussianNB(var_smoothing=0.0), task=-1, learner=ROOM)
        model.fit(flat * u, labels, sample_weight=w * weight)
        plain = model.adapt(X[0, :6] * u[:-1], y[0, :6], sample_weight=w * weight[:6])
        answers.append(plain.predict_proba(X[1] * u[:-1]))
    assert_allclose(answers[1], answers[0], rtol=1e-6)
    assert_allclose(answers[2], answers[0], rtol=1e-4, atol=1e-8)


@pytest.mark.quick
def test_constant_columns_and_single_rows_are_legal():
    X, y = clusters(0, n_tasks=3, n_rows=4)
    X[..., 1] = 7.0
    model = learned(GaussianNB(), X, y)
    assert np.isfinite(model.adapt(X[0, :1], y[0, :1]).predict_proba(X[1])).all()


def test_known_shares_of_classes_are_taken():
    X, y = clusters(0)
    prior = prior_of(GaussianNB(), X, y)
    plain = prior.adapt(GaussianNB(priors=[0.9, 0.1]), X[0, :5], y[0, :5])
    assert_allclose(plain.class_prior_, [0.9, 0.1])
    X, y = counts(0)
    plain = prior_of(MultinomialNB(), X, y).adapt(MultinomialNB(fit_prior=False), X[0, :5], y[0, :5])
    assert_allclose(plain.class_log_prior_, np.log([0.5, 0.5]))


@pytest.mark.quick
def test_errors_name_what_is_wrong_and_the_way_out():
    X, y = counts(0)
    estimator = CategoricalNB()
    prior = learned(estimator, X, y).prior_
    with pytest.raises(ValueError, match=r"X: wanted categories below 5 in column 0, .* found 9; .*min_categories"):
        prior.adapt(estimator, np.full((2, 5), 9.0), [0, 1])
    with pytest.raises(ValueError, match=r"y: wanted the classes that the prior knows, \[0, 1\], found new \[7\]"):
        prior.adapt(estimator, X[0, :2], [0, 7])
    with pytest.raises(
        TypeError, match="prior: wanted one for GaussianNB, found a CategoricalNBPrior, which is for CategoricalNB; "
    ):
        prior.adapt(GaussianNB(), X[0, :2], [0, 1])
    with pytest.raises(
        TypeError, match="prior: wanted one for GaussianNB, found a CategoricalNBPrior, which is for CategoricalNB; "
    ):
        learned(GaussianNB(), X, y, prior=prior)
    with pytest.raises(ValueError, match="priors: wanted a share of each of 2 classes"):
        prior.adapt(CategoricalNB(class_prior=[0.2, 0.3, 0.5]), X[0, :2], [0, 1])
    with pytest.raises(ValueError, match=r"unlabelled_weight: wanted 'auto' or a number .* found -1"):
        learned(estimator, X, y, learner=NaiveBayesLearner(-1))
    assert isinstance(prior.components[0], CategoricalNBPrior)


# What the past is worth, and what it costs ----------------------------------------------------------------------


def right(model, X, y):
    return 100.0 * np.mean(model.predict(X) == y)


def gains_with_ten_rows(seed):
    """Points of accuracy, for each of ten new tasks, beside a pooled model and the task's own."""
    X, y = clusters(seed, n_tasks=30, between=1.0)
    prior, gains = learned(GaussianNB(), X[:20], y[:20]).prior_, []
    pooled = GaussianNB().fit(X[:20].reshape(-1, 4), y[:20].ravel())
    for t in range(20, 30):
        warm, own = prior.adapt(GaussianNB(), X[t, :10], y[t, :10]), GaussianNB().fit(X[t, :10], y[t, :10])
        gains.append(
            [right(warm, X[t, 10:], y[t, 10:]) - right(other, X[t, 10:], y[t, 10:]) for other in (pooled, own)]
        )
    return gains


@pytest.mark.parametrize("n_seeds", [1, pytest.param(5, marks=pytest.mark.statistics)])
def test_few_rows_with_a_prior_beat_a_pooled_model_and_the_tasks_own(n_seeds):
    gains = np.concatenate([gains_with_ten_rows(seed) for seed in range(n_seeds)])
    assert np.all(np.mean(gains, axis=0) > 2.0)


@pytest.mark.quick
def test_shares_without_columns_are_those_of_the_other_rows_and_of_the_past():
    X, y = clusters(0, n_tasks=3, n_rows=6)
    prior = prior_of(GaussianNB(), X, y)
    rows, labels = table(X, y)
    tasks = read_tasks(rows, labels, task=-1, labels=True)
    expected = np.zeros(3)
    for own, score in zip(y, range(3), strict=True):
        for i, label in enumerate(own):
            counts = np.bincount(np.delete(own, i), minlength=2) + prior.class_counts
            expected[score] += np.log((5.0 * counts[label] / counts.sum() + 0.5) / 6.0)
    assert_allclose(leave_one_out_scores(SharesAlone(prior), GaussianNB(), tasks), expected)


@pytest.mark.quick
def test_past_tasks_speak_against_the_vague_prior_if_they_tell_anything_of_labels():
    X, y = clusters(0, n_rows=20)
    noise = np.random.default_rng(0).permuted(y, axis=1)
    weights = [learned(GaussianNB(), X, each).prior_.named_weights["vague"] for each in (y, noise)]
    assert weights[0] < 0.5 and weights[1] > 0.5


def log_loss_of(model, X, y):
    return -np.log(np.maximum(model.predict_proba(X)[np.arange(len(y)), y], 1e-15)).mean()


@pytest.mark.statistics
@pytest.mark.parametrize("past", ["flipped", "permuted", "noise"])
def test_a_past_that_misleads_costs_little(past):
    losses = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        X, y = clusters(seed, n_tasks=30)
        old_X, old_y = X[:20], y[:20]
        old_y = {"flipped": 1 - old_y, "noise": rng.permuted(old_y, axis=1)}.get(past, old_y)
        old_X = old_X[:, :, rng.permutation(4)] if past == "permuted" else old_X
        prior = learned(GaussianNB(), old_X, old_y).prior_
        for t in range(20, 30):
            models = [prior.adapt(GaussianNB(), X[t, :8], y[t, :8]), GaussianNB().fit(X[t, :8], y[t, :8])]
            losses.append(
                [log_loss_of(model, X[t, 8:], y[t, 8:]) if len(model.classes_) == 2 else 1.0 for model in models]
            )
    warm, own = np.mean(losses, axis=0)
    assert warm <= 1.02 * own


@pytest.mark.quick
@varied("estimator", [GaussianNB(), MultinomialNB(), BernoulliNB(), CategoricalNB(min_categories=5)], ids=str, keep=2)
def test_a_prior_is_stored_as_plain_arrays(estimator):
    X, y = counts(0)
    prior = learned(estimator, X, y).prior_
    stored = type(prior).from_dict(prior.to_dict())
    found, wanted = (each.adapt(estimator, X[0], y[0]).predict_proba(X[1]) for each in (stored, prior))
    assert_array_equal(found, wanted)


# Rows drawn by their class -----------------------------------------------------------------------------------------


@pytest.mark.quick
@varied("estimator", [GaussianNB(), MultinomialNB(), BernoulliNB(), CategoricalNB(min_categories=5)], ids=str, keep=2)
def test_rows_drawn_by_their_class_tell_of_columns_and_nothing_of_shares(estimator):
    X, y = counts(0)
    y = np.where(np.random.default_rng(1).random(y.shape) < 0.5, 0, y)  # three rows in four are of the first class
    prior = prior_of(estimator, X, y)
    assert_allclose(prior.class_prior, np.bincount(y.ravel()) / y.size)
    five_each = np.r_[np.flatnonzero(y[0] == 0)[:5], np.flatnonzero(y[0] == 1)[:5]]
    rows, past = (
        WarmStartClassifier(estimator, prior=prior, class_prior=name).fit(X[0][five_each], y[0][five_each])
        for name in ("rows", "past")
    )
    scores = [np.diff(model.predict_log_proba(X[1]), axis=1) for model in (rows, past)]
    assert np.ptp(scores[1] - scores[0]) < 1e-8
    plain = past.estimator_
    shares = plain.class_prior_ if hasattr(plain, "class_prior_") else np.exp(plain.class_log_prior_)
    assert_allclose(shares, prior.class_prior)


@pytest.mark.quick
def test_learning_on_counts_past_shares_as_so_many_tasks():
    X, y = clusters(0)
    prior = learned(GaussianNB(), X[:15], y[:15]).prior_
    on = learned(GaussianNB(), X[15:], y[15:], prior=prior).prior_
    assert_allclose(on.class_prior, learned(GaussianNB(), X, y).prior_.class_prior)
    drawn = learned(GaussianNB(), X[15:], y[15:], prior=prior, class_prior="past").prior_
    assert_allclose(drawn.class_prior, prior.class_prior)
    assert_allclose(drawn.class_counts, prior.class_counts)
    assert_allclose(drawn.mean, on.mean)


# Rows without labels -------------------------------------------------------------------------------------------------


def gain_of_unlabelled_rows(draw, seed, **options):
    """Points of accuracy that fifty rows without labels add to two with one, of five new tasks."""
    X, y = draw(seed, n_tasks=25, n_rows=102, **options)
    prior, gains = learned(GaussianNB(), X[:20, :30], y[:20, :30]).prior_, []
    for t in range(20, 25):
        known = np.where(np.arange(52) < 2, y[t, :52], np.nan)
        few, many = prior.adapt(GaussianNB(), X[t, :2], y[t, :2]), prior.adapt(GaussianNB(), X[t, :52], known)
        gains.append(right(many, X[t, 52:], y[t, 52:]) - right(few, X[t, 52:], y[t, 52:]))
    return np.mean(gains)


@pytest.mark.parametrize("n_seeds", [1, pytest.param(10, marks=pytest.mark.statistics)])
def test_rows_without_labels_help_where_classes_are_clusters_and_do_no_harm_where_they_are_none(n_seeds):
    gains = [gain_of_unlabelled_rows(clusters, seed, p=6, spread=0.7, between=1.0) for seed in range(2 * n_seeds)]
    assert np.mean(gains) >= 5.0
    assert np.mean([gain_of_unlabelled_rows(planes, seed) for seed in range(n_seeds)]) >= -1.0


@pytest.mark.quick
def test_rows_without_labels_are_marked_by_nan_none_or_what_the_shell_is_told():
    X, y = clusters(0)
    prior, known = learned(GaussianNB(), X, y).prior_, y[0].copy()
    known[4:] = -1
    shell = WarmStartClassifier(GaussianNB(), prior=prior, unlabelled=-1).fit(X[0], known)
    assert_array_equal(shell.classes_, [0, 1])
    marked = np.where(known < 0, np.nan, known.astype(float))
    for answer in (
        WarmStartClassifier(GaussianNB(), prior=prior).fit(X[0], marked).predict_proba(X[1]),
        shell.estimator_.predict_proba(X[1]),
    ):
        assert_allclose(answer, shell.predict_proba(X[1]), rtol=1e-10)
    model = WarmStartClassifier(GaussianNB(), task=-1, learner=ROOM, unlabelled=-1)
    model.fit(*table(X, np.where(np.arange(30) < 25, y, -1)))
    assert_array_equal(model.classes_, [0, 1])
    assert_allclose(model.adapt(X[0], known).predict_proba(X[1]).sum(axis=1), 1.0)
    nothing = WarmStartClassifier(GaussianNB(), prior=prior, unlabelled=-1).fit(X[0], np.full(30, -1))
    assert right(nothing, X[0], y[0]) > 60.0


@pytest.mark.quick
def test_text_labels_and_frames_with_gaps():
    X, y = clusters(0)
    labels = np.where(y > 0, "yes", "no")
    frame, flat = pd.DataFrame(table(X, y)[0], columns=[*"abcd", "shop"]), labels.ravel().astype(object)
    model = WarmStartClassifier(GaussianNB(), task="shop", learner=ROOM).fit(frame, flat)
    gaps = flat[:30].copy()
    gaps[5:] = None
    assert list(model.adapt(frame.iloc[:30, :4], gaps).classes_) == ["no", "yes"]


@pytest.mark.quick
def test_linear_models_refuse_rows_without_labels():
    X, y = clusters(0)
    model = WarmStartClassifier(LogisticRegression(), task=-1, unlabelled=-1)
    with pytest.raises(
        ValueError, match=r"y: wanted a label in every row for LogisticRegression, found none in 20 of 600"
    ):
        model.fit(*table(X, np.where(np.arange(30) < 29, y, -1)))


def test_no_weight_is_no_use_of_rows_without_labels():
    X, y = clusters(0)
    prior = replace(prior_of(GaussianNB(), X, y), unlabelled_weight=0.0)
    known = np.where(np.arange(30) < 4, y[0], np.nan)
    both = [prior.adapt(GaussianNB(), X[0], known), prior.adapt(GaussianNB(), X[0, :4], y[0, :4])]
    assert_allclose(*(plain.theta_ for plain in both))


def test_self_training_goes_around_a_warm_model():
    X, y = clusters(0, between=1.0)
    prior, known = learned(GaussianNB(), X, y).prior_, y[0].copy()
    known[4:] = -1
    around = SelfTrainingClassifier(WarmStartClassifier(GaussianNB(), prior=prior)).fit(X[0], known)
    assert right(around, X[0], y[0]) >= right(GaussianNB().fit(X[0, :4], y[0, :4]), X[0], y[0])


@pytest.mark.filterwarnings("ignore:y contains no unlabeled samples")  # a task's own model is given labelled rows
def test_self_training_goes_inside_a_warm_model():
    X, y = clusters(0, n_tasks=8, n_rows=12, between=0.1)
    inside = SelfTrainingClassifier(GaussianNB())
    model = WarmStartClassifier(inside, task=-1, unlabelled=-1).fit(*table(X, np.where(np.arange(12) < 9, y, -1)))
    shared = model.prior_.components[0].model
    assert (shared.transduction_ != -1).sum() > 8 * 9  # rows without labels reached it, and got one
    assert_array_equal(model.classes_, [0, 1])
    assert right(model.adapt(X[0, :4], y[0, :4]), X[0], y[0]) > 70.0


# The fallback beside it --------------------------------------------------------------------------------------------------


def test_held_out_tasks_say_where_the_fallback_is_better():
    X, y = planes(0, n_tasks=16)
    X = X + X[:, :, ::-1]  # columns depend on each other
    model = learned(GaussianNB(), X, y, learner="auto")
    scores = model.learner_.scores_
    assert scores["fallback"] > scores["naive Bayes"] and hasattr(model.learner_, "fallback_")
    assert type(model.prior_.components[0]).__name__ == "SharedModelPrior"
    on = learned(GaussianNB(), X[:2], y[:2], learner="auto", prior=model.prior_)
    assert on.prior_.n_tasks == 18
    known = np.where(np.arange(30) < 10, y[0], np.nan)
    assert right(model.adapt(X[0], known), X[0], y[0]) > 60.0


def test_held_out_tasks_say_where_naive_bayes_is_better():
    X, y = clusters(0, n_tasks=16)
    model = learned(GaussianNB(), X, y, learner="auto")
    assert not hasattr(model.learner_, "fallback_")
    assert isinstance(model.prior_.components[0], GaussianNBPrior)


@pytest.mark.quick
def test_folds_are_as_many_as_asked_for():
    X, y = clusters(0, n_tasks=6, n_rows=12)
    tasks = read_tasks(*table(X, y), task=-1, labels=True)
    assert len(HeldOut(GaussianNB(), tasks, prior_of(GaussianNB(), X, y), 3)._folds) == 3
    with pytest.raises(ValueError, match="cv"):
        learned(GaussianNB(), X, y, learner=NaiveBayesLearner(cv=1))


@pytest.mark.parametrize(("dtype", "gap"), [(int, None), (bool, np.nan)])
def test_rows_without_a_label_may_stand_among_labels_that_are_objects(dtype, gap):
    """The same fit as of text: the labels alone are called something else."""
    rng = np.random.default_rng(0)
    X, y = np.column_stack([rng.normal(size=(60, 2)), np.repeat(np.arange(6), 10)]), rng.integers(0, 2, 60)
    known = rng.random(60) < 0.7
    as_text = np.where(known, y.astype(str), None)
    as_objects = np.where(known, y.astype(dtype).astype(object), gap)
    wanted = WarmStartClassifier(GaussianNB(), task=-1, learner=ROOM).fit(X, as_text)
    found = WarmStartClassifier(GaussianNB(), task=-1, learner=ROOM).fit(X, as_objects)
    assert found.classes_.tolist() == [dtype(0), dtype(1)] and found.classes_.dtype == dtype
    assert_allclose(found.predict_proba(X), wanted.predict_proba(X))
