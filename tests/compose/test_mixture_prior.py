"""A mixture of priors: weighed by evidence, averaged into one plain estimator."""

import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.special import softmax
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import VotingClassifier, VotingRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

from skmeta import GaussianPrior, WarmStartRegressor
from skmeta.base import AdaptedEstimators, Prior
from skmeta.compose import MixturePrior
from skmeta.compose._average import average_estimators
from skmeta.compose._mixture_of_kinds import MixtureOfKinds
from skmeta.linear_model._families import FAMILIES
from skmeta.steps import PriorWithSteps, fit_steps, take_apart
from skmeta.tasks import Tasks, read_tasks

pytestmark = pytest.mark.quick

rng = np.random.default_rng(0)
X = rng.normal(size=(30, 2))
y = X @ [1.0, -1.0] + 0.1 * rng.normal(size=30)
LABELS = np.where(y > 0, "tall", "low")


class Shifted(Prior):
    """Targets, a constant added: as simple as a prior can be, with the default evidence."""

    def __init__(self, shift, **known):
        super().__init__(**known)
        object.__setattr__(self, "shift", shift)

    def adapt_tasks(self, estimator, tasks, *, n_jobs=None):
        return ShiftedEstimators(self, estimator, tasks)


class ShiftedEstimators(AdaptedEstimators):
    def estimator(self, code):
        rows, target, _ = next(iter(self.tasks.take([code]))) if code >= 0 else (X[:3], np.zeros(3), None)
        return type(self.model)(**self.model.get_params()).fit(rows, target + self.prior.shift)


TASKS = read_tasks(np.c_[X, np.repeat([0.0, 1.0, 2.0], 10)], y, task=-1)


def test_the_rows_say_which_component_is_right():
    mixture = MixturePrior([Shifted(0.0), Shifted(5.0)], names=["right", "wrong"])
    found = mixture.responsibilities(Ridge(), TASKS)
    assert np.all(found[:, 0] > 0.999)
    assert_allclose(found.sum(axis=1), 1.0)


def test_it_says_where_what_was_learned_is_set_aside():
    """As weights by name, that of the first next to nothing; a mixture that was written so says what was wanted."""
    two, weights = [Shifted(0.0), Shifted(5.0)], [0.001, 0.999]
    mixture = MixturePrior(two, weights, ["learned", "vague"], [1.0, 0.0])
    assert mixture.set_aside and repr(mixture) == "MixturePrior(learned 0.001, vague 1; learned is set aside)"
    for weight in (0.0099, 0.0101):
        assert MixturePrior(two, [weight, 1.0 - weight], weights_without_rows=[1.0, 0.0]).set_aside == (weight < 0.01)
    assert not MixturePrior(two, weights).set_aside and not two[0].set_aside


def test_weights_by_name_are_plain_numbers_all_digits_kept():
    mixture = MixturePrior([Shifted(0.0), Shifted(5.0)], [1.0, 2.0])
    assert repr(mixture.named_weights) == f"{{'component 0': {1 / 3}, 'component 1': {2 / 3}}}"
    assert repr(mixture) == "MixturePrior(component 0 0.33, component 1 0.67)"


def test_weights_are_bayes_rule():
    components, weights = [Shifted(0.0), Shifted(0.05)], np.array([0.8, 0.2])
    mixture = MixturePrior(components, weights=weights)
    each = np.column_stack([c.log_evidence(Ridge(), TASKS) for c in components])
    assert_allclose(mixture.responsibilities(Ridge(), TASKS), softmax(each + np.log(weights), axis=1))
    assert_allclose(mixture.log_evidence(Ridge(), TASKS), np.log(np.exp(each) @ weights))


@pytest.mark.parametrize("estimator", [Ridge(), KNeighborsRegressor(3)], ids=["one linear class", "a vote"])
def test_the_plain_estimator_predicts_the_mean(estimator):
    components = [Shifted(0.0), Shifted(0.05)]
    mixture = MixturePrior(components, weights=[0.3, 0.7])
    adapted = mixture.adapt_tasks(estimator, TASKS)
    each = [c.adapt_tasks(estimator, TASKS).estimator(1).predict(X) for c in components]
    plain = adapted.estimator(1)
    assert_allclose(plain.predict(X), adapted.responsibilities[1] @ each)
    assert type(plain) is (Ridge if isinstance(estimator, Ridge) else VotingRegressor)
    assert_allclose(pickle.loads(pickle.dumps(plain)).predict(X), plain.predict(X))


@pytest.mark.parametrize("cls", [cls for cls, family in FAMILIES.items() if not family.classifies])
def test_coefficients_are_averaged_where_a_family_says_that_predictions_are_linear(cls):
    each = [cls().fit(X, np.exp(shift + y)) for shift in (0.0, 1.0)]
    plain = average_estimators(each, np.array([0.25, 0.75]), ["near", "far"])
    assert_allclose(plain.predict(X), 0.25 * each[0].predict(X) + 0.75 * each[1].predict(X))
    assert (type(plain) is cls) == FAMILIES[cls].linear


def test_what_predicts_otherwise_than_its_base_is_not_averaged():
    class Rounded(Ridge):
        def predict(self, X):
            return np.round(super().predict(X))

    each = [Rounded(alpha).fit(X, y) for alpha in (0.1, 9.0)]
    plain = average_estimators(each, np.array([0.25, 0.75]), ["near", "far"])
    assert_allclose(plain.predict(X), 0.25 * each[0].predict(X) + 0.75 * each[1].predict(X))


def test_classifiers_vote_by_probability():
    each = [KNeighborsClassifier(k).fit(X, LABELS) for k in (1, 5)]
    plain = average_estimators(each, np.array([0.25, 0.75]), ["near", "far"])
    assert isinstance(plain, VotingClassifier)
    wanted = 0.25 * each[0].predict_proba(X) + 0.75 * each[1].predict_proba(X)
    assert_allclose(plain.predict_proba(X), wanted)
    assert np.all(plain.predict(X) == plain.classes_[wanted.argmax(axis=1)])


def test_components_are_a_list():
    with pytest.raises(TypeError, match=r"components: wanted a list of priors, found one, .*; write \[prior\]"):
        MixturePrior(Shifted(0.0))


def test_estimators_of_other_labels_are_refused():
    each = [LogisticRegression().fit(X, LABELS), LogisticRegression().fit(X, np.where(y > 0, "big", "small"))]
    with pytest.raises(ValueError, match="components: wanted estimators of one task with the same labels"):
        average_estimators(each, np.array([0.5, 0.5]), ["one", "other"])


def test_a_component_of_weight_zero_is_none():
    alone = MixturePrior([Shifted(0.0), Shifted(0.05)], weights=[1.0, 0.0]).adapt_tasks(Ridge(), TASKS)
    assert_allclose(alone.estimator(0).coef_, Shifted(0.0).adapt_tasks(Ridge(), TASKS).estimator(0).coef_)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"components": []}, "components: wanted at least one prior, found none"),
        ({"components": [Ridge()]}, r"components: wanted at least one prior, found \['Ridge'\]"),
        ({"weights": [0.5]}, r"weights: wanted 2 numbers .* found \[0.5\]"),
        ({"weights": [1.0, -1.0]}, "weights: wanted 2 numbers that are not negative"),
        ({"weights": [0.0, 0.0]}, "not all zero"),
        ({"names": ["one", "one"]}, "names: wanted 2 different names"),
        (
            {"components": [Shifted(0.0, feature_names=["a"]), Shifted(0.0, feature_names=["b"])]},
            r"about the same columns, found \[\['a'\], \['b'\]\]",
        ),
    ],
)
def test_what_is_no_mixture_is_refused(options, words):
    with pytest.raises(ValueError, match=words):
        MixturePrior(**({"components": [Shifted(0.0), Shifted(1.0)]} | options))


# The default evidence ---------------------------------------------------------------------------------------


def test_the_default_evidence_does_not_depend_on_the_order_of_tasks_or_rows():
    turned = np.random.default_rng(1).permutation(30)
    table = np.c_[X, np.repeat([0.0, 1.0, 2.0], 10)]
    found = Shifted(0.0).log_evidence(Ridge(), read_tasks(table[turned], y[turned], task=-1))
    assert_allclose(found, Shifted(0.0).log_evidence(Ridge(), TASKS), rtol=1e-10)


def test_the_default_evidence_knows_what_units_are():
    """Targets ten times as large have a density ten times as low in every row."""
    scaled = read_tasks(np.c_[X, np.repeat([0.0, 1.0, 2.0], 10)], 10.0 * y, task=-1)
    gap = Shifted(0.0).log_evidence(Ridge(), TASKS) - Shifted(0.0).log_evidence(Ridge(), scaled)
    assert_allclose(gap, 10 * np.log(10.0))


def test_the_default_evidence_of_labels_is_their_chance():
    tasks = read_tasks(np.c_[X, np.zeros(30)], LABELS, task=-1, labels=True)
    sure, unsure = (Labelled(k).log_evidence(KNeighborsClassifier(), tasks)[0] for k in (3, 24))
    assert 0 > sure > unsure > -30 * np.log(4.0)


class Labelled(Prior):
    def __init__(self, k):
        super().__init__()
        object.__setattr__(self, "k", k)

    def adapt_tasks(self, estimator, tasks, *, n_jobs=None):
        return LabelledEstimators(self, estimator, tasks)


class LabelledEstimators(AdaptedEstimators):
    def estimator(self, code):
        rows, target, _ = next(iter(self.tasks.take([code])))
        return KNeighborsClassifier(self.prior.k).fit(rows, target)


def test_the_default_evidence_of_a_task_does_not_depend_on_those_beside_it():
    together = Shifted(0.1).log_evidence(Ridge(), TASKS)
    alone = [Shifted(0.1).log_evidence(Ridge(), TASKS.take([code]))[0] for code in range(3)]
    assert_allclose(together, alone)


def test_a_row_of_weight_two_is_evidence_twice():
    twice = np.r_[np.arange(10), 3]
    weighed = Tasks(
        X[:10], y[:10], np.zeros(10, int), np.zeros(1), sample_weight=np.where(np.arange(10) == 3, 2.0, 1.0)
    )
    repeated = Tasks(X[twice], y[twice], np.zeros(11, int), np.zeros(1))
    constant = KNeighborsRegressor(1)  # what it predicts is its own shift, whatever the rows
    found = [Constant(0.0).log_evidence(constant, tasks) for tasks in (weighed, repeated)]
    assert_allclose(*found)


class Constant(Shifted):
    def adapt_tasks(self, estimator, tasks, *, n_jobs=None):
        return ConstantEstimators(self, estimator, tasks)


class ConstantEstimators(AdaptedEstimators):
    def estimator(self, code):
        return KNeighborsRegressor(1).fit([[0.0, 0.0]], [self.prior.shift])


def test_a_transformed_target_has_evidence_in_its_own_units():
    """The same prior behind ``y / 1000`` and told in those units: the density of the targets is the same."""
    scaled = TransformedTargetRegressor(Ridge(), func=thousandth, inverse_func=thousandfold, check_inverse=False)
    steps, _ = fit_steps(take_apart(scaled), read_tasks(X, y))
    behind = PriorWithSteps(steps, GaussianPrior([1e-3, -1e-3, 0.0], 1e-6, noise=1e-8, feature_names=["a", "b"]))
    plain = GaussianPrior([1.0, -1.0, 0.0], 1.0, noise=1e-2, feature_names=["a", "b"])
    tasks = read_tasks(pd.DataFrame(X, columns=["a", "b"]).assign(shop=np.repeat(["x", "y", "z"], 10)), y, task="shop")
    assert_allclose(behind.log_evidence(scaled, tasks), plain.log_evidence(Ridge(), tasks), rtol=1e-6)


def thousandth(values):
    return values / 1000.0


def thousandfold(values):
    return values * 1000.0


def test_no_rows_are_no_evidence():
    nothing = Tasks(X[:0], y[:0], np.empty(0, int), np.array(["a"]))
    assert Shifted(0.0).log_evidence(Ridge(), nothing).tolist() == [0.0]


# Tasks without rows -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("turn", [slice(None), slice(None, None, -1)], ids=["one order", "the other"])
def test_linear_priors_without_rows_are_averaged_by_their_weights(turn):
    each = [GaussianPrior([1.0, 10.0], 0.1), GaussianPrior([-1.0, -10.0], 0.3)][turn]
    weights = np.array([0.1, 0.9])[turn]
    mixture = MixturePrior(each, weights)
    assert_allclose(mixture.zero_shot(Ridge()).coef_, [-0.8, -8.0])
    known = MixturePrior(each, weights, weights_without_rows=np.array([1.0, 0.0])[turn])
    assert_allclose(known.zero_shot(Ridge()).coef_, [1.0, 10.0])


def test_uncertainty_without_rows_is_within_and_between_the_components():
    each = [GaussianPrior([1.0, 3.0], 0.1, feature_names=["x"]), GaussianPrior([-1.0, -3.0], 0.3, feature_names=["x"])]
    mixture = MixturePrior(each, [0.25, 0.75])
    at = np.array([[0.0], [2.0]])
    found = mixture.adapt_tasks(Ridge(), Tasks.none(["x"])).std(at, np.array([-1, -1]))
    lines = np.array([[3.0, 5.0], [-3.0, -5.0]])
    within = np.array([0.1, 0.3])[:, None] * (1.0 + at[:, 0] ** 2)
    between = (lines - [0.25, 0.75] @ lines) ** 2
    assert_allclose(found**2, [0.25, 0.75] @ (within + between) + 1.0)


def test_what_is_learned_is_the_learned_component_where_there_are_no_rows():
    model = WarmStartRegressor(Ridge(), task=-1).fit(np.c_[X, np.repeat([0.0, 1.0, 2.0], 10)], y)
    assert model.prior_.weights[0] < 1.0
    assert_allclose(model.prior_.zero_shot(Ridge()).coef_, model.prior_.components[0].zero_shot(Ridge()).coef_)


def test_what_a_subclass_wrote_it_reads_itself():
    gaussian = GaussianPrior([1.0], 0.1)
    kinds = MixtureOfKinds([gaussian, gaussian, gaussian], [0.2, 0.5, 0.3], ["all", "kind 1", "kind 2"], n_kinds=2)
    with pytest.raises(
        ValueError, match=r"unknown \['n_kinds'\].*what a subclass wrote that reads: type\(prior\)\.from_dict"
    ):
        MixturePrior.from_dict(kinds.to_dict())
    assert type(kinds).from_dict(kinds.to_dict()).n_kinds == 2
