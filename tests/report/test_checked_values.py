"""Files made of listed types whose values are the attack: each is refused before anything of it is used."""

import os
import re
from copy import deepcopy

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from sklearn.datasets import make_regression
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    AdaBoostRegressor,
    BaggingRegressor,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestRegressor,
)
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.linear_model import ElasticNet, Lasso, LogisticRegression, Ridge, SGDRegressor
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsRegressor
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeRegressor

from skmeta import GaussianPrior
from skmeta.compose import MixturePrior
from skmeta.compose._own_model import OwnModelPrior
from skmeta.fallback._shared_model_prior import SharedModelPrior
from skmeta.neural_network import ParametersPrior
from skmeta.report import apply_prior, load_prior, why_not_applied
from skmeta.report._checked_trees import about_tree
from skmeta.report._checked_values import UnsafeValueError, check_values
from skmeta.report._prior_of_table import PriorOfTable
from skmeta.steps import FrozenSteps

pd = pytest.importorskip("pandas")
skops = pytest.importorskip("skops.io")
pytestmark = pytest.mark.quick

X, y = make_regression(40, 3, random_state=0)
LABELS = np.where(y > 0, "high", "low")


def of_table(inner=None, model=None, steps=()):
    inner = OwnModelPrior() if inner is None else inner
    names = ["a", "b", "c"]
    frozen = FrozenSteps([(f"step {k}", each) for k, each in enumerate(steps)], input_names=names)
    kinds = dict.fromkeys(names, "number")
    model = Ridge() if model is None else model
    return PriorOfTable(frozen, inner, model, "task", "y", kinds, {}, {}, [], False, feature_names=names)


def saved(prior, tmp_path):
    skops.dump(prior, tmp_path / "prior.skops")
    return str(tmp_path / "prior.skops")


TREE = DecisionTreeRegressor(max_depth=2, random_state=0).fit(X, y)


def tree():
    return deepcopy(TREE)


def with_nodes(model, **changes):
    """A tree with other nodes, in its own class: ``feature=(0, 9)`` sets that of the root."""
    model = deepcopy(model)
    state = model.tree_.__getstate__()
    state["nodes"] = state["nodes"].copy()
    for name, (place, value) in changes.items():
        state["nodes"][name][place] = value
    model.tree_.__setstate__(state)
    return model


def forest(**changes):
    model = RandomForestRegressor(2, max_depth=2, random_state=0).fit(X, y)
    vars(model).update(changes)
    return model


def boosting(changed=(), **attributes):
    model = HistGradientBoostingRegressor(max_iter=2, min_samples_leaf=5).fit(X, y)
    for name, place, value in changed:
        model._predictors[1][0].nodes[name][place] = value
    vars(model).update(attributes)
    return model


def stages(labels=LABELS, **attributes):
    return with_attributes(GradientBoostingClassifier(n_estimators=2, max_depth=1).fit(X, labels), **attributes)


def with_attributes(model, **attributes):
    vars(model).update(attributes)
    return model


def without_some_columns(model):
    """A table of one column, straight to a tree of three."""
    narrow = FunctionTransformer(np.take, kw_args={"indices": [0], "axis": 1})
    as_float32 = FunctionTransformer(np.asarray, kw_args={"dtype": "float32"})
    return make_pipeline(narrow, as_float32, FunctionTransformer(model.predict, kw_args={"check_input": False}))


def random_state(position):
    random = np.random.RandomState(0)
    state = random.get_state(legacy=False)
    state["state"]["pos"] = position
    random.set_state(state)
    return random


def one_hot(**attributes):
    encoder = OneHotEncoder(sparse_output=False).fit([["u"], ["v"], ["w"]])
    return with_attributes(encoder, **attributes)


def leaf(model):
    return int(np.flatnonzero(model.tree_.children_left < 0)[0])


SPARSE = sparse.csr_array((np.ones(1), np.array([7]), np.array([0, 1])), shape=(1, 7))
ONLY_LEAVES = "a node whose child is none of the nodes behind it"
ATTACKS = {
    "a folder to write to": (
        lambda: make_pipeline(StandardScaler(), Ridge(), memory="evil_cache"),
        "Pipeline.memory='evil_cache'",
    ),
    "a codec": (lambda: GaussianProcessRegressor(optimizer="zip"), "GaussianProcessRegressor.optimizer='zip'"),
    "a column that there is not": (
        lambda: with_nodes(tree(), feature=(0, 1_000_000)),
        "Tree with a node that reads a col",
    ),
    "a column before the first": (lambda: with_nodes(tree(), feature=(0, -3)), "Tree with a node that reads a column"),
    "a child beyond the end": (lambda: with_nodes(tree(), right_child=(0, 10**9)), f"Tree with {ONLY_LEAVES}"),
    "a child before the first": (lambda: with_nodes(tree(), left_child=(0, -7)), f"Tree with {ONLY_LEAVES}"),
    "a way back": (lambda: with_nodes(tree(), left_child=(1, 0)), f"Tree with {ONLY_LEAVES}"),
    "a child twice": (lambda: with_nodes(tree(), right_child=(0, 1)), "Tree with a node that is a child twice"),
    "half a leaf": (lambda: with_nodes(tree(), left_child=(leaf(tree()), 0)), f"Tree with {ONLY_LEAVES}"),
    "a tree of more columns": (
        lambda: with_attributes(tree(), n_features_in_=2),
        "a tree of another number of columns",
    ),
    "a tree that asks nothing": (lambda: with_attributes(tree(), n_features_in_=3.0), "a number of columns that is no"),
    "a forest of more columns": (
        lambda: forest(n_features_in_=2),
        "a DecisionTreeRegressor that is no decision tree of",
    ),
    "a forest of pipelines": (
        lambda: forest(estimators_=[make_pipeline(tree())]),
        "RandomForestRegressor with a Pipeline that is no decision tree",
    ),
    "boosting of a column more": (lambda: boosting([("feature_idx", 0, 3)]), "a node that reads a column which"),
    "boosting out of its nodes": (lambda: boosting([("left", 0, 4_000_000_000)]), ONLY_LEAVES),
    "boosting around": (lambda: boosting([("right", 1, 1)]), ONLY_LEAVES),
    "boosting by bits": (lambda: boosting([("is_categorical", 0, 1)]), "a split by categories"),
    "boosting on bins": (lambda: boosting(_in_fit=True), "reads its columns in another way"),
    "boosting of a column less": (lambda: boosting(_preprocessor=StandardScaler()), "reads its columns in another way"),
    "a tree past its checks": (lambda: without_some_columns(tree()), "the method predict.{'check_input': False}"),
    "a method that is replaced": (
        lambda: with_attributes(tree(), _validate_X_predict=np.asarray),
        "with another _validate",
    ),
    "parameters without limits": (
        lambda: with_attributes(tree(), _parameter_constraints={}),
        "another _parameter_constr",
    ),
    "a category without a column": (lambda: one_hot(_n_features_outs=[1]), "OneHotEncoder with a category without"),
    "one column for all": (
        lambda: one_hot(categories_=[np.arange(3)] * 2),
        "other numbers of columns than of categories",
    ),
    "categories out of order": (
        lambda: one_hot(categories_=[np.array([3.0, 1.0, 2.0])]),
        "a category without a column",
    ),
    "a mapping elsewhere": (
        lambda: one_hot(_infrequent_enabled=True, _infrequent_indices=[[9]], _default_to_infrequent_mappings=[None]),
        "a category without a column",
    ),
    "random numbers from elsewhere": (lambda: Ridge(random_state=random_state(625)), "reads beyond its state"),
    "other random numbers": (
        lambda: Ridge(random_state=np.random.Generator(np.random.SFC64(0))),
        "a generator of random numbers",
    ),
    "a sparse row too long": (lambda: with_attributes(Ridge(), coef_=SPARSE), "scipy.sparse._csr.csr_array"),
    "a search tree": (lambda: KNeighborsRegressor(algorithm="kd_tree").fit(X, y), "sklearn.neighbors._kd_tree.KDTree"),
    "neighbors": (lambda: KNeighborsRegressor(algorithm="brute").fit(X, y), "a fitted KNeighborsRegressor, which comp"),
    "votes": (lambda: AdaBoostRegressor(n_estimators=1).fit(X, y), "a fitted AdaBoostRegressor, which compiled"),
    "a class more": (
        lambda: stages(estimators_=stages().estimators_.repeat(2, axis=1)),
        "GradientBoostingClassifier with trees of other columns than it predicts",
    ),
    "a class less": (
        lambda: with_attributes(stages(), init_=DummyClassifier().fit(X, y > np.inf)),
        "trees of other columns than it predicts",
    ),
    "numbers from classes": (
        lambda: with_attributes(GradientBoostingRegressor(n_estimators=1).fit(X, y), init_=stages().init_),
        "GradientBoostingRegressor with trees of other columns than it predicts",
    ),
    "another start": (lambda: stages(init_=Ridge().fit(X, y)), "trees of other columns than it predicts"),
    "stages of a column more": (
        lambda: stages(n_features_in_=2),
        "a DecisionTreeRegressor that is no decision tree of",
    ),
    "stages of several values": (
        lambda: stages(estimators_=np.array([[DecisionTreeRegressor().fit(X, X)]])),
        "a tree of several values",
    ),
    "a start of a solver": (lambda: ElasticNet(warm_start=True), "ElasticNet.warm_start=True"),
    "a function of another place": (lambda: FunctionTransformer(np.load), "numpy.load"),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_value_that_leads_elsewhere_is_refused(attack, tmp_path):
    make, found = ATTACKS[attack]
    with pytest.raises(ValueError, match=f"wanted a prior that is safe whoever made it, found .*{found}.*--trust"):
        load_prior(saved(of_table(model=make()), tmp_path))


@pytest.mark.parametrize(
    ("inner", "found"),
    [
        (
            ParametersPrior(("coef_", "intercept_"), (np.ones(9), np.ones(1)), fits="ElasticNet"),
            "parameters of ElasticNet",
        ),
        (MixturePrior([OwnModelPrior(), OwnModelPrior(n_tasks=Ridge(solver="/etc"))], [0.5, 0.5]), "solver='/etc'"),
    ],
    ids=["solver", "inside"],
)
def test_a_prior_inside_is_looked_at_too(inner, found, tmp_path):
    with pytest.raises(ValueError, match=found):
        load_prior(saved(of_table(inner), tmp_path))


def test_what_is_refused_would_have_written_where_the_file_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = BaggingRegressor(make_pipeline(StandardScaler(), Ridge(), memory="evil_cache"), 1)
    table = pd.DataFrame(X, columns=list("abc")).assign(task="s", y=y)
    table.to_csv("new.csv", index=False)
    path = saved(of_table(model=model), tmp_path)
    with pytest.raises(ValueError, match=r"found sklearn.*BaggingRegressor"):
        load_prior(path)
    assert not os.path.exists("evil_cache")
    apply_prior(load_prior(path, trust=True), "new.csv")
    assert os.path.exists("evil_cache")


def shared(model, method="predict"):
    outputs = make_pipeline(
        FunctionTransformer(getattr(model, method)), FunctionTransformer(np.expand_dims, kw_args={"axis": 1})
    )
    return SharedModelPrior(model, outputs.fit(X), None, GaussianPrior([1.0], covariance=1.0), Ridge())


MODELS = {
    "tree": tree,
    "forest": forest,
    "extra trees": lambda: ExtraTreesClassifier(2, max_depth=2).fit(X, LABELS),
    "boosting": boosting,
    "boosting of classes": lambda: HistGradientBoostingClassifier(max_iter=2).fit(X, LABELS),
    "stages": lambda: GradientBoostingRegressor(n_estimators=2, loss="huber").fit(X, y),
    "stages of classes": lambda: stages(np.array(["a", "b", "c"])[np.digitize(y, [-50, 50])]),
    "process": lambda: GaussianProcessRegressor().fit(X, y),
    "net": lambda: MLPClassifier((2,), max_iter=1).fit(X, LABELS),
    "naive Bayes": lambda: GaussianNB().fit(X, LABELS),
}
UNFITTED = [Ridge(), LogisticRegression(), KNeighborsRegressor(), SVC(), SGDRegressor(random_state=0), Lasso()]


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
@pytest.mark.parametrize("name", MODELS)
def test_models_that_are_saved_are_read_without_an_option(name, tmp_path):
    model = MODELS[name]()
    steps = [StandardScaler().fit(X), FunctionTransformer(np.asarray, kw_args={"dtype": float})]
    again = load_prior(saved(of_table(shared(model), model, steps), tmp_path))
    np.testing.assert_array_equal(again.model.predict(X), model.predict(X))
    assert again.prior.outputs[0].func.__self__ is again.prior.model


def test_who_saves_is_told_what_apply_will_ask_for(tmp_path):
    for model, said in (
        (tree(), "^$"),
        (KNeighborsRegressor(algorithm="brute").fit(X, y), "found a fitted KNeighborsRegressor, .* --trust"),
        (SVR().fit(X, y), "found what skops cannot read .*; if --save wrote it, save it to a .joblib file"),
    ):
        assert re.search(said, why_not_applied(saved(of_table(shared(model), model), tmp_path)))


def test_models_that_are_not_fitted_are_read_without_an_option(tmp_path):
    for model in UNFITTED:
        assert repr(load_prior(saved(of_table(model=model), tmp_path)).model) == repr(model)


def test_one_hot_columns_that_are_saved_are_read_back(tmp_path):
    rows = np.array(["u", "v", "w", None, "u", "u"], dtype=object)[:, None]
    for columns in (rows, np.arange(6.0)[:, None] % 3, [[1.0], [np.nan]]):
        step = OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=2, sparse_output=False).fit(columns)
        again = load_prior(saved(of_table(steps=[step]), tmp_path)).steps.steps[0][1]
        np.testing.assert_array_equal(again.transform(columns), step.transform(columns))


def ends_in_leaves(nodes, n_features):
    """Whether each node leads to leaves by columns that there are: followed one by one, as a reference."""
    for start in range(len(nodes)):
        todo, steps = [start], 0
        while todo:
            steps += 1
            at = todo.pop()
            if steps > len(nodes) or not 0 <= at < len(nodes):
                return False
            if nodes["left_child"][at] != -1:
                if not 0 <= nodes["feature"][at] < n_features:
                    return False
                todo += [nodes["left_child"][at], nodes["right_child"][at]]
    return True


@given(
    name=st.sampled_from(["left_child", "right_child", "feature"]),
    place=st.integers(0, TREE.tree_.node_count - 1),
    value=st.integers(-3, TREE.tree_.node_count + 3) | st.integers(-(2**62), 2**62),
)
def test_a_tree_that_passes_ends_in_leaves(name, place, value):
    model = with_nodes(tree(), **{name: (place, value)})
    if about_tree(model.tree_) is None:
        assert ends_in_leaves(model.tree_.__getstate__()["nodes"], 3)


def test_what_is_no_value_is_refused():
    for value, found in ((os.system, "builtin_function"), (ValueError, "builtins.ValueError"), (b"", "bytes")):
        with pytest.raises(UnsafeValueError, match=found):
            check_values([value])
    check_values(
        [None, 1, "a", {"a": (1.0, {2})}, slice(0, 1), np.ones(3), np.array([1, "b"], dtype=object), np.dtype("f8")]
    )


def test_a_pipeline_of_a_known_kind_passes():
    check_values(Pipeline([("scale", StandardScaler().fit(X)), ("model", Ridge().fit(X, y))]))
