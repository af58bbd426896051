"""Labels that all tasks have: class means that move together, by sums that add up and a posterior in closed form."""

import numpy as np
import pytest
from common import assert_plain
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import log_loss
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid

from skmeta import DiscriminantLearner, WarmStartClassifier
from skmeta.discriminant_analysis._shift_sums import ShiftSums
from skmeta.discriminant_analysis._shifted_prior import ShiftedDiscriminantPrior, posterior_shifted_means
from skmeta.tasks import read_tasks

LABELS = np.array(["lie", "run", "sit", "walk"])
P = 3


def drawn(seed, shift, own, n_tasks=12, n_rows=24):
    """Rows, labels and persons; class means of a person move by ``shift`` together, and by ``own`` each."""
    rng = np.random.default_rng(seed)
    means = 1.5 * np.random.default_rng(99).normal(size=(len(LABELS), P))
    person = np.repeat(np.arange(n_tasks), n_rows)
    label = rng.integers(len(LABELS), size=len(person))
    X = means[label] + shift * rng.normal(size=(n_tasks, P))[person] + rng.normal(size=(len(person), P))
    return X + own * rng.normal(size=(n_tasks, len(LABELS), P))[person, label], LABELS[label], person


def learn(X, y, task, estimator=None, **options):
    model = WarmStartClassifier(estimator or LinearDiscriminantAnalysis(), task=-1, **options)
    return model.fit(np.column_stack([X, task]), y)


def sums_of(X, y, task):
    tasks = read_tasks(np.column_stack([X, task]), y, task=-1, labels=True)
    return ShiftSums.of(np.asarray(tasks.X, dtype=float), tasks, LABELS)


def fields_of(sums):
    return {name: getattr(sums, name) for name in ShiftSums.__dataclass_fields__}


@pytest.mark.quick
@given(seed=st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_class_means_are_those_of_all_of_them_given_the_rows(seed):
    """The conditional of one joint Gaussian of all class means."""
    rng = np.random.default_rng(seed)
    n = rng.integers(0, 4, size=3).astype(float)
    psi, root = rng.uniform(0.1, 2.0, 2), rng.normal(size=(2, 2))
    S, start, means = root @ root.T, rng.normal(size=(3, 2)), rng.normal(size=(3, 2))
    found = posterior_shifted_means(means, n, psi, S, start)
    K = np.kron(np.ones((3, 3)), S) + np.kron(np.eye(3), np.diag(psi))
    seen = np.repeat(n > 0, 2)
    G = K[:, seen] @ np.linalg.inv(K[np.ix_(seen, seen)] + np.diag(1.0 / np.repeat(n, 2)[seen]))
    wanted = start.ravel() + G @ (means - start).ravel()[seen]
    left = (K - G @ K[seen]).reshape(3, 2, 3, 2)
    assert_allclose(found.means.ravel(), wanted, atol=1e-8)
    assert_allclose(found.covariance, np.eye(2) + np.mean([left[c, :, c] for c in range(3)], axis=0), atol=1e-8)


@pytest.mark.quick
def test_sums_over_pairs_are_those_of_all_pairs():
    X, y, task = drawn(0, 1.0, 1.0, n_tasks=5, n_rows=4)  # some persons lack a class
    sums = sums_of(X, y, task)
    means = {
        (t, c): X[(task == t) & (y == c)].mean(axis=0) for t, c in set(zip(task.tolist(), y.tolist(), strict=True))
    }
    centre = {c: np.mean([mean for (_, k), mean in means.items() if k == c], axis=0) for c in LABELS.tolist()}
    pairs = [
        np.outer(means[t, c] - centre[c], means[t, k] - centre[k])
        for t, c in means
        for s, k in means
        if s == t and k != c
    ]
    assert_allclose(sums.together, np.sum(pairs, axis=0), atol=1e-10)
    assert sums.n_together.sum() - np.trace(sums.n_together) == len(pairs)


@pytest.mark.quick
@pytest.mark.parametrize("first", [1, 4])
def test_sums_of_two_collections_are_those_of_both(first):
    X, y, task = drawn(1, 1.0, 1.0, n_tasks=8, n_rows=5)
    one = task < first
    both = sums_of(X[one], y[one], task[one]) + sums_of(X[~one], y[~one], task[~one])
    whole = sums_of(X, y, task)
    for name, value in fields_of(whole).items():
        assert_allclose(getattr(both, name), value, atol=1e-10, err_msg=name)


@pytest.mark.quick
def test_the_covariance_of_the_shift_has_no_bias_where_persons_are_few():
    """Mean over collections of three persons, of whom each lacks classes now and then: within two standard errors."""
    found = [np.trace(sums_of(*drawn(seed, 1.5, 1.0, n_tasks=3, n_rows=6)).covariance) / P for seed in range(400)]
    assert abs(np.mean(found) - 1.5**2) < 2.0 * np.std(found) / np.sqrt(len(found))


@pytest.mark.quick
@pytest.mark.parametrize(("precision", "bounds"), [(3.0, (2.0, 4.5)), (40.0, (25.0, 65.0))])
def test_how_firm_frequencies_are_is_learned(precision, bounds):
    rng = np.random.default_rng(0)
    y = np.concatenate([rng.choice(LABELS, size=30, p=rng.dirichlet(np.full(4, precision / 4))) for _ in range(400)])
    found = sums_of(np.zeros((len(y), 1)), y, np.repeat(np.arange(400), 30)).class_precision
    assert bounds[0] < found < bounds[1]


@pytest.mark.quick
def test_frequencies_count_as_one_row_at_least():
    y = np.repeat(LABELS, 10)  # a person a class
    assert sums_of(np.zeros((40, 1)), y, np.repeat(np.arange(4), 10)).class_precision == 1.0


def test_rows_of_one_class_tell_where_the_others_are():
    """A person far off, of whom two classes are known: the two others are found."""
    model = learn(*drawn(0, 4.0, 0.2, n_tasks=30))
    X, y, _ = drawn(7, 0.0, 0.2, n_tasks=1, n_rows=400)
    X += np.array([6.0, -5.0, 4.0])
    known = np.isin(y, LABELS[:2])
    shots = np.concatenate([np.flatnonzero(y == label)[:5] for label in LABELS[:2]])
    plain = model.adapt(X[shots], y[shots])
    pooled = LinearDiscriminantAnalysis().fit(*drawn(0, 4.0, 0.2, n_tasks=30)[:2])
    assert_plain(plain)
    assert plain.score(X[~known], y[~known]) > 0.7
    assert pooled.score(X[~known], y[~known]) < 0.5


def test_learning_goes_on_as_if_all_had_been_there():
    X, y, task = drawn(2, 1.0, 0.5)
    first = task < 7
    whole, part = learn(X, y, task), learn(X[first], y[first], task[first])
    on = learn(X[~first], y[~first], task[~first], prior=part.prior_)
    assert type(on.prior_) is ShiftedDiscriminantPrior
    P_whole, P_on = (each.adapt(X[:9], y[:9]).predict_proba(X) for each in (whole, on))
    assert_allclose(P_on, P_whole, atol=1e-8)


@pytest.mark.parametrize("estimator", [NearestCentroid(), KNeighborsClassifier(1)], ids=["centroid", "neighbour"])
def test_a_turn_of_all_rows_and_another_origin_change_nothing(estimator):
    X, y, task = drawn(3, 1.0, 0.5)
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(P, P)))[0]
    moved = X @ turn + [1.0, -2.0, 3.0]
    learner = DiscriminantLearner()
    one, other = (
        learn(rows, y, task, estimator, learner=learner).adapt(rows[:9], y[:9]).predict(rows) for rows in (X, moved)
    )
    assert list(one) == list(other)


@pytest.mark.statistics
def test_where_nothing_moves_it_is_as_good_as_one_model_for_all():
    """Log-loss of new persons: no worse by more than two standard errors and a hundredth."""
    excess = []
    for seed in range(8):
        X, y, task = drawn(seed, 0.0, 0.0, n_tasks=30)
        past = task < 20
        model, pooled = learn(X[past], y[past], task[past]), LinearDiscriminantAnalysis().fit(X[past], y[past])
        for person in range(20, 30):
            own = np.flatnonzero(task == person)
            shots, rest = own[:8], own[8:]
            losses = [
                log_loss(y[rest], each.predict_proba(X[rest]), labels=LABELS)
                for each in (model.adapt(X[shots], y[shots]), pooled)
            ]
            excess.append(losses[0] - losses[1])
    mean, error = np.mean(excess), np.std(excess) / np.sqrt(len(excess))
    assert mean - 2.0 * error < 0.01
