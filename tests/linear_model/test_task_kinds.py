"""Kinds of tasks: found where they are, none where there are none, whatever the order of tasks and rows."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import logsumexp
from scipy.stats import multivariate_normal
from sklearn.linear_model import GammaRegressor, HuberRegressor, LogisticRegression, PoissonRegressor, Ridge
from variations import varied

from skmeta import EmpiricalBayes, StateSpace, SufficientStatistics, WarmStartRegressor
from skmeta.compose import MixtureOfKinds, MixturePrior
from skmeta.tasks import Tasks

CENTRES = np.array([[3.0, -2.0, 1.0], [-3.0, 2.0, -1.0]])


def draw(n_tasks=24, n_rows=8, seed=0, centres=CENTRES, spread=0.1, noise=0.3):
    """Tasks whose kinds take turns, and the coefficients of each."""
    rng = np.random.default_rng(seed)
    coef = centres[np.arange(n_tasks) % len(centres)] + spread * rng.normal(size=(n_tasks, centres.shape[1]))
    X = rng.normal(size=(n_tasks, n_rows, centres.shape[1]))
    X[..., -1] = 1.0
    y = np.einsum("tnp,tp->tn", X, coef) + noise * rng.normal(size=(n_tasks, n_rows))
    return table(X[..., :-1], y), coef


def table(X, y):
    n_tasks, n_rows = y.shape
    return Tasks(X.reshape(-1, X.shape[2]), y.ravel(), np.repeat(np.arange(n_tasks), n_rows), np.arange(n_tasks))


def learned(tasks, n_components="auto", **options):
    learner = EmpiricalBayes(n_components=n_components, **options)
    return learner.learn(Ridge(), tasks), learner


def same(one, other, rtol=1e-6):
    assert one.names == other.names
    assert_allclose(one.weights, other.weights, rtol=rtol)
    for a, b in zip(one.components, other.components, strict=True):
        assert_allclose(a.expected(), b.expected(), rtol=rtol, atol=rtol)


@pytest.fixture(scope="module")
def two():
    tasks, _ = draw()
    return (tasks, *learned(tasks))


@pytest.mark.quick
def test_two_kinds_far_apart_are_found_task_by_task(two):
    _, prior, learner = two
    assert isinstance(prior, MixtureOfKinds) and prior.n_kinds == 2
    assert prior.kinds_in_words == "2 kinds of tasks (12, 12)"
    assert learner.memberships_.shape == (24, 2)
    assert learner.memberships_.max(axis=1).min() > 0.8  # the rest is that of no kind
    assert learner.memberships_.min(axis=1).max() < 1e-6
    found = learner.memberships_.argmax(axis=1)
    assert_array_equal(found, found[0] ^ (np.arange(24) % 2))
    for kind, rest in ((found[0], CENTRES[0]), (1 - found[0], CENTRES[1])):
        assert_allclose(prior.kinds[kind].mean, rest, atol=0.2)


def test_a_new_task_of_few_rows_is_of_its_kind(two):
    _, prior, _ = two
    new, coef = draw(n_rows=2, seed=1)
    kinds, one = (p.adapt_tasks(Ridge(), new).coefficients[:, 0] for p in (prior, learned(two[0], 1)[0]))
    assert np.mean((kinds - coef) ** 2) < 0.02 < np.mean((one - coef) ** 2)  # the kinds' own variance is 0.01


def test_a_task_without_rows_has_the_mean_of_the_kinds_by_their_weights(two):
    _, prior, _ = two
    plain = prior.zero_shot(Ridge())
    means = np.array([component.expected()[0] for component in prior.components])
    assert_allclose(np.r_[plain.coef_, plain.intercept_], prior.unseen_weights @ means)
    assert_allclose(prior.unseen_weights[3:], 0.0)


@pytest.mark.parametrize("change", ["tasks", "rows"])
def test_the_order_of_tasks_and_of_rows_is_of_no_matter(two, change):
    tasks, prior, learner = two
    rng = np.random.default_rng(0)
    order = rng.permutation(24)
    if change == "tasks":
        other, found = learned(tasks.take(order))
        assert_allclose(found.memberships_, learner.memberships_[order], atol=1e-8)
    else:
        rows = rng.permutation(tasks.n_rows)
        other, _ = learned(replace(tasks, X=tasks.X[rows], y=tasks.y[rows], codes=tasks.codes[rows]))
    same(other, prior)


@pytest.mark.variations
def test_the_seed_is_of_no_matter_where_kinds_are_clear(two):
    tasks, prior, _ = two
    same(learned(tasks, random_state=7)[0], prior, rtol=1e-3)


def test_kinds_that_change_their_labels_say_the_same(two):
    tasks, prior, _ = two
    turned = [0, 2, 1, *range(3, len(prior.names))]
    other = MixtureOfKinds(
        [prior.components[c] for c in turned], prior.weights[turned], None, prior.unseen_weights[turned], n_kinds=2
    )
    assert_allclose(other.log_evidence(Ridge(), tasks), prior.log_evidence(Ridge(), tasks))
    a, b = (p.adapt_tasks(Ridge(), tasks).coefficients for p in (other, prior))
    assert_allclose(a, b, atol=1e-10)


def test_one_component_is_the_prior_without_kinds():
    tasks, _ = draw(centres=CENTRES[:1], spread=0.5)
    one, auto = learned(tasks, 1)[0], learned(tasks)[0]
    assert type(auto) is MixturePrior  # one cluster is no kind beside all tasks
    same(auto, one, rtol=0.0)


def test_related_tasks_among_unrelated_ones_are_a_kind():
    rng = np.random.default_rng(3)
    W = np.where(np.arange(40)[:, None] < 14, [2.0, -2.0, 2.0, 1.0, 0.0], rng.normal(0.0, 2.0, (40, 5)))
    W[:14] += 0.1 * rng.normal(size=(14, 5))
    X = rng.normal(size=(40, 10, 5))
    X[..., -1] = 1.0
    tasks = table(X[..., :-1], np.einsum("tnp,tp->tn", X, W) + 0.3 * rng.normal(size=(40, 10)))
    prior, learner = learned(tasks)
    assert prior.kinds_in_words == "1 kind of tasks (14) and 26 of no kind"
    assert learner.memberships_[:14].min() > 0.9 and learner.memberships_[14:].max() < 0.1


def test_a_copied_task_counts_once():
    tasks, _ = draw()
    codes = np.r_[np.arange(24), np.zeros(8, int)]
    copied = replace(tasks.take(codes), ids=np.arange(32))
    with pytest.warns(UserWarning, match="count once"):
        prior, learner = learned(copied)
    same(prior, learned(tasks)[0])
    assert learner.memberships_.shape == (32, 2)


def test_evidence_is_that_of_dense_gaussians(two):
    tasks, prior, _ = two
    known = [replace(kind, mean_covariance=None, contextual_effects=None, noise_dof=np.inf) for kind in prior.kinds]
    by_hand = MixturePrior(known, [0.3, 0.7])
    found = by_hand.log_evidence(Ridge(), tasks)
    for code in range(5):
        rows = tasks.rows_of(code)
        Z = np.column_stack([tasks.X[rows], np.ones(len(rows))])
        logs = [
            multivariate_normal(Z @ c.mean, Z @ c.covariance @ Z.T + c.noise * np.eye(len(Z))).logpdf(tasks.y[rows])
            for c in by_hand.components
        ]
        assert_allclose(found[code], logsumexp(logs, b=[0.3, 0.7]), atol=1e-9)


def test_learning_on_keeps_the_kinds(two):
    _, prior, _ = two
    more, _ = draw(n_tasks=8, seed=5)
    on = EmpiricalBayes(n_components="auto").learn(Ridge(), more, prior)
    assert on.kinds_in_words == "2 kinds of tasks (16, 16)"
    for kind, before in zip(on.kinds, prior.kinds, strict=True):
        nearest = min(on.kinds, key=lambda other: np.abs(other.mean - before.mean).max())
        assert np.abs(nearest.mean - before.mean).max() < 0.1 and kind.n_tasks == pytest.approx(16.0, abs=0.5)
    with pytest.raises(ValueError, match="the prior knows 2 kinds"):
        EmpiricalBayes().learn(Ridge(), more, prior)


def test_learning_on_does_not_depend_on_where_new_kinds_are_looked_for(two, monkeypatch):
    _, prior, _ = two
    more, _ = draw(n_tasks=8, seed=5)
    learner = EmpiricalBayes(n_components="auto")
    on = learner.learn(Ridge(), more, prior)
    monkeypatch.setattr("skmeta._inference.kinds_choice._SEEDS", 2)
    same(learner.learn(Ridge(), more, prior), on, rtol=0.0)


@pytest.mark.parametrize("n_components", [1, 2])
def test_the_one_kind_of_a_prior_is_not_dropped_without_a_word(two, n_components):
    _, prior, _ = two
    kept = [0, 1, *range(3, len(prior.names))]
    shares = [values[kept] / values[kept].sum() for values in (prior.weights, prior.unseen_weights)]
    one = MixtureOfKinds(
        [prior.components[c] for c in kept], shares[0], [prior.names[c] for c in kept], shares[1], n_kinds=1
    )
    more, _ = draw(n_tasks=8, centres=CENTRES[:1], seed=5)
    sums = SufficientStatistics.of_tasks(more)
    learner, told = (
        EmpiricalBayes(n_components=n_components),
        rf"wanted 'auto', as the prior .*, found {n_components}; ",
    )
    with pytest.raises(ValueError, match=told):
        learner.learn(Ridge(), more, one)
    with pytest.raises(ValueError, match=told):
        learner.learn_statistics(sums, prior=one)
    assert EmpiricalBayes(n_components="auto").learn(Ridge(), more, one).n_kinds == 1


def test_sums_say_what_rows_say(two):
    tasks, prior, _ = two
    X = np.column_stack([tasks.X, tasks.codes])
    sums = SufficientStatistics.from_table(X, tasks.y, task=-1)
    same(EmpiricalBayes(n_components="auto").learn_statistics(sums), prior)


@pytest.mark.variations
def test_two_targets_share_their_kinds():
    tasks, _ = draw()
    y = np.column_stack([tasks.y, np.random.default_rng(0).normal(size=tasks.n_rows)])
    prior, learner = learned(replace(tasks, y=y))
    assert prior.n_kinds == 2 and prior.kinds[0].mean.shape == (2, 3)
    assert_array_equal(learner.memberships_[::2].argmax(axis=1), learner.memberships_[0].argmax())
    assert_array_equal(learner.memberships_[1::2].argmax(axis=1), learner.memberships_[1].argmax())


@varied("estimator", [LogisticRegression(), PoissonRegressor()], ids=lambda e: type(e).__name__)
def test_labels_and_counts_have_kinds_too(estimator):
    rng = np.random.default_rng(0)
    centres = np.array([[2.0, -2.0, 0.0], [-2.0, 2.0, 0.0]]) * (
        1.0 if isinstance(estimator, LogisticRegression) else 0.4
    )
    X = rng.normal(size=(20, 15, 3))
    X[..., -1] = 1.0
    eta = np.einsum("tnp,tp->tn", X, centres[np.arange(20) % 2])
    if isinstance(estimator, LogisticRegression):
        y = (rng.random(eta.shape) < 1.0 / (1.0 + np.exp(-eta))).astype(int)
        tasks = replace(table(X[..., :-1], y), classes=tuple(np.unique(row) for row in y))
    else:
        tasks = table(X[..., :-1], rng.poisson(np.exp(eta)).astype(float))
    learner = EmpiricalBayes(n_components=2)
    learner.learn(estimator, tasks)
    found = learner.memberships_.argmax(axis=1)
    assert np.mean(found == (found[0] ^ (np.arange(20) % 2))) >= 0.9


def test_a_starved_kind_does_not_collapse():
    tasks, _ = draw(n_tasks=12)
    prior, _ = learned(tasks, 4)  # two of them have hardly a task
    for kind in prior.kinds:
        assert np.linalg.eigvalsh(kind.covariance).min() > 1e-4 and np.isfinite(kind.mean).all()


@pytest.mark.parametrize("n_tasks", [2, 3, 4])
def test_few_tasks_are_of_no_kinds(n_tasks):
    tasks, _ = draw(n_tasks=n_tasks)
    same(learned(tasks)[0], learned(tasks, 1)[0], rtol=0.0)


def test_a_dispersion_that_is_learned_does_not_hide_kinds():
    tasks, _ = draw(n_tasks=16)
    prior = EmpiricalBayes(n_components=2).learn(GammaRegressor(), replace(tasks, y=np.exp(0.3 * tasks.y)))
    assert prior.weights[:3].sum() > 0.8 and prior.kinds_in_words == "2 kinds of tasks (8, 8)"


def test_it_survives_a_dictionary(two):
    _, prior, _ = two
    back = MixtureOfKinds.from_dict(prior.to_dict())
    assert repr(back) == repr(prior) and back.n_kinds == 2
    same(back, prior, rtol=0.0)


def test_the_shell_has_a_learner_with_memberships(two):
    tasks, _, _ = two
    model = WarmStartRegressor(Ridge(), task=-1, learner=EmpiricalBayes(n_components=2))
    model.fit(np.column_stack([tasks.X, tasks.codes]), tasks.y)
    assert model.learner_.memberships_.shape == (24, 2)
    assert model.prior_.kinds_in_words.startswith("2 kinds of tasks")


@pytest.mark.parametrize(
    ("n_components", "n_tasks", "message"),
    [
        ("auto", 1, "wanted at least 2 tasks, found 1"),
        (5, 4, "wanted at least 5 tasks, found 4"),
        ("many", 4, "wanted 'auto' or a whole number, found 'many'; 'auto' chooses it"),
        (0, 4, "n_components == 0"),
    ],
)
def test_what_cannot_be_asked_for(n_components, n_tasks, message):
    tasks, _ = draw(n_tasks=n_tasks)
    with pytest.raises(ValueError, match=message), warnings.catch_warnings():
        learned(tasks, n_components)


def test_tables_computed_in_cells_refuse():
    tasks, _ = draw(n_tasks=4, n_rows=3, centres=np.ones((2, 120)))
    with pytest.raises(ValueError, match="wanted 1 where more than 100 columns"):
        learned(tasks, 2)


def drifting_past():
    """A prior of twelve days."""
    walk = np.cumsum(np.random.default_rng(0).normal(size=(12, 3)), axis=0)
    tasks, _ = draw(n_tasks=12, centres=walk)
    return StateSpace().learn(Ridge(), replace(tasks, levels={"day": np.arange(12)}))


TWO = {"left": np.arange(12) % 3, "right": np.arange(12) // 3}


@pytest.mark.parametrize(
    ("known", "options", "past", "message"),
    [
        (
            {"levels": TWO},
            {},
            None,
            "wanted 1 for nested tasks, found 2; give one task column and drop the others",
        ),
        ({"levels": TWO}, {"crossed": True}, None, "wanted 1 for crossed tasks, found 2; leave crossed out"),
        ({"context": TWO}, {}, None, "wanted 1 for described tasks, found 2; leave context out"),
        (
            {"levels": {"day": np.arange(12, 24)}},
            {},
            drifting_past,
            r"wanted 1 for tasks in time, found 2; give prior\.with_inner\(prior\.learned\.plain\(\)\)",
        ),
    ],
    ids=["nested", "crossed", "described", "in time"],
)
def test_a_structure_among_tasks_says_which_it_is(known, options, past, message):
    tasks, _ = draw(n_tasks=12)
    prior = None if past is None else past()
    with pytest.raises(ValueError, match=message):
        EmpiricalBayes(n_components=2, **options).learn(Ridge(), replace(tasks, **known), prior)
    alone = replace(tasks, **known) if past else tasks  # one task column, without context: what the message says
    inside = None if past is None else prior.with_inner(prior.learned.plain())
    assert EmpiricalBayes(n_components=2).learn(Ridge(), alone, inside).n_kinds == 2


@varied("past", [False, True])
def test_kinds_are_looked_for_once_outliers_are_known(two, past, monkeypatch):
    tasks, prior, _ = two

    def first_round(start, learn, data, estimator, family, n_jobs, progress):
        return start(data, progress)

    monkeypatch.setattr("skmeta.linear_model._empirical_bayes.learn_from_trusted", first_round)
    started = EmpiricalBayes(n_components=2).learn(HuberRegressor(), tasks, prior if past else None)
    assert type(started) is MixturePrior
    monkeypatch.undo()
    if past:
        found = EmpiricalBayes(n_components=2).learn(HuberRegressor(), tasks, prior)
        assert found.kinds_in_words == "2 kinds of tasks (24, 24)"


def test_a_model_tells_the_memberships_of_its_tasks_by_id():
    rng = np.random.default_rng(0)
    store, x = np.repeat(np.arange(30), 8), rng.normal(size=240)
    y = np.where(store < 20, -2.0, 2.0) * x + 0.1 * rng.normal(size=240)
    model = WarmStartRegressor(Ridge(), task=-1, learner=EmpiricalBayes(n_components=2))
    model.fit(np.column_stack([x, store]), y)
    for name, found in zip(model.memberships_.values(), model.learner_.memberships_, strict=True):
        np.testing.assert_array_equal(name, found)
    plain = WarmStartRegressor(Ridge(), task=-1).fit(np.column_stack([x, store]), y)
    with pytest.raises(AttributeError, match="memberships_: wanted a learner that looked for kinds"):
        _ = plain.memberships_
