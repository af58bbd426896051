"""What every family of models must do, as checks of a `Case`: the tests of a family run them all."""

import pickle
import re
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from unittest.mock import patch

import joblib
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.utils.validation import check_is_fitted, has_fit_parameter

from skmeta import EmpiricalBayes, NShotSplit, WarmStartClassifier, WarmStartClusterer, WarmStartRegressor
from skmeta.base import Prior
from skmeta.base._matching import one_task, reads_targets
from skmeta.compose import first_component
from skmeta.tasks import Tasks
from skmeta.warm_start import _learner_of_fit

COLUMNS = ["height", "width", "age"]


@dataclass(eq=False)
class Case:
    """An estimator of the family, and a collection in a frame with the task column "shop"; without targets for clusterers."""

    estimator: object
    table: pd.DataFrame
    target: np.ndarray | None

    def model(self, **options):
        shell = WarmStartClassifier if is_classifier(self.estimator) else WarmStartRegressor
        shell = shell if reads_targets(self.estimator) else WarmStartClusterer
        return shell(options.pop("estimator", self.estimator), **options)

    def learned(self, **options):
        """A model of the past; without options it is learned once, for all checks: none may change it."""
        return self._fitted(options) if options else self._learned

    @cached_property
    def _learned(self):
        """Somebody listens how far it is, which must not change what is learned: others, without, are compared with it."""
        with patch.object(_learner_of_fit, "telling_of", self._listening):
            return self._fitted({})

    @cached_property
    def told(self):
        """What the learner of `learned` called ``progress`` with."""
        return []

    @contextmanager
    def _listening(self, shell, part):
        yield lambda *now: self.told.append(now)

    @cached_property
    def weighed(self):
        """What `weighed_in` gives in a unit of one, learned once: none may change it."""
        return self.weighed_in(1.0)

    def weighed_in(self, unit):
        """A model of the past whose rows have weights, those of task b none, and the one warning about that."""
        weight = unit * np.random.default_rng(0).uniform(0.5, 2.0, self.past.sum())
        with pytest.warns(UserWarning) as said:
            model = self.model(task="shop").fit(
                self.table[self.past],
                part(self.target, self.past),
                sample_weight=np.where(self.table["shop"][self.past] == "b", 0.0, weight),
            )
        return model, "".join(str(each.message) for each in said)

    @property
    def described(self):
        """The table with a column that says something of each shop."""
        sizes = {name: float(i) for i, name in enumerate([*"abcde", "new"])}
        return self.table.assign(size=self.table["shop"].map(sizes))

    def _fitted(self, options):
        return self.model(task="shop", **options).fit(self.table[self.past], part(self.target, self.past))

    @property
    def past(self):
        return (self.table["shop"] != "new").to_numpy()

    @property
    def new(self):
        return self.table[~self.past][COLUMNS], part(self.target, ~self.past)


def part(y, rows):
    """Targets of some rows, if there are any."""
    return None if y is None else y[rows]


def make_case(estimator, *, positive=False, seed=0, n_tasks=6, n_rows=12):
    """Tasks that share a slope and differ in level; labels are text, targets may be made positive."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_tasks * n_rows, 3))
    shop = np.repeat([*"abcdefghij"[: n_tasks - 1], "new"], n_rows)
    level = np.repeat(rng.normal(size=n_tasks), n_rows)
    eta = X @ [1.5, -1.0, 0.0] + level + 0.3 * rng.normal(size=len(X))
    middle = np.median(eta.reshape(n_tasks, n_rows), axis=1).repeat(n_rows)
    y = np.where(eta > middle, "tall", "low") if is_classifier(estimator) else np.exp(eta) if positive else eta
    return Case(estimator, pd.DataFrame(X, columns=COLUMNS).assign(shop=shop), y)


def numbers(model, X):
    methods = ("predict_proba", "decision_function", "transform", "predict")
    methods = ("predict",) if is_regressor(model) else methods
    return next(getattr(model, name)(X) for name in methods if hasattr(model, name))


def assert_same_answers(one, other):
    """Labels are the same; numbers are, but for the order in which one batch or one row is summed."""
    if np.asarray(one).dtype.kind == "f":
        assert_allclose(one, other, rtol=1e-12, atol=1e-14 * np.abs(other).max())
    else:
        assert_array_equal(one, other)


def assert_plain(estimator):
    check_is_fitted(estimator)
    assert type(estimator).__module__.split(".")[0] != "skmeta"
    assert b"skmeta" not in pickle.dumps(estimator)


def check_without_task_and_prior_it_is_the_plain_estimator(case):
    X, y = case.new
    model, plain = case.model(learner="auto").fit(X, y), clone(case.estimator).fit(X, y)
    assert_array_equal(numbers(model, X), numbers(plain, X))
    assert model.prior_ is None


def check_a_task_column_learns_and_adapts_to_each(case):
    model = case.learned()
    assert isinstance(model.prior_, Prior) and model.prior_.n_tasks == 5
    assert list(model.estimators_) == list("abcde")
    own = case.table["shop"] == "b"
    plain = model.estimators_["b"]
    assert_plain(plain)
    shown = np.unique(case.target[own]) if is_classifier(case.estimator) else []
    assert_array_equal(model.estimators_.labels_of("b"), shown)
    assert_same_answers(model.predict(case.table[own]), plain.predict(case.table.loc[own, COLUMNS]))


def check_a_prior_adapts_one_dataset_to_a_plain_estimator(case):
    prior, (X, y) = case.learned().prior_, case.new
    model = case.model(prior=prior).fit(X, y)
    assert_plain(model.estimator_)
    assert_same_answers(model.predict(X), model.estimator_.predict(X))
    assert_same_answers(prior.adapt(case.estimator, X, y).predict(X), model.predict(X))


def check_learning_goes_on_from_a_prior(case):
    prior = case.learned().prior_
    on = case.model(task="shop", prior=prior).fit(case.table[~case.past], case.new[1])
    assert on.prior_.n_tasks == prior.n_tasks + 1
    assert list(on.estimators_) == ["new"]


def check_a_prior_survives_clone_and_pickle(case):
    model, (X, y) = case.learned(), case.new
    prior = pickle.loads(pickle.dumps(model.prior_))
    assert clone(case.model(prior=prior)).prior is prior
    assert_allclose(*(numbers(case.model(prior=p).fit(X, y), X) for p in (prior, model.prior_)), rtol=1e-12)
    again = pickle.loads(pickle.dumps(model))
    assert_allclose(numbers(again, case.table), numbers(model, case.table), rtol=1e-12)
    assert list(pickle.loads(pickle.dumps(model.estimators_))) == list(model.estimators_)
    assert not hasattr(prior, "set_params") and "\n" not in repr(prior)


def check_cold_and_warm_are_one_grid(case, n_jobs=None):
    X, y = case.new
    grid = GridSearchCV(
        case.model(learner="auto"), {"prior": [None, case.learned().prior_]}, cv=3, n_jobs=n_jobs, error_score="raise"
    )
    assert np.isfinite(grid.fit(X, y).cv_results_["mean_test_score"]).all()


def check_worker_processes_know_the_family(case):
    check_cold_and_warm_are_one_grid(case, n_jobs=2)


def check_n_jobs_changes_nothing(case):
    """Threads or not, sums are added up in one order."""
    with joblib.parallel_config("threading"):  # processes are asked above
        two = case.learned(n_jobs=2)
    assert_array_equal(numbers(two, case.table), numbers(case.learned(), case.table))


def check_context_changes_only_what_reads_it(case):
    """What a prior does not read is said, and changes nothing; what it reads is no feature."""
    described = case.described
    past, model = described[case.past], case.model(task="shop", context=["size"])
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        model.fit(past, part(case.target, case.past))
    unread = any("context: wanted columns that the prior reads, found 'size'" in str(each.message) for each in said)
    assert ("size" in model.prior_.context_names) != unread
    if unread:
        assert_array_equal(numbers(model, past), numbers(case.learned(), case.table[case.past]))
    assert "size" not in (model.prior_.prior.feature_names or ())
    assert_plain(model.adapt(described[~case.past].drop(columns="shop"), case.new[1]))


def check_new_tasks_are_scored_by_scikit_learn(case):
    train, test = next(NShotSplit("shop", n_shots=4, n_splits=2, random_state=0).split(case.table, case.target))
    model = case.model(task="shop").fit(case.table.iloc[train], part(case.target, train))
    assert np.isfinite(model.score(case.table.iloc[test], part(case.target, test)))


def check_no_rows_are_the_prior(case):
    model, (X, y) = case.learned(), case.new
    plain = model.prior_.zero_shot(case.estimator)
    assert_plain(plain)
    assert_same_answers(model.prior_.adapt(case.estimator, X[:0], part(y, slice(0))).predict(X), plain.predict(X))
    assert_same_answers(model.predict(case.table[~case.past]), plain.predict(X))


def check_a_small_model_may_stand_for_a_prior(case):
    """A tree as deep as need be says at the rows that it was given what the prior does."""
    if not reads_targets(case.estimator):
        return
    prior, X = case.learned().prior_, case.new[0]
    plain = prior.zero_shot(case.estimator)
    classes = is_classifier(case.estimator)
    tree = (DecisionTreeClassifier if classes else DecisionTreeRegressor)(random_state=0)
    ask = "predict_proba" if classes else "predict"
    small = prior.distil(tree, X, teacher=case.estimator)
    assert_allclose(getattr(small, ask)(X), getattr(plain, ask)(X), rtol=1e-8, atol=1e-10)


def check_the_order_of_rows_and_tasks_is_of_no_matter(case):
    if not reads_targets(case.estimator):
        return  # plain clusterers start at rows drawn by their place
    X, y = case.new
    plain, turned = clone(case.estimator).fit(X, y), clone(case.estimator).fit(X[::-1], y[::-1])
    depends = not np.allclose(numbers(plain, X), numbers(turned, X), rtol=1e-6)
    assert depends == type(case.estimator).__name__.startswith("SGD")  # stochastic gradients read row after row
    if depends:
        return
    other = np.random.default_rng(0).permutation(np.flatnonzero(case.past))
    turned = case.model(task="shop").fit(case.table.iloc[other], case.target[other])
    assert_allclose(numbers(turned, case.table), numbers(case.learned(), case.table), rtol=1e-6, atol=1e-8)


def check_the_order_of_columns_is_of_no_matter(case):
    if type(case.estimator).__name__.startswith(("DecisionTree", "MLP")):
        return  # it takes the first of two columns that part rows alike; a net draws its first weights by their place
    turned = COLUMNS[::-1]
    model = case.learned()
    other = case.model(task="shop").fit(case.table[[*turned, "shop"]][case.past], part(case.target, case.past))
    assert_allclose(numbers(other, case.table[[*turned, "shop"]]), numbers(model, case.table), rtol=1e-5, atol=1e-6)


def check_columns_are_matched_by_name(case):
    prior, (X, y) = case.learned().prior_, case.new
    straight, turned = (case.model(prior=prior).fit(X[names], y) for names in (COLUMNS, COLUMNS[::-1]))
    # Solvers of scikit-learn end where the objective falls by less than 2e-9 of itself, in another order elsewhere.
    assert_allclose(numbers(turned, X[COLUMNS[::-1]]), numbers(straight, X), rtol=1e-7)
    for wrong, word in ((X.drop(columns="age"), "missing"), (X.rename(columns={"age": "years"}), "years")):
        with pytest.raises(ValueError, match=rf"X: .*{word}"):
            case.model(prior=prior).fit(wrong, y)


def check_steps_travel_with_the_prior(case):
    pipeline = make_pipeline(StandardScaler(), case.estimator)
    model, (X, y) = case.learned(estimator=pipeline), case.new
    for estimator in (case.estimator, pipeline):
        plain = case.model(estimator=estimator, prior=model.prior_).fit(X, y).estimator_
        assert_plain(plain)
        assert_array_equal(plain[0].mean_, model.estimators_["a"][0].mean_)


def check_classes_are_matched_by_label(case):
    if not is_classifier(case.estimator):
        assert not hasattr(case.learned(), "classes_")
        return
    if type(case.estimator).__name__.startswith("MLP"):
        return  # its first weights, which it draws, lead to other places with the classes in the other order
    renamed = replace(case, target=np.where(case.target == "low", "small", "big"))  # now in the other order
    for each in (case, renamed):
        assert_array_equal(each.learned().classes_, np.unique(each.target))
    straight, turned = (numbers(each.learned(), case.table) for each in (case, renamed))
    mirrored = turned[:, ::-1] if turned.ndim == 2 else -turned
    assert_allclose(straight, mirrored, rtol=1e-5, atol=1e-6)


def check_class_frequencies_are_the_pasts(case):
    if not is_classifier(case.estimator):
        assert not hasattr(case.model(), "class_prior")
        return
    prior, (X, y) = case.learned().prior_, case.new
    share = np.mean(case.target[case.past] == "tall")
    assert_allclose(prior.class_prior, [1.0 - share, share])  # tasks of one size
    chosen = np.r_[
        np.arange(len(y)), np.repeat(np.flatnonzero(y == "tall"), 3)
    ]  # as if more of these had been asked for
    learned = first_component(prior)  # a task's own model, which takes no weights, is asked by its rows alone

    def last_class(name, which):
        model = case.model(prior=learned, class_prior=name).fit(X.iloc[which], y[which])
        return numbers(model, X).reshape(len(X), -1)[:, -1]

    once, rows, past = last_class("rows", np.arange(len(y))), last_class("rows", chosen), last_class("past", chosen)
    # Where a shared model is not corrected at all, more rows of a class change nothing.
    assert past.mean() < rows.mean() or np.array_equal(once, rows)


def check_weights_are_taken_or_refused(case):
    if has_fit_parameter(case.estimator, "sample_weight"):
        model, said = case.weighed
        assert re.match("sample_weight: .*'b'", said)
        assert "b" not in model.estimators_
    else:
        with pytest.raises(TypeError, match=f"sample_weight: .*found {type(case.estimator).__name__}"):
            case.model(task="shop").fit(case.table, case.target, sample_weight=np.ones(len(case.table)))


def check_the_scale_of_weights_changes_nothing(case):
    if not has_fit_parameter(case.estimator, "sample_weight"):
        return  # it refuses them, as another check says
    X, y = case.new
    found = []
    for unit, (model, _) in ((1.0, case.weighed), (1024.0, case.weighed_in(1024.0))):
        weight = unit * np.random.default_rng(1).uniform(0.5, 2.0, len(X))
        found.append(numbers(case.model(prior=model.prior_).fit(X, y, sample_weight=weight), X))
    assert_allclose(found[1], found[0], rtol=1e-5, atol=1e-7)


def check_nothing_that_is_passed_in_changes(case):
    prior, (X, y) = case.learned().prior_, case.new
    given = (prior, X, y, case.estimator)
    before, model = joblib.hash(given), case.model(prior=prior)
    first = numbers(model.fit(X, y), X)
    assert_array_equal(numbers(model.fit(X, y), X), first)
    case.model(task="shop", prior=prior).fit(case.table[~case.past], y)
    assert joblib.hash(given) == before


def check_few_tasks_and_poor_columns_are_legal(case):
    """Two tasks, three; one row, one class, a constant column, one that is there twice."""
    table = case.table.assign(width=1.0, age=case.table["height"])
    X, y = table.loc[~case.past, COLUMNS], case.new[1]
    for shops in ("ab", "abc"):
        rows = table["shop"].isin([*shops]).to_numpy()
        prior = case.model(task="shop").fit(table[rows], part(case.target, rows)).prior_
        assert prior.n_tasks == len(shops)
        for n in (1, 3):
            assert np.isfinite(numbers(case.model(prior=prior).fit(X[:n], part(y, slice(n))), X)).all()


def check_constant_targets_are_legal(case):
    """A model of past tasks may predict them exactly, or all but so where it draws its own answers to zero."""
    if not is_regressor(case.estimator):
        return
    constant = replace(case, target=np.full(len(case.table), 3.0))
    model, (X, y) = constant.learned(), constant.new
    assert_allclose(model.predict(constant.table), 3.0, rtol=1e-4)
    assert_allclose(constant.model(prior=model.prior_).fit(X, y).predict(X), 3.0, rtol=1e-4)


def check_a_task_may_have_no_targets(case):
    """It is one without rows to all that learns from targets; linear models, which read no unlabelled rows, name them."""
    if not reads_targets(case.estimator):
        return
    unknown = case.target.astype(object) if is_classifier(case.estimator) else case.target.copy()
    unknown[(case.table["shop"] == "c").to_numpy()] = None if is_classifier(case.estimator) else np.nan
    without = replace(case, target=unknown)
    if isinstance(case.learned().learner_, EmpiricalBayes):
        with pytest.raises(ValueError, match=r"y: .* 12 of 60 rows, .*Leave these rows out"):
            without.learned()
        return
    model, X = without.learned(), case.new[0]
    nothing = np.full(len(X), None if is_classifier(case.estimator) else np.nan)
    assert np.isfinite(numbers(model, case.table)).all()
    assert np.isfinite(numbers(model.prior_.adapt(case.estimator, X, nothing), X)).all()
    assert model.prior_.log_evidence(case.estimator, one_task(case.estimator, X, nothing, None)).shape == (1,)


def check_a_learner_takes_no_tasks_for_those_it_learned_from(case):
    """Other tasks with as many rows, and the same ids, are adapted as the prior adapts them."""
    model, y = case.learned(), None if case.target is None else case.target[case.past][::-1]
    codes, classes = np.repeat(np.arange(5), case.past.sum() // 5), None
    if is_classifier(case.estimator):
        classes = tuple(np.unique(y[codes == code]) for code in range(5))
    X = case.table.loc[case.past, COLUMNS][::-1].reset_index(drop=True)
    other = Tasks(X, y, codes, np.array([*"abcde"]), feature_names=tuple(COLUMNS), classes=classes)
    prior = model.prior_.split()[1]
    assert not getattr(model.learner_, "has_seen", lambda tasks: False)(other)
    one, two = (
        model.learner_.adapt_learned(prior, case.estimator, other),
        prior.adapt_tasks(case.estimator, other),
    )
    assert_same_answers(one.predict(X, codes), two.predict(X, codes))


def check_unseen_classes_raise(case):
    if not is_classifier(case.estimator):
        return
    prior, (X, y) = case.learned().prior_, case.new
    with pytest.raises(ValueError, match="giant"):
        case.model(prior=prior).fit(X, np.where(y == "tall", "giant", y))


def check_context_is_constant_within_a_task(case):
    described = case.table.assign(size=np.arange(len(case.table)))
    with pytest.raises(ValueError, match=r"context: wanted .* constant within each task, found 'size' .* task 'a'"):
        case.model(task="shop", context=["size"]).fit(described, case.target)


def name_of(check):
    return check.__name__.removeprefix("check_")


CHECKS = [
    check for name, check in sorted(globals().items()) if name.startswith("check_") and check is not check_is_fitted
]
