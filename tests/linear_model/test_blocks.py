"""Blocks of columns: by name and by position, in any order, missing as a whole, and what they are worth."""

import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA
from sklearn.linear_model import HuberRegressor, LogisticRegression, PoissonRegressor, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, PolynomialFeatures, StandardScaler
from variations import varied

from skmeta import EmpiricalBayes, SufficientStatistics, WarmStartClassifier, WarmStartRegressor
from skmeta.steps import fit_steps, take_apart
from skmeta.tasks import read_tasks

pytestmark = pytest.mark.quick

NAMES = ["a", "b", "c", "d", "e"]
BLOCKS = {"first": ["a", "d"], "second": ["b", "c", "e"]}
PLACES = {"first": [0, 3], "second": [1, 2, 4]}
MEAN = np.array([1.0, -0.5, 0.3, -1.2, 0.7, 0.0])
BETWEEN = np.ix_([0, 3], [1, 2, 4])


def collection(n_tasks=60, n=12, seed=1, kind=None, lacks=()):
    """Tasks of five columns: two that vary together, three that vary less, and a level; some ``lack`` the second block."""
    rng = np.random.default_rng(seed)
    root = np.zeros((6, 6))
    root[[0, 3], 0], root[3, 3], root[5, 5] = (1.0, 0.9), 0.3, 0.7
    root[[1, 2, 4], [1, 2, 4]] = 0.3
    coef, task = (
        MEAN + rng.normal(size=(n_tasks, 6)) @ root.T,
        np.repeat(np.arange(n_tasks), n),
    )
    X = rng.normal(size=(n_tasks * n, 5))
    X[np.ix_(np.isin(task, lacks), PLACES["second"])] = np.nan
    score = np.einsum("nd,nd->n", np.nan_to_num(X), coef[task, :5]) + coef[task, 5]
    y = {
        None: lambda: score + rng.normal(size=len(X)),
        "classes": lambda: (score + rng.logistic(size=len(X)) > 0).astype(int),
        "counts": lambda: rng.poisson(np.exp(np.clip(0.5 * score, None, 4.0))).astype(float),
    }[kind]()
    return np.c_[X, task], y


def learn(X, y, estimator=None, prior=None, covariance="blocks", blocks=PLACES, **options):
    estimator = estimator or Ridge()
    shell = WarmStartClassifier if isinstance(estimator, LogisticRegression) else WarmStartRegressor
    learner = EmpiricalBayes(covariance, blocks=blocks, **options)
    task = -1 if isinstance(X, np.ndarray) else "task"
    return shell(estimator, task=task, learner=learner, prior=prior).fit(X, y)


def in_frame(X):
    return pd.DataFrame(X, columns=[*NAMES, "task"])


def dense(model):
    """The learned covariance, that of the mean left out."""
    return model.prior_.components[0].with_mean_known().dense_covariance()


def test_names_are_positions():
    X, y = collection()
    assert_array_equal(dense(learn(in_frame(X), y, blocks=BLOCKS)), dense(learn(X, y)))
    assert_array_equal(dense(learn(in_frame(X), y)), dense(learn(X, y)))
    mixed = {name: np.array(columns) for name, columns in PLACES.items()}
    assert_array_equal(dense(learn(X, y, blocks=mixed)), dense(learn(X, y)))


def test_order_of_blocks_and_of_columns_does_not_matter():
    X, y = collection()
    one = learn(in_frame(X), y, blocks=BLOCKS)
    turned = learn(in_frame(X), y, blocks={"second": ["e", "b", "c"], "first": ["d", "a"]})
    assert_array_equal(dense(turned), dense(one))
    frame = in_frame(X)[["task", "e", "d", "c", "b", "a"]]
    moved = learn(frame, y, blocks=BLOCKS).prior_.aligned(one.prior_.feature_names)
    assert_allclose(moved.covariance, one.prior_.covariance, rtol=1e-6, atol=1e-9)


@varied(
    ("estimator", "kind"),
    [(Ridge(), None), (HuberRegressor(), None), (LogisticRegression(), "classes"), (PoissonRegressor(), "counts")],
    ids=["squares", "robust", "classes", "counts"],
)
def test_nothing_is_shared_between_blocks(estimator, kind):
    X, y = collection(kind=kind)
    model = learn(X, y, estimator)
    covariance = dense(model)
    assert model.learner_.structure_.startswith("blocks: ")
    units = model.prior_.components[0].units
    engine = covariance[:-1, :-1] * np.outer(units.scale, units.scale)
    assert_allclose(engine[BETWEEN], 0.0, atol=1e-9 * engine.max())
    # The intercept has its own scale where columns are centred; moved to where they are zero, it takes their means along.
    centred = covariance[:-1, -1] + covariance[:-1, :-1] @ units.centre
    assert_allclose(centred, 0.0, atol=1e-9 * covariance.max())
    variance = np.diag(engine)
    assert variance[[0, 3]].mean() > 2 * variance[[1, 2, 4]].mean()
    if kind is None:
        assert engine[0, 3] / np.sqrt(variance[0] * variance[3]) > 0.6


def test_each_block_has_the_shape_that_held_out_tasks_ask_for():
    models = [learn(*collection(n_tasks=200, seed=seed)) for seed in range(4)]
    wanted = [one.learner_.structure_ == "blocks: first full with 2 pseudo-tasks; second spherical" for one in models]
    assert sum(wanted) > 2, [one.learner_.structure_ for one in models]
    model = models[wanted.index(True)]
    assert model.learner_.structure_ in model.learner_.scores_
    own = np.diag(dense(model)) * np.r_[model.prior_.components[0].units.scale, 1.0] ** 2
    assert_allclose(own[[1, 2, 4]], own[1], rtol=1e-9)


def test_auto_tries_blocks_beside_the_others():
    X, y = collection(n_tasks=200)
    model = learn(X, y, covariance="auto")
    assert model.learner_.structure_ == learn(X, y).learner_.structure_
    shapes = model.learner_.scores_
    assert any(one.startswith("blocks: ") for one in shapes) and "spherical" in shapes
    wrong = learn(X, y, covariance="auto", blocks={"first": [0, 1], "second": [2, 3, 4]})
    assert not wrong.learner_.structure_.startswith("blocks: ")


def test_tasks_may_lack_whole_blocks():
    """What is not known of one block says nothing of the other: its coefficients stay those of the prior."""
    X, y = collection(n_tasks=120, n=60, lacks=range(60))
    model, there = (
        learn(X[some], y[some], noise="shared", max_iter=300, tol=1e-9) for some in (X[:, -1] >= 0, X[:, -1] >= 60)
    )
    variance, alone = np.diag(dense(model)), np.diag(dense(there))
    assert_allclose(variance[PLACES["second"]], alone[PLACES["second"]], rtol=0.1)
    prior = model.prior_.components[0].with_mean_known()
    X, y = collection(n_tasks=1, seed=5, lacks=[0])
    coef = prior.adapt(Ridge(), X[:, :-1], y).coef_
    assert_allclose(coef[PLACES["second"]], prior.mean[PLACES["second"]], rtol=1e-7)
    assert abs(coef[0] - prior.mean[0]) > 0.05


def test_learning_on_keeps_the_shape():
    X, y = collection(n_tasks=200)
    first, kept = learn(X, y), "blocks: first full with 0 pseudo-tasks; second spherical"
    found = [
        learn(*collection(n_tasks=20, seed=seed), prior=first.prior_, covariance=word)
        for seed in (10, 11, 13)
        for word in ("blocks", "auto")
    ]
    assert sum(one.learner_.structure_ == kept for one in found) > 4, [one.learner_.structure_ for one in found]
    assert_allclose(found[0].prior_.components[0].n_tasks, 220)
    single = learn(X[:12], y[:12], prior=first.prior_)
    assert single.learner_.structure_ == kept
    dense_past = learn(X, y, covariance="full", blocks=None)
    assert learn(X, y, prior=dense_past.prior_).learner_.structure_.startswith("blocks: ")


@pytest.mark.parametrize("covariance", ["blocks", "auto"])
def test_it_is_the_same_from_sums(covariance):
    X, y = collection()
    sums = EmpiricalBayes(covariance, blocks=PLACES).learn_statistics(SufficientStatistics.from_table(X, y, task=-1))
    rows = learn(X, y, covariance=covariance).prior_
    for name in ("mean", "covariance", "mean_covariance", "noise", "weights"):
        assert_allclose(getattr(sums, name), getattr(rows, name), rtol=1e-7, atol=1e-10, err_msg=name)


def test_more_columns_than_rows_are_computed_densely():
    """Beyond 100 columns too, where other shapes make no matrix of columns by columns."""
    rng = np.random.default_rng(0)
    task, wide = np.repeat(np.arange(12), 20), rng.normal(size=(240, 102))
    blocks = {"first": list(range(4)), "rest": list(range(4, 102))}
    y = np.sum(wide[:, :4] * (1.0 + rng.normal(size=(12, 4)))[task], axis=1) + 0.1 * rng.normal(size=240)
    sums = SufficientStatistics.from_table(np.c_[wide, task], y, task=-1)
    model = learn(np.c_[wide, task], y, blocks=blocks)
    variance = np.diag(dense(model))[:-1]
    assert model.prior_.components[0].is_dense
    assert variance[:4].mean() > 10 * variance[4:].mean()
    other = EmpiricalBayes("blocks", blocks=blocks).learn_statistics(sums)
    assert_allclose(other.covariance, model.prior_.covariance, rtol=1e-6, atol=1e-9)


@pytest.mark.statistics
def test_blocks_are_worth_what_they_are_said_to_be():
    """Three blocks of five columns, each along a direction of its own: the error of new tasks' coefficients after six rows."""
    blocks = {str(k): list(range(5 * k, 5 * k + 5)) for k in range(3)}
    off = {"auto": [], "blocks": [], "wrong": []}
    for seed in range(2):
        rng = np.random.default_rng(seed)
        root = np.zeros((15, 15))
        for k, columns in enumerate(blocks.values()):
            root[columns, k] = (1.0, 0.5, 0.2)[k] * rng.normal(size=5)
        coef = rng.normal(size=(60, 15)) @ root.T + 0.05 * rng.normal(size=(60, 15))
        task, X = np.repeat(np.arange(60), 12), rng.normal(size=(720, 15))
        y = np.sum(X * coef[task], axis=1) + rng.normal(size=720)
        past, new = task < 30, (task >= 30) & (np.arange(720) % 12 < 6)
        order = rng.permutation(15)
        wrong = {name: order[columns].tolist() for name, columns in blocks.items()}
        for name, given in (("auto", None), ("blocks", blocks), ("wrong", wrong)):
            table = np.c_[X, task]
            model = learn(table[past], y[past], covariance="auto", blocks=given)
            found = model.adapt(table[new], y[new])
            off[name].append(np.mean([np.sum((found[t].coef_ - coef[t]) ** 2) for t in range(30, 60)]))
    assert np.mean(off["blocks"]) < np.mean(off["auto"])
    assert np.mean(off["wrong"]) < 1.1 * np.mean(off["auto"]), "auto leaves blocks that are wrong"


def test_only_columns_that_vary_are_in_blocks():
    X, y = collection()
    model = learn(X, y, varying=[0, 1, 3])
    assert_array_equal(np.diag(dense(model)) > 0, [True, True, False, True, False, True])
    assert_allclose(dense(model)[[0, 3], 1], 0.0, atol=1e-12)
    levels = learn(X, y, varying="intercept")
    assert levels.learner_.structure_ == "random intercept"
    assert_array_equal(dense(levels), dense(learn(X, y, covariance="auto", blocks=None, varying="intercept")))


@pytest.mark.parametrize(
    ("covariance", "blocks", "says"),
    [
        ("blocks", None, "wanted a dict of lists of columns with covariance='blocks', found None"),
        ("full", PLACES, r"wanted one of \('auto', 'blocks'\) with blocks, found 'full'"),
        ("auto", [[0, 3], [1, 2, 4]], "wanted a dict of lists of columns, found"),
        ("blocks", {}, "wanted a dict of lists of columns, found {}"),
        (
            "blocks",
            {"first": "a"},
            "wanted a list of columns, by name or position, in each block, found 'a' in 'first'",
        ),
        ("blocks", {"first": []}, r"found \[\] in 'first'"),
        ("blocks", {"first": [0.5]}, r"found \[0.5\] in 'first'"),
        ("blocks", {"first": ["a", "z"]}, "wanted columns of the model, found 'z' and columns 'a', 'b'"),
        ("blocks", {"first": [0, 5]}, "wanted positions from 0 to 4, the task column not counted, found 5"),
        ("blocks", {"first": ["a", "b"], "second": ["b"]}, "found 'b' in 'first' and in 'second'"),
        ("blocks", {"first": ["a", "a"]}, "found 'a' twice in 'first'"),
        ("blocks", {"first": ["a", "b"], "second": ["d"]}, "found none for 'c', 'e'; put them in a block of their own"),
    ],
)
def test_blocks_that_are_none_raise(covariance, blocks, says):
    X, y = collection(n_tasks=4)
    with pytest.raises(ValueError, match=says):
        learn(in_frame(X), y, covariance=covariance, blocks=blocks)


def test_names_need_names():
    X, y = collection(n_tasks=4)
    with pytest.raises(ValueError, match=r"found 'a' and columns without names; give positions from 0 to \d+\.$"):
        learn(X, y, blocks=BLOCKS)


def test_blocks_are_a_parameter_as_others():
    learner = EmpiricalBayes("blocks", blocks=BLOCKS)
    assert clone(learner).get_params()["blocks"] == BLOCKS
    X, y = collection(n_tasks=8)
    learn(in_frame(X), y, blocks=BLOCKS)
    assert BLOCKS == {"first": ["a", "d"], "second": ["b", "c", "e"]}


def test_nested_tasks_have_blocks_at_each_level():
    X, y = collection()
    frame = in_frame(X).assign(region=(X[:, -1] % 6).astype(int))
    learner = EmpiricalBayes("blocks", blocks=BLOCKS)
    prior = WarmStartRegressor(Ridge(), task=["region", "task"], learner=learner).fit(frame, y).prior_.components[0]
    assert len(prior.covariances) == 2
    for covariance in prior.covariances.values():
        assert_allclose(covariance[BETWEEN], 0.0, atol=1e-9)
    assert prior.covariances["task"][0, 3] > 0.3


# Names behind steps ------------------------------------------------------------------------------------


def behind(*steps, names=BLOCKS, X=None, **options):
    X, y = (in_frame(collection()[0]), collection()[1]) if X is None else X
    task = -1 if isinstance(X, np.ndarray) else "task"
    learner = EmpiricalBayes("blocks", blocks=names, **options)
    return WarmStartRegressor(make_pipeline(*steps, Ridge()), task=task, learner=learner).fit(X, y)


def two_scalers():
    return make_column_transformer((StandardScaler(), ["a", "b"]), remainder=MinMaxScaler())


OUT = {"first": ["standardscaler__a", "remainder__d"], "second": ["standardscaler__b", "remainder__c", "remainder__e"]}


@varied("pandas", [False, True], ids=["arrays", "frames"])
@pytest.mark.parametrize("names", [BLOCKS, OUT, PLACES | {"first": ["a", 3]}], ids=["users", "steps'", "mixed"])
def test_columns_behind_steps_have_the_users_names_and_those_of_the_steps(names, pandas):
    steps = two_scalers().set_output(transform="pandas" if pandas else "default")
    by_place = behind(two_scalers(), names=PLACES)
    assert_array_equal(dense(behind(steps, names=names)), dense(by_place))


def test_a_column_that_a_step_makes_has_the_name_that_the_step_gives():
    made = {"squares": ["a^2", "d^2"], "rest": [*NAMES, "b^2", "c^2", "e^2"]}
    squares = PolynomialFeatures(2, include_bias=False)
    with pytest.raises(ValueError, match=r"found none for 'a b', 'a c'.*put them in a block of their own"):
        behind(squares, names=made)
    every = squares.fit(in_frame(collection()[0])[NAMES]).get_feature_names_out().tolist()
    made["products"] = [name for name in every if " " in name]
    places = {block: [every.index(name) for name in names] for block, names in made.items()}
    assert_array_equal(dense(behind(squares, names=made)), dense(behind(squares, names=places)))
    components = behind(PCA(3), names={"first": ["pca0"], "rest": ["pca1", 2]})
    assert components.learner_.structure_.startswith("blocks: first, rest")


def test_names_that_no_step_gives_are_told_with_those_that_work():
    with pytest.raises(
        ValueError, match=r"found 'a' and columns 'pca0', 'pca1', as the steps .* call them; give these"
    ):
        behind(PCA(2))
    assert behind(PCA(2), names={"first": ["pca0"], "second": ["pca1"]}).learner_.structure_
    own = FunctionTransformer(lambda X: np.c_[np.asarray(X), np.asarray(X)[:, 0] ** 2])
    with pytest.raises(
        ValueError, match=r"get_feature_names_out\(\) or frames of set_output\(transform='pandas'\).*positions"
    ):
        behind(own)
    assert behind(own, names={"first": [0, 3, 5], "second": [1, 2, 4]}).learner_.structure_
    named = FunctionTransformer(lambda X: X.assign(square=X["a"] ** 2))
    assert behind(named, names=BLOCKS | {"third": ["square"]}).learner_.structure_
    with pytest.raises(
        ValueError, match="wanted positions from 0 to 1, of the columns behind the steps before the model"
    ):
        behind(PCA(2), names={"first": [0, 3]})


def test_names_behind_steps_are_the_same_when_columns_move_and_when_it_learns_on():
    X, y = collection()
    frame = in_frame(X)
    scaled = [StandardScaler().set_output(transform="pandas")]
    one = behind(*scaled, X=(frame, y))
    on = WarmStartRegressor(Ridge(), task="task", learner=EmpiricalBayes("blocks", blocks=BLOCKS), prior=one.prior_)
    moved = frame[["task", "e", "d", "c", "b", "a"]]
    assert_allclose(dense(on.fit(moved, y)), dense(clone(on).fit(frame, y)), rtol=1e-9, atol=1e-12)
    slopes = EmpiricalBayes("diagonal", varying=["d"])
    some = WarmStartRegressor(make_pipeline(StandardScaler(), Ridge()), task="task", learner=slopes).fit(frame, y)
    assert_array_equal(np.flatnonzero(np.diagonal(dense(some)[:5, :5])), [3])


def test_names_behind_steps_go_where_rows_go():
    X, y = collection()
    parts, raw = take_apart(make_pipeline(two_scalers(), Ridge())), read_tasks(in_frame(X), y, task="task")
    steps, tasks = fit_steps(parts, raw)
    some = tasks.take([3, 1])
    assert pickle.loads(pickle.dumps(tasks)).positions_behind is None  # they are for learning, which is done by then
    assert some.positions_behind() == tasks.positions_behind()
    assert tasks.positions_behind()["remainder__c"] == tasks.positions_behind()["c"] == 2
    assert steps.apply(raw).positions_behind() == tasks.positions_behind()
    assert raw.positions_behind is None
