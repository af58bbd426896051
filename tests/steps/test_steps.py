"""Steps before a model: frozen with the prior, compared by class and state, taken as a Pipeline takes them."""

import pickle

import numpy as np
import pandas as pd
import pytest
from common import assert_same_answers
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.compose import ColumnTransformer, make_column_selector, make_column_transformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.feature_selection import SelectKBest, f_regression
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, SplineTransformer, StandardScaler

from skmeta import GaussianPrior, WarmStartRegressor
from skmeta.compose import MixturePrior
from skmeta.steps import FrozenSteps, PriorWithSteps

pytestmark = pytest.mark.quick

rng = np.random.default_rng(0)
TABLE = pd.DataFrame(rng.normal(size=(60, 2)), columns=["height", "width"]).assign(
    kind=np.resize(["ash", "birch", "cedar"], 60), shop=np.repeat(["a", "b", "c", "d", "e", "f"], 10)
)
y = TABLE["height"].to_numpy() + (TABLE["kind"] == "ash") + rng.normal(size=60) / 4
NEW = TABLE[:8].drop(columns="shop")


class Doubler:
    """A step with ``fit`` and ``transform`` alone, no estimator even, as a Pipeline takes it."""

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return 2.0 * np.asarray(X, dtype=float)


def selecting(*, drop="first", pattern="height|width"):
    numbers = (StandardScaler(), make_column_selector(pattern=pattern))
    texts = (OneHotEncoder(drop=drop, sparse_output=False), make_column_selector(pattern="kind"))
    return make_pipeline(make_column_transformer(numbers, texts), Ridge())


def learned(pipeline, table=TABLE):
    return WarmStartRegressor(pipeline, task="shop").fit(table, y)


def test_parameters_without_an_equality_of_their_own_are_compared_by_state():
    model = learned(selecting())
    plain = model.adapt(NEW, y[:8])
    for estimator in (selecting(), clone(selecting()), pickle.loads(pickle.dumps(selecting()))):
        assert_allclose(model.prior_.adapt(estimator, NEW, y[:8]).predict(NEW), plain.predict(NEW))
    stored = pickle.loads(pickle.dumps(model.prior_))
    assert_allclose(stored.adapt(selecting(), NEW, y[:8]).predict(NEW), plain.predict(NEW))


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (selecting(pattern="height"), r"step 'columntransformer' has transformers\.0\.2 .*make_column_selector"),
        (
            selecting(drop=None),
            r"step 'columntransformer' has transformers\.1\.1\.drop None where the prior has 'first'",
        ),
        (
            make_pipeline(StandardScaler(), Ridge()),
            "step 'standardscaler' has class StandardScaler.* where the prior has Col",
        ),
        (
            make_pipeline(*selecting()[:-1], StandardScaler(), Ridge()),
            "found ColumnTransformer -> StandardScaler where",
        ),
    ],
)
def test_steps_that_differ_are_named_and_how(other, words):
    prior = learned(selecting()).prior_
    with pytest.raises(ValueError, match=f"(?s)estimator: wanted the steps that the prior was learned behind.*{words}"):
        prior.adapt(other, NEW, y[:8])


def test_a_models_own_adapt_compares_nothing(monkeypatch):
    model = learned(selecting())

    def compared(*_):
        raise AssertionError("compared")

    monkeypatch.setattr("skmeta.steps._prior_with_steps.difference_of_steps", compared)
    assert model.adapt(NEW, y[:8]).predict(NEW).shape == (8,)
    with pytest.raises(AssertionError, match="compared"):
        model.prior_.adapt(selecting(), NEW, y[:8])


@pytest.mark.parametrize(
    "step",
    [
        Doubler(),
        FrozenEstimator(StandardScaler().fit(TABLE[["height", "width"]])),
        SelectKBest(f_regression, k=1),
        FunctionTransformer(),
        "passthrough",
        None,
    ],
    ids=lambda step: type(step).__name__,
)
def test_whatever_a_pipeline_takes_is_taken(step):
    numbers = TABLE.drop(columns="kind")
    model = learned(make_pipeline(step, Ridge()), numbers)
    X = numbers[["height", "width"]]
    own = (TABLE["shop"] == "b").to_numpy()
    assert_same_answers(model.predict(numbers[own]), model.estimators_["b"].predict(X[own]))
    again = WarmStartRegressor(make_pipeline(step, Ridge()), prior=model.prior_).fit(X[:8], y[:8])
    assert_same_answers(again.predict(X), model.prior_.adapt(Ridge(), X[:8], y[:8]).predict(X))


def test_a_frozen_step_is_not_fitted_again():
    numbers = TABLE.drop(columns="kind")
    scaler = StandardScaler().fit(100.0 + 5.0 * numbers[["height", "width"]])
    model = learned(make_pipeline(FrozenEstimator(scaler), Ridge()), numbers)
    assert_array_equal(dict(model.prior_.steps.steps)["frozenestimator"].mean_, scaler.mean_)


def test_mappings_of_estimators_are_pickled():
    model = learned(selecting())
    assert_allclose(
        pickle.loads(pickle.dumps(model.estimators_))["b"].predict(NEW), model.estimators_["b"].predict(NEW)
    )
    several = model.adapt(TABLE, y)
    assert_allclose(pickle.loads(pickle.dumps(several))["c"].predict(NEW), several["c"].predict(NEW))


def test_columns_come_in_any_order():
    prior = learned(selecting()).prior_
    straight, turned = (prior.adapt(selecting(), NEW[names], y[:8]) for names in (list(NEW), list(NEW)[::-1]))
    assert_allclose(straight.predict(NEW), turned.predict(NEW))
    with pytest.raises(ValueError, match=r"X: .*missing \['kind'\]"):
        prior.adapt(selecting(), NEW.drop(columns="kind"), y[:8])


def test_a_prior_with_steps_delegates_and_is_frozen():
    prior = learned(make_pipeline(SplineTransformer(4), Ridge()), TABLE.drop(columns="kind")).prior_
    assert isinstance(prior, PriorWithSteps) and prior.feature_names == ("height", "width")
    assert_array_equal(prior.mean, prior.prior.mean)
    with pytest.raises(AttributeError):
        prior.nothing_of_the_kind  # noqa: B018
    with pytest.raises(
        ValueError, match="to_dict: wanted a prior of plain arrays, found one that carries fitted steps"
    ):
        prior.to_dict()


def test_a_prior_by_hand_stands_behind_steps_fitted_elsewhere():
    X = TABLE[["height", "width"]].to_numpy()
    scaler = StandardScaler().fit(X)
    by_hand = GaussianPrior([1.0, 0.0], covariance=0.1)
    prior = PriorWithSteps(FrozenSteps([("scaler", scaler)]), by_hand)
    plain = prior.adapt(make_pipeline(StandardScaler(), Ridge()), X[:5], y[:5])
    assert_allclose(plain[-1].coef_, by_hand.adapt(Ridge(), scaler.transform(X[:5]), y[:5]).coef_)
    assert_array_equal(prior.zero_shot(Ridge())[-1].coef_, [1.0, 0.0])


def test_a_mixture_of_priors_behind_the_same_steps_is_behind_them():
    pipeline = make_pipeline(StandardScaler(), Ridge())
    numbers = TABLE.drop(columns="kind")
    one = learned(pipeline, numbers).prior_
    other = WarmStartRegressor(Ridge(), task="shop", prior=one).fit(numbers, y).prior_
    mixture, X = MixturePrior([one, other]), numbers[:8].drop(columns="shop")
    inside = PriorWithSteps(one.steps, MixturePrior([one.prior, other.prior]))
    wanted = WarmStartRegressor(pipeline, prior=inside).fit(X, y[:8]).predict(X)
    for estimator in (pipeline, Ridge()):
        assert_allclose(WarmStartRegressor(estimator, prior=mixture).fit(X, y[:8]).predict(X), wanted)
        assert_allclose(mixture.adapt(estimator, X, y[:8]).predict(X), wanted)
        assert_allclose(mixture.zero_shot(estimator).predict(X), inside.zero_shot(estimator).predict(X))


def test_a_mixture_of_priors_behind_other_steps_takes_the_model_alone():
    numbers = TABLE.drop(columns="kind")
    one, other = (learned(make_pipeline(step, Ridge()), numbers).prior_ for step in (StandardScaler(), Doubler()))
    X = numbers[:8].drop(columns="shop")
    plain = WarmStartRegressor(Ridge(), prior=MixturePrior([one, other])).fit(X, y[:8]).estimator_
    assert plain.predict(X).shape == (8,)


def test_a_step_that_makes_other_rows_is_named():
    """A vectorizer that is given a list of columns takes the table for a list of its columns' names."""
    table = TABLE.assign(text=np.resize(["ash wood", "birch wood", "cedar"], 60))
    for column, fits in (("text", True), (["text"], False)):
        steps = make_pipeline(ColumnTransformer([("words", TfidfVectorizer(), column)]), Ridge())
        model = WarmStartRegressor(steps, task="shop")
        if fits:
            assert model.fit(table, y).predict(table).shape == (60,)
            continue
        with pytest.raises(
            ValueError, match=r"wanted one row of the step 'columntransformer' for each of 60 rows, found 1; .*'text'"
        ):
            model.fit(table, y)


def test_a_learned_prior_does_not_move_behind_steps_that_it_never_saw():
    numbers = TABLE.drop(columns="kind")
    prior = learned(Ridge(), numbers).prior_
    pipeline = make_pipeline(StandardScaler(), Ridge()).fit(numbers[["height", "width"]], y)
    rows = numbers[:5].drop(columns="shop")
    for attempt in (lambda: prior.adapt(pipeline, rows, y[:5]), lambda: prior.zero_shot(pipeline)):
        with pytest.raises(
            ValueError,
            match=r"wanted the model alone, .* Pipeline; the prior was learned without .*anew with the steps",
        ):
            attempt()
    with pytest.raises(ValueError, match=r"prior: wanted one written by hand behind steps by hand.*Learn it anew with"):
        PriorWithSteps(FrozenSteps(pipeline[:-1].steps), prior)


def test_a_prior_learned_behind_steps_by_hand_stands_behind_them_if_they_say_so():
    numbers = TABLE.drop(columns="kind")
    scaler = StandardScaler().fit(numbers[["height", "width"]])
    scaled = numbers.assign(height=(numbers["height"] - scaler.mean_[0]) / scaler.scale_[0])
    scaled["width"] = (numbers["width"] - scaler.mean_[1]) / scaler.scale_[1]
    inside = learned(Ridge(), scaled).prior_
    names = [name for name in numbers if name != "shop"]
    steps = FrozenSteps([("scaler", scaler.set_output(transform="pandas"))], learned_with_prior=True, input_names=names)
    prior, rows = PriorWithSteps(steps, inside), numbers[:5].drop(columns="shop")
    plain = prior.adapt(Ridge(), rows, y[:5])
    wanted = inside.adapt(Ridge(), scaled[:5].drop(columns="shop"), y[:5])
    assert_allclose(plain[-1].coef_, wanted.coef_)


def test_steps_that_change_nothing_stand_before_any_prior():
    numbers = TABLE.drop(columns="kind")
    prior = learned(Ridge(), numbers).prior_
    assert PriorWithSteps(FrozenSteps([("none", "passthrough")]), prior).n_tasks == prior.n_tasks


def test_learning_goes_on_from_a_prior_by_hand_behind_steps_by_hand():
    numbers = TABLE.drop(columns="kind")
    scaler = StandardScaler().fit(numbers[["height", "width"]].to_numpy())
    by_hand = PriorWithSteps(FrozenSteps([("scaler", scaler)]), GaussianPrior([1.0, 0.0], covariance=0.1))
    shops = np.repeat(np.arange(6.0), 10)
    rows = np.column_stack([numbers[["height", "width"]].to_numpy(), shops])
    prior = WarmStartRegressor(Ridge(), task=-1, prior=by_hand).fit(rows, y).prior_
    assert prior.n_tasks
    assert type(prior.with_inner(prior.prior)) is PriorWithSteps
