"""Whose labels they are, and what weights of rows and of tasks count."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from own_labels import drawn, learn
from scipy import sparse
from scipy.stats import multivariate_normal
from sklearn.covariance import OAS
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid
from sklearn.tree import DecisionTreeClassifier

from skmeta import DiscriminantLearner, EmpiricalBayes, SharedModel, WarmStartClassifier
from skmeta.base._held_out import gains
from skmeta.base._matching import check_classes
from skmeta.discriminant_analysis._adapted_discriminants import AdaptedDiscriminants
from skmeta.discriminant_analysis._class_sums import class_sums
from skmeta.tasks import read_tasks
from skmeta.tasks._own_labels import labels_are_shared
from skmeta.warm_start._learner_of_fit import learner_of_fit

pytestmark = pytest.mark.quick
SUMS = ("within", "between", "total", "within_dof", "between_dof", "total_dof", "noise")


def tasks_of(X, y, task, **changed):
    return replace(read_tasks(np.column_stack([X, task]), y, task=-1, labels=True), **changed)


@pytest.fixture(scope="module")
def past():
    return drawn(0, n_tasks=12, n_rows=4)


# Whose labels they are -----------------------------------------------------------------------------------------


def shared(*own, labels="auto"):
    y = np.concatenate([list(each) for each in own])
    task = np.repeat(np.arange(len(own)), [len(each) for each in own])
    return labels_are_shared(tasks_of(np.zeros((len(y), 1)), y, task), labels)


def test_the_rule_says_whose_labels_they_are():
    assert shared("ab", "ab", "ab") and shared("ab", "bc", "ca") and shared("ab", "abc", "b")
    assert shared("abc", "bcd", "cde", "dea", "eab")  # three of five each
    assert not shared("ab", "bc", "cd", "de", "ea")  # two of five each
    assert not shared("ab", "cd") and not shared("ab", "bc") and not shared("abc", "def", "cgh")
    assert not shared("abz", "cdz", "efz")  # "z" is in all tasks, as "other" would be
    assert shared("a", "ab", "ba") and not shared("a", "bc", "de")  # one label says nothing
    assert shared("a", "b", "a") and not shared(
        "a", "b", "c"
    )  # where all are such, two tasks have one in common or not


@given(own=st.lists(st.text("abcdef", min_size=1, max_size=4), min_size=1, max_size=6))
@settings(deadline=None)
def test_the_rule_is_the_mean_jaccard_index_of_tasks_held_out(own):
    sets = [set(each) for each in own]
    indices = []
    for k, held_out in enumerate(sets):
        others = set().union(*sets[:k], *sets[k + 1 :])
        indices += [len(held_out & others) / len(held_out | others)] if len(held_out) > 1 else []
    in_common = len(set().union(*sets)) < len(own)  # of tasks of one label each
    assert shared(*own) == (np.mean(indices) >= 0.5 - 1e-9 if indices else in_common)
    named = [[f"{k}/{label}" for label in each] for k, each in enumerate(own)]  # no two tasks have one in common
    assert not shared(*named) and shared(*named, labels="shared") and not shared(*own, labels="own")


def test_numbered_characters_are_those_of_each_alphabet_where_that_is_said(past):
    """Numbered from 0 in each task, they are learned from as under names that no two tasks have in common."""
    X, y, task = past
    number = np.tile(np.repeat(np.arange(5), 4), 12)
    wanted = learn(X, y, task, cv=2).prior_
    assert wanted.own_labels
    found = learn(X, number, task, cv=2, labels="own").prior_
    for name in SUMS:
        assert_allclose(getattr(found.sums, name), getattr(wanted.sums, name), rtol=1e-10)
    assert found.kind == wanted.kind and found.classes is None
    assert_array_equal(learn(X, number, task, n_components=2).prior_.classes, np.arange(5))
    assert_array_equal(learn(X, y, task, n_components=2, labels="shared").prior_.classes, np.unique(y))


@pytest.mark.parametrize("estimator", [GaussianNB(), KNeighborsClassifier(1), LogisticRegression()])
def test_a_family_is_chosen_by_its_learner_in_either_case(past, estimator):
    """Where "auto" would mean another family: labels in all tasks that are each task's own, and the other way round."""
    X, _, task = past
    number = np.tile(np.repeat(np.arange(5), 4), 12)
    model = learn(X, number, task, estimator, labels="own", n_components=5)
    assert list(model.adapt(X[:20:4], [*"vwxyz"]).predict(X[:20:4])) == [*"vwxyz"]


def test_a_shared_model_refuses_labels_that_no_two_tasks_have_in_common(past):
    """Before it is fitted to all of them, in vain; where two tasks have one in common it is fitted."""
    X, y, task = past
    tasks, tree = tasks_of(X, y, task), DecisionTreeClassifier()
    with pytest.raises(ValueError, match=r"y: wanted labels that tasks have in common, .*DecisionTree.*Discriminant"):
        WarmStartClassifier(tree, task=-1).fit(np.column_stack([X, task]), y)
    once = tasks_of(X, np.where(y == y[-1], y[0], y), task)
    for learner, known in (("auto", once), (SharedModel(), tasks)):
        assert isinstance(learner_of_fit(learner, tree, None, known), SharedModel)


def test_linear_models_may_take_labels_that_differ_as_those_of_all(past):
    X, y, task = (each[:40] for each in past)  # two tasks
    auto, linear = (
        WarmStartClassifier(LogisticRegression(), task=-1, learner=learner).fit(np.column_stack([X, task]), y)
        for learner in ("auto", EmpiricalBayes(max_iter=1))
    )
    assert isinstance(auto.learner_, DiscriminantLearner) and isinstance(linear.learner_, EmpiricalBayes)


@pytest.mark.parametrize(("n_labels", "warns"), [(20, True), (8, False), (None, False)], ids=["few", "most", "own"])
def test_a_family_that_labels_choose_is_named_where_they_are_met_again(past, n_labels, warns):
    """Each task shows five labels: of twenty that all have, of eight, or of its own; nobody can see what they mean."""
    X, y, task = past
    if n_labels:
        y = np.char.add("label ", ((np.unique(y, return_inverse=True)[1] * 3) % n_labels).astype(str))
    tasks, model = tasks_of(X, y, task), LogisticRegression()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = learner_of_fit("auto", model, None, tasks)
        obeyed = learner_of_fit(DiscriminantLearner(), model, None, tasks)
    assert isinstance(found, EmpiricalBayes if n_labels == 8 else DiscriminantLearner)
    assert isinstance(obeyed, DiscriminantLearner)
    assert len(caught) == warns
    for each in caught:
        assert "try learner=EmpiricalBayes() too" in str(each.message) and each.filename == __file__


def test_new_labels_of_a_prior_that_knows_all_are_named(past):
    X, _, task = past
    y = np.tile(np.repeat([*"abcde"], 4), 12)
    model = learn(X, y, task, n_components=2)
    for new in ("bb", "z"):  # one would sort between the others, one behind them
        other = np.where(y == "c", new, y)
        tasks = tasks_of(X, other, task)
        with pytest.raises(ValueError, match=rf"y: wanted the classes .* found new \['{new}'\].*labels='own'"):
            DiscriminantLearner().learn(NearestCentroid(), tasks, model.prior_)
        with pytest.raises(ValueError, match=rf"found new \['{new}'\]"):
            model.prior_.adapt_tasks(NearestCentroid(), tasks)
        with pytest.raises(ValueError, match=rf"found new \['{new}'\]"):
            model.adapt(X[:20], other[:20])


def test_of_many_known_labels_some_are_named():
    with pytest.raises(ValueError, match=r"the prior knows, \[0, 1, 2, 3, 4, \.\.\.\], found new \[600\]"):
        check_classes(np.arange(600), np.array([600]))


def test_a_prior_keeps_whose_labels_they_are(past):
    X, y, task = past
    shell = WarmStartClassifier(NearestCentroid(), task=-1, prior=learn(X, y, task, n_components=2).prior_)
    with pytest.raises(ValueError, match=r"labels: wanted 'auto', as .* labels of their own each, found 'shared'"):
        shell.set_params(learner=DiscriminantLearner(labels="shared")).fit(np.column_stack([X, task]), y)
    shell.set_params(learner=DiscriminantLearner(labels="own")).fit(np.column_stack([X, task]), y)


# Weights of tasks ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("labels", ["own", "shared"])
def test_a_task_of_weight_two_is_there_twice(past, labels):
    X, _, task = past
    y = np.tile(np.repeat([*"abcde"], 4), 12)
    tasks = tasks_of(X, y, task)
    weight = np.tile([2.0, 1.0, 0.0], 4)
    twice = tasks.take(np.repeat(np.arange(12), weight.astype(int)))
    learner = DiscriminantLearner(2, labels=labels)
    found = learner.learn(NearestCentroid(), replace(tasks, task_weight=weight))
    wanted = learner.learn(NearestCentroid(), twice)
    for name in SUMS:
        assert_allclose(getattr(found.sums, name), getattr(wanted.sums, name), rtol=1e-10)
    assert found.n_tasks == wanted.n_tasks == 12.0
    assert_allclose(np.abs(found.matrix), np.abs(wanted.matrix), rtol=1e-6, atol=1e-9)
    assert labels == "own" or np.allclose(found.class_prior, wanted.class_prior, rtol=1e-10)


def test_tasks_that_count_nothing_choose_nothing(past):
    tasks, learner = tasks_of(*past), DiscriminantLearner(cv=2)
    noise = tasks.with_rows(np.where(tasks.codes[:, None] < 6, tasks.X, 100.0 * np.cos(tasks.X**2)), tasks.y)
    found = learner.learn(NearestCentroid(), replace(noise, task_weight=(np.arange(12) < 6).astype(float)))
    scores = learner.scores_
    wanted = learner.learn(NearestCentroid(), noise.take(np.arange(6)))
    assert scores == learner.scores_ and found.kind == wanted.kind


@given(
    pairs=st.lists(st.tuples(st.floats(-1.0, 1.0), st.integers(0, 3)), max_size=8),
    missing=st.booleans(),
)
@settings(deadline=None)
def test_a_gain_of_weight_two_counts_twice(pairs, missing):
    gain = np.array([*(each for each, _ in pairs), *([np.nan] if missing else [])])
    weight = np.array([*(float(n) for _, n in pairs), *([1.0] if missing else [])])
    found = np.repeat(gain, weight.astype(int))
    found = found[~np.isnan(found)]
    mean, error = (
        (found.mean(), found.std(ddof=1) / np.sqrt(len(found)) if len(found) > 1 else 0.0) if len(found) else (0, 0)
    )
    if abs(mean - error) > 1e-9:  # rounding decides nothing
        assert gains(gain, weight) == (mean > error)


# Weights of rows -----------------------------------------------------------------------------------------------


def weights(n, seed=0):
    return np.random.default_rng(seed).uniform(0.2, 3.0, n)


def test_weighted_sums_are_those_of_weighted_least_squares(past):
    """Class means are the coefficients of labels, scatter is that of residuals, each row times the root of its weight."""
    X, y, task = past
    w = weights(len(y))
    found = class_sums(X, tasks_of(X, y, task, sample_weight=w), None, full=True)

    def residuals(names):
        D = np.sqrt(w)[:, None] * (names[:, None] == np.unique(names))
        return np.sqrt(w)[:, None] * X - D @ np.linalg.lstsq(D, np.sqrt(w)[:, None] * X)[0]

    for sums, dof, names in ((found.within, found.within_dof, y), (found.total, found.total_dof, task)):
        left = residuals(names)
        assert_allclose(sums, left.T @ left, rtol=1e-8)
        assert dof == len(y) - len(np.unique(names))
    rows = 1.0 / np.array([w[y == label].sum() for label in np.unique(y)])
    assert found.noise == pytest.approx(4 / 5 * rows.sum())  # variances of class means around their task's mean


def test_weighted_rows_have_the_scores_of_the_joint_gaussian_law(past):
    """A row of weight w scatters by W / w around the mean of its class: densities given the rows, no formula of ours."""
    prior = learn(*past, n_components=2).prior_
    A = drawn(7, n_tasks=1, n_classes=1, n_rows=3)[0]
    w, names = np.array([0.5, 2.0, 1.5, 1.0, 1.0]), np.array(["one", "one", "one", "two", "three"])
    A = np.concatenate([A, A[:2] + 1.0])
    even = GaussianNB(priors=np.full(3, 1 / 3), var_smoothing=0.0)
    tasks = replace(read_tasks(np.column_stack([A, np.zeros(5)]), names, w, task=-1, labels=True), feature_names=None)
    learner = AdaptedDiscriminants(prior, even, tasks).estimator(0)  # whatever rows say of the past
    query = A + 0.5
    ours = learner.predict_log_proba(query)
    psi, Z, Q = prior.between, A @ prior.matrix, query @ prior.matrix
    wanted, variance = [], []
    for label in learner.classes_:
        own = names == label
        law = np.diag(np.r_[1.0 / w[own], 1.0])
        parts = []
        for j in range(len(psi)):
            weights_of_start, open_start = _start(w, names, psi[j])
            start = Z[:, j] @ weights_of_start
            joint = psi[j] + law
            given = joint[-1, :-1] @ np.linalg.inv(joint[:-1, :-1])
            of_start = open_start * (1.0 - given.sum()) ** 2
            parts.append((start + given @ (Z[own, j] - start), joint[-1, -1] - given @ joint[:-1, -1] + of_start))
        wanted.append([mean for mean, _ in parts])
        variance.append([v for _, v in parts])
    s = np.mean(variance, axis=0)
    logs = np.array([[multivariate_normal(m, np.diag(s)).logpdf(q) for m in wanted] for q in Q])
    assert_allclose(ours, logs - np.logaddexp.reduce(logs, axis=1, keepdims=True), rtol=1e-6, atol=1e-9)


def _start(w, names, psi):
    """Generalised least squares of one mean, of which nothing is known: weights of rows, and its variance."""
    covariance = np.diag(1.0 / w) + psi * (names[:, None] == names)
    found = np.linalg.solve(covariance, np.ones(len(w)))
    return found / found.sum(), 1.0 / found.sum()


@pytest.mark.parametrize("estimator", [GaussianNB(), LogisticRegression()], ids=["bayes", "logistic"])
def test_the_scale_of_weights_changes_nothing_and_rows_of_no_weight_are_absent(past, estimator):
    X, y, task = past
    kept = np.arange(len(y)) % 4 > 0
    w, own = weights(len(y)) * kept, weights(10, 1)
    A, b, _ = drawn(7, n_tasks=1, n_rows=4)
    shell = WarmStartClassifier(estimator, task=-1, learner=DiscriminantLearner(2))

    def answers(kept, past_weight, weight):
        model = shell.fit(np.column_stack([X, task])[kept], y[kept], sample_weight=past_weight)
        return model.adapt(A[::2], b[::2], weight).predict_proba(A)

    wanted = answers(kept, w[kept], own)
    everything = np.ones(len(y), dtype=bool)
    assert_allclose(answers(everything, w, own), wanted, rtol=1e-6, atol=1e-9)
    assert_allclose(answers(everything, 250.0 * w, 250.0 * own), wanted, rtol=1e-6, atol=1e-9)
    assert not np.allclose(answers(kept, w[kept], None), wanted)


def test_weights_of_a_classifier_that_takes_none_raise(past):
    tasks = tasks_of(*past, sample_weight=weights(len(past[1])))
    prior = DiscriminantLearner(2).learn(
        NearestCentroid(), tasks
    )  # class means have weights, whatever fits itself to rows
    with pytest.raises(TypeError, match="sample_weight: wanted an estimator whose fit takes weights, found KNeighbors"):
        prior.adapt_tasks(KNeighborsClassifier(1), tasks).estimator(0)


def test_rows_drawn_by_their_class_are_honoured_or_refused(past):
    """With equal numbers drawn of two classes of which one has nine tenths, scores rest on the past."""
    rng = np.random.default_rng(0)
    y, task = np.where(rng.random(400) < 0.9, "often", "rare"), np.repeat(np.arange(20), 20)
    y[::20], y[1::20] = "often", "rare"
    X = rng.normal(size=(400, 2)) + (y == "rare")[:, None]
    table = np.column_stack([X, task])

    def share(estimator, class_prior):
        shell = WarmStartClassifier(estimator, task=-1, learner=DiscriminantLearner(2), class_prior=class_prior)
        rows = np.r_[np.flatnonzero(y == "often")[:4], np.flatnonzero(y == "rare")[:8]]
        return np.mean(shell.fit(table, y).adapt(X[rows], y[rows]).predict(X) == "rare")

    for estimator in (GaussianNB(), LogisticRegression()):
        assert share(estimator, "past") < 0.5 * share(estimator, "rows")
    with pytest.raises(
        ValueError, match="class_prior: wanted 'rows' for KNeighborsClassifier, whose fit takes no weights"
    ):
        share(KNeighborsClassifier(3), "past")


def test_labels_of_their_own_are_as_frequent_as_in_the_rows_and_fit_says_so(past):
    X, y, task = past
    shell = WarmStartClassifier(NearestCentroid(), task=-1, learner=DiscriminantLearner(2), class_prior="past")
    with pytest.raises(ValueError, match=r"class_prior: wanted 'rows' where each task has labels .*class_prior='rows'"):
        shell.fit(np.column_stack([X, task]), y)


# Parameters of the estimator -----------------------------------------------------------------------------------


def test_parameters_without_effect_are_said(past):
    for name, value in (("shrinkage", 0.5), ("shrinkage", "auto"), ("covariance_estimator", OAS())):
        estimator = LinearDiscriminantAnalysis(solver="lsqr", **{name: value})
        with pytest.warns(UserWarning, match=f"LinearDiscriminantAnalysis with {name}=None, as past tasks say") as said:
            model = learn(*past, estimator, n_components=2)
        assert said[0].filename == learn.__code__.co_filename
        with pytest.warns(UserWarning, match="without effect"):
            found = model.adapt(past[0][:40:8], past[1][:40:8])
        plain = learn(*past, LinearDiscriminantAnalysis(), n_components=2).adapt(past[0][:40:8], past[1][:40:8])
        assert_allclose(found.predict_proba(past[0]), plain.predict_proba(past[0]), rtol=1e-6)


def test_fewer_rows_than_neighbours_are_said(past):
    model = learn(*past, KNeighborsClassifier(3), n_components=2)
    with pytest.warns(UserWarning, match=r"n_neighbors=3 and 1 task\(s\) with fewer, 2 at least.*n_neighbors=1\."):
        plain = model.adapt(past[0][:8:4], past[1][:8:4])
    assert plain[-1].n_neighbors == 2


@pytest.mark.parametrize("estimator", [NearestCentroid, LinearDiscriminantAnalysis, GaussianNB])
def test_priors_of_other_numbers_of_classes_raise(past, estimator):
    with pytest.raises(
        ValueError, match="priors: wanted one for each class of a task, here 5, found 2; leave priors out"
    ):
        learn(*past, estimator(priors=[0.5, 0.5]), n_components=2).adapt(past[0][:20], past[1][:20])


def test_more_components_than_columns_raise(past):
    X, y, task = past
    with pytest.raises(ValueError, match=r"n_components: wanted at most 5 for rows of 5 column\(s\), found 6"):
        learn(X, y, task, n_components=6)
    for table, options in (
        (sparse.csr_array(np.column_stack([X, task])), {}),
        (np.column_stack([X, task]), {"max_columns": 4}),
    ):
        with pytest.raises(ValueError, match="n_components: wanted at most 0 for sparse rows, and rows of more than"):
            WarmStartClassifier(NearestCentroid(), task=-1, learner=DiscriminantLearner(1, **options)).fit(table, y)


def test_rows_that_are_all_the_same_make_no_other_warning(past):
    X, y, task = past
    plain = learn(0.0 * X, y, task, LinearDiscriminantAnalysis()).adapt(0.0 * X[:20], y[:20])
    assert_allclose(plain.predict_proba(X), 0.2)


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("method", ["predict", "predict_proba"])
def test_gaps_in_new_rows_are_told_of_by_the_users_names(method, known):
    """Of the column and of the model, not of the map before it."""
    pd = pytest.importorskip("pandas")
    X, y = np.random.default_rng(0).normal(size=(40, 2)), np.arange(40) // 2 % 2
    df = pd.DataFrame(X, columns=["price", "size"]).assign(shop=np.arange(40) % 4)
    model = WarmStartClassifier(LinearDiscriminantAnalysis(), task="shop").fit(df, y)
    df.loc[3, "size"] = np.nan
    with pytest.raises(ValueError, match=r"Input X contains NaN.\nLinearDiscriminantAnalysis does not accept") as error:
        getattr(model, method)(df if known else df.assign(shop=9))
    assert error.value.__notes__ == ["Columns of X that hold NaN: 'size'."]
