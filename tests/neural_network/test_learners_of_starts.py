"""Reptile and the mean of parameters: against formulas, in any order of jobs, and where training fails."""

import pickle
import warnings

import joblib
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone, is_classifier
from sklearn.ensemble import RandomForestRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Perceptron, Ridge, SGDClassifier, SGDRegressor
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from variations import varied

from skmeta import ParameterAverage, Reptile, WarmStartClassifier, WarmStartRegressor
from skmeta.neural_network import ParametersPrior
from skmeta.neural_network._collection import Collection
from skmeta.tasks import Tasks

pytestmark = [
    pytest.mark.quick,
    pytest.mark.filterwarnings("ignore:Stochastic Optimizer:sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:lbfgs failed to converge:sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:Maximum number of iteration:sklearn.exceptions.ConvergenceWarning"),
]
RNG = np.random.default_rng(0)
TASK = np.repeat(np.arange(6), 12)
X = RNG.normal(size=(72, 2))
Y = X @ [1.5, -1.0] + RNG.normal(size=6)[TASK]
LABELS = np.where(Y > 0.0, "tall", "low")
TABLE = np.column_stack([X, TASK])
NET = MLPRegressor(hidden_layer_sizes=(4,), solver="lbfgs", max_iter=3, random_state=0)
ESTIMATORS = [
    NET,
    MLPRegressor(hidden_layer_sizes=(4,), max_iter=3, batch_size=4, random_state=0),
    MLPClassifier(hidden_layer_sizes=(4,), max_iter=3, random_state=0),
    SGDRegressor(random_state=0),
    SGDClassifier(random_state=0),
    Perceptron(random_state=0),
]


def learned(estimator, learner, **options):
    shell, y = (WarmStartClassifier, LABELS) if is_classifier(estimator) else (WarmStartRegressor, Y)
    return shell(estimator, task=-1, learner=learner, **options).fit(TABLE, y)


def starts_of(estimator):
    """Where an estimator begins by itself, with all labels; of linear models zeros."""
    y = LABELS if is_classifier(estimator) else Y
    if not hasattr(estimator, "hidden_layer_sizes"):
        shape = np.shape(clone(estimator).fit(X, y).coef_)
        return [np.zeros(shape), np.zeros(shape[0] if len(shape) > 1 else 1)]
    start = clone(estimator).set_params(solver="sgd", learning_rate_init=1e-300, max_iter=1).fit(X, y)
    return [*start.coefs_, *start.intercepts_]


def trained(estimator, arrays):
    """Arrays of each task after the estimator's own training from some on."""
    y = LABELS if is_classifier(estimator) else Y
    names = ("coef_", "intercept_")
    if hasattr(estimator, "hidden_layer_sizes"):
        names = ("coefs_0", "coefs_1", "intercepts_0", "intercepts_1")
    classes = np.unique(LABELS) if is_classifier(estimator) else None
    loss = getattr(estimator, "loss", "")
    prior = ParametersPrior(names, tuple(arrays), type(estimator).__name__, getattr(estimator, "activation", ""), loss=loss,
                            classes=classes)  # fmt: skip
    models = [prior.adapt(estimator, X[code == TASK], y[code == TASK]) for code in range(6)]
    return [ParametersPrior.from_estimator(model).arrays for model in models]


def mean_of(models):
    return [np.mean(arrays, axis=0) for arrays in zip(*models, strict=True)]


@varied("estimator", ESTIMATORS, ids=lambda each: type(each).__name__, keep=3)
def test_the_average_is_that_of_trainings_from_one_start(estimator):
    found = learned(estimator, ParameterAverage()).prior_.arrays
    for one, other in zip(found, mean_of(trained(estimator, starts_of(estimator))), strict=True):
        assert_allclose(one, other, rtol=1e-12, atol=1e-13)


@varied("estimator", ESTIMATORS, ids=lambda each: type(each).__name__, keep=3)
def test_reptile_with_all_tasks_in_a_batch_is_its_formula(estimator):
    learner = Reptile(3, meta_batch_size=6, meta_learning_rate=0.8)
    found = learned(estimator, learner).prior_.arrays
    theta = starts_of(estimator)
    for step in range(3):
        mean, rate = mean_of(trained(estimator, theta)), 0.8 * (1.0 - step / 3)
        theta = [array + rate * (to - array) for array, to in zip(theta, mean, strict=True)]
    for one, other in zip(found, theta, strict=True):
        assert_allclose(one, other, rtol=1e-9, atol=1e-12)


def test_one_iteration_at_rate_one_is_the_average():
    one = learned(NET, Reptile(1, meta_batch_size=6)).prior_
    for a, b in zip(one.arrays, learned(NET, ParameterAverage()).prior_.arrays, strict=True):
        assert_allclose(a, b, rtol=1e-12)


@pytest.mark.parametrize(
    "learner", [Reptile(4, n_shots=5, random_state=0), ParameterAverage(0)], ids=["reptile", "average"]
)
@pytest.mark.parametrize("seed", [0, None])
def test_learning_is_repeated_whatever_the_jobs(learner, seed):
    net = clone(NET).set_params(random_state=seed)
    with joblib.parallel_config("threading"):
        one, two = (learned(net, clone(learner), n_jobs=n).prior_ for n in (None, 2))
    for a, b in zip(one.arrays, two.arrays, strict=True):
        assert_array_equal(a, b)


def test_learning_goes_on_from_a_prior():
    first = learned(NET, Reptile(2, meta_batch_size=6, schedule="constant", meta_learning_rate=0.5))
    on = learned(
        NET, Reptile(3, meta_batch_size=6, schedule="constant", meta_learning_rate=0.5), prior=first.prior_
    ).prior_
    whole = learned(NET, Reptile(5, meta_batch_size=6, schedule="constant", meta_learning_rate=0.5)).prior_
    for a, b in zip(on.arrays, whole.arrays, strict=True):
        assert_allclose(a, b, rtol=1e-8, atol=1e-10)
    assert on.n_tasks == 12 and on.n_rows == 144


def test_the_average_counts_what_was_known_as_its_tasks():
    before = learned(SGDRegressor(random_state=0), ParameterAverage()).prior_
    on = learned(SGDRegressor(random_state=0), ParameterAverage(), prior=before).prior_
    new = mean_of(trained(SGDRegressor(random_state=0), before.arrays))
    assert_allclose(on.arrays[0], (before.arrays[0] + new[0]) / 2.0, rtol=1e-12)


def test_early_stopping_keeps_the_best_start():
    """It is the end of a run that ends there; a constant rate does not depend on how long a run is."""
    common = {"meta_batch_size": 2, "schedule": "constant", "early_stopping": True, "validation_fraction": 0.3}
    model = learned(NET, Reptile(60, n_iter_no_change=3, random_state=0, **common))
    scores = model.learner_.validation_scores_
    n_best = int(np.argmax(scores)) + 1
    assert n_best == len(scores) - 3 and model.learner_.n_iter_ == 2 * len(scores)  # four tasks teach, two an iteration
    again = learned(NET, Reptile(2 * n_best, random_state=0, **common))
    assert again.learner_.validation_scores_ == scores[:n_best]
    for one, other in zip(model.prior_.arrays, again.prior_.arrays, strict=True):
        assert_array_equal(one, other)


def test_progress_is_told():
    told = []
    tasks = Tasks(X, Y, TASK, np.arange(6))
    Reptile(4, meta_batch_size=3).learn(NET, tasks, progress=lambda done, total: told.append((done, total)))
    assert told == [(25, 100), (50, 100), (75, 100), (100, 100)]


def test_training_that_diverges_in_one_task_moves_nothing_there():
    net = MLPRegressor(
        hidden_layer_sizes=(4,), solver="sgd", learning_rate_init=0.05, momentum=0.0, max_iter=30, random_state=0
    )
    wild = np.where(TASK == 5, 1e9 * Y, Y)
    model = WarmStartRegressor(net, task=-1, learner=Reptile(2, meta_batch_size=6, schedule="constant"))
    with pytest.warns(ConvergenceWarning, match="MLPRegressor: training from the learned parameters diverged"):
        model.fit(TABLE, wild)  # in adapting to it: that is said
    without = WarmStartRegressor(net, task=-1, learner=Reptile(2, meta_batch_size=6, schedule="constant"))
    without.fit(TABLE[TASK != 5], Y[TASK != 5])
    for a, b in zip(model.prior_.arrays, without.prior_.arrays, strict=True):
        assert_allclose(a, b, rtol=1e-10)


def test_learning_that_diverges_at_once_leaves_the_start():
    net = MLPRegressor(hidden_layer_sizes=(4,), solver="sgd", learning_rate_init=100.0, max_iter=30, random_state=0)
    model = WarmStartRegressor(net, task=-1, learner=Reptile(5, meta_batch_size=6))
    with pytest.warns(ConvergenceWarning) as said:
        model.fit(TABLE, 1e6 * Y)
    assert any(
        "n_iter: learning stopped in iteration 1, where training diverged in all of 6" in str(w.message) for w in said
    )
    assert all(np.isfinite(array).all() for array in model.prior_.arrays) and model.learner_.n_iter_ == 0


@pytest.mark.parametrize(("early_stopping", "kept"), [(True, 2), (False, 3)])
def test_learning_that_diverges_later_keeps_the_best_start_or_the_last(early_stopping, kept):
    common = {"meta_batch_size": 6, "schedule": "constant", "early_stopping": early_stopping, "random_state": 0}
    trained, calls, scores = Collection.trained, [], iter([1.0, 3.0, 2.0])

    def overflows(past, parameters, codes, n_shots=None, pool=None):
        calls.append(codes)
        found, losses = trained(past, parameters, codes, n_shots, pool)
        return (found, losses) if len(calls) < 4 else ([None] * len(codes), losses)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Collection, "trained", overflows)
        patch.setattr("skmeta.neural_network._reptile.mean_score", lambda *_: next(scores))
        with pytest.warns(ConvergenceWarning, match="n_iter: learning stopped in iteration 4"):
            found = learned(NET, Reptile(9, **common)).prior_
        scores = iter(range(kept))
        calls.clear()
        wanted = learned(NET, Reptile(kept, **common)).prior_
    for one, other in zip(found.arrays, wanted.arrays, strict=True):
        assert_array_equal(one, other)


def test_inner_trainings_need_not_converge_and_say_nothing():
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        Reptile(2).learn(*_learning(NET))
        ParameterAverage().learn(*_learning(NET))
    assert said == []


def _learning(estimator):
    return estimator, Tasks(X, Y, TASK, np.arange(6))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"n_iter": 0}, "n_iter == 0, must be >= 1"),
        ({"meta_batch_size": 0}, "meta_batch_size == 0"),
        ({"meta_learning_rate": 0.0}, "meta_learning_rate == 0.0, must be > 0"),
        ({"meta_learning_rate": 2.0}, "meta_learning_rate == 2.0, must be <= 1"),
        ({"validation_fraction": 1.0}, "validation_fraction == 1.0, must be < 1"),
        ({"n_shots": 0}, "n_shots == 0"),
        ({"schedule": "cosine"}, "schedule: wanted one of"),
    ],
)
def test_parameters_out_of_range_are_named(changed, words):
    with pytest.raises(ValueError, match=words):
        learned(NET, Reptile().set_params(**changed))


@pytest.mark.parametrize(
    ("learner", "estimator"),
    [
        (Reptile(), Ridge()),
        (Reptile(), RandomForestRegressor(2)),
        (ParameterAverage(), RandomForestRegressor(2)),
        (ParameterAverage(), GaussianNB()),
    ],
    ids=lambda each: type(each).__name__,
)
def test_estimators_without_a_start_are_named(learner, estimator):
    name = type(estimator).__name__
    with pytest.raises(
        TypeError, match=f"learner: wanted one for {name}, found {type(learner).__name__}, which learns priors"
    ):
        learned(estimator, learner)


def test_fewer_than_two_classes_are_named():
    net, one = MLPClassifier(hidden_layer_sizes=(4,), random_state=0), np.full(72, "tall")
    with pytest.raises(
        ValueError, match="y: wanted at least two classes in the collection, found the one class 'tall'"
    ):
        WarmStartClassifier(net, task=-1, learner=Reptile(2)).fit(TABLE, one)
    tasks = Tasks(X, one, TASK, np.arange(6), classes=tuple(one[:1] for _ in range(6)))
    with pytest.raises(ValueError, match=r"y: wanted rows of two classes at least, found \['tall'\]; MLPClassifier"):
        Reptile(2).learn(net, tasks)


def test_tasks_may_have_different_labels_and_a_class_of_none_keeps_its_output():
    labels = np.where((LABELS == "tall") & (TASK > 2), "giant", LABELS)
    net = MLPClassifier(hidden_layer_sizes=(4,), solver="lbfgs", max_iter=5, random_state=0)
    model = WarmStartClassifier(net, task=-1, learner=Reptile(3, random_state=0)).fit(TABLE, labels)
    assert model.classes_.tolist() == ["giant", "low", "tall"]
    assert model.estimators_[0].classes_.tolist() == ["giant", "low", "tall"]
    assert model.predict_proba(TABLE).shape == (72, 3)


def test_behind_a_scaler_and_stored():
    pipeline = make_pipeline(StandardScaler(), NET)
    model = learned(pipeline, Reptile(3, random_state=0))
    plain = model.adapt(X[:5], Y[:5])
    assert [type(step).__name__ for step in plain.named_steps.values()] == ["StandardScaler", "MLPRegressor"]
    again = pickle.loads(pickle.dumps(model))
    assert_array_equal(again.predict(TABLE), model.predict(TABLE))
    skops = pytest.importorskip("skops.io")
    stored = skops.dumps(model.prior_)
    prior = skops.loads(stored, trusted=skops.get_untrusted_types(data=stored))
    assert_array_equal(prior.adapt(pipeline[-1], X[:5], Y[:5]).predict(X), plain.predict(X))


def test_lines_are_learned_from_four_points():
    """A net of ten units, ten steps of gradient descent, asked outside the points; benchmarks/starts_of_nets.py goes on."""
    rng = np.random.default_rng(0)
    slopes, task, x = rng.normal(0.0, 2.0, 40), np.repeat(np.arange(40), 10), rng.uniform(0.0, 5.0, 400)
    net = MLPRegressor(hidden_layer_sizes=10, solver="sgd", learning_rate_init=0.01, momentum=0.0, max_iter=10, alpha=0.0,
                       random_state=0)  # fmt: skip
    model = WarmStartRegressor(net, task=-1, learner=Reptile(160, meta_batch_size=1, random_state=0))
    model.fit(np.column_stack([x, task]), slopes[task] * x)
    points, new = np.array([[1.0], [2.0], [3.0], [4.0]]), np.arange(-3.0, 4.0)
    warm = [model.adapt(points, a * points.ravel()).predict([[5.0]]).item() for a in new]
    cold = [clone(net).fit(points, a * points.ravel()).predict([[5.0]]).item() for a in new]
    off_warm, off_cold = (np.abs(np.array(found) - 5.0 * new).mean() for found in (warm, cold))
    assert off_warm < off_cold / 3.0, (off_warm, off_cold)


@pytest.mark.parametrize(
    "estimator", [SGDClassifier(early_stopping=True), MLPClassifier(solver="sgd", early_stopping=True)]
)
def test_rows_too_few_to_hold_some_out_are_named(estimator):
    with pytest.raises(ValueError, match=r"early_stopping: wanted rows enough .* use early_stopping=False"):
        learned(estimator.set_params(validation_fraction=0.05, random_state=0), ParameterAverage())


@pytest.mark.quick
@pytest.mark.parametrize("n_rows", [1, 2, 5])
@pytest.mark.parametrize("net", [MLPRegressor, MLPClassifier])
def test_a_few_rows_of_a_new_task_cannot_stop_a_net_early(net, n_rows):
    own = net(hidden_layer_sizes=2, solver="sgd", early_stopping=True, max_iter=3, random_state=0)
    x = np.linspace(-1.0, 1.0, 40)[:, None]
    y = x.ravel() if net is MLPRegressor else np.where(np.arange(40) % 2, "up", "down")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # three epochs are few
        start = ParametersPrior.from_estimator(clone(own).fit(x, y))
    wanted = rf"early_stopping: wanted rows enough .* found {n_rows} rows.* use early_stopping=False"
    with pytest.raises(ValueError, match=wanted):
        start.adapt(own, x[:n_rows], y[:n_rows])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        start.adapt(own.set_params(early_stopping=False), x[:n_rows], y[:n_rows])


ODD = {
    "booleans": Y > 0.0,
    "below zero": np.where(Y > 0.0, 7, -5),
    "objects": LABELS.astype(object),
    "three, which tasks lack": np.array(["b", "a", "c"])[np.where(TASK == 1, 1, np.digitize(Y, [-1.0, 1.0]))],
}


@pytest.mark.parametrize("labels", ODD.values(), ids=list(ODD))
@varied(
    "estimator",
    [
        SGDClassifier(average=True),
        SGDClassifier(class_weight="balanced"),
        SGDClassifier(penalty=None, learning_rate="pa1", eta0=1.0),
        Perceptron(),
    ],
    ids=["averaged", "balanced", "passive-aggressive", "Perceptron"],
)
def test_labels_of_any_kind_keep_their_place(estimator, labels):
    estimator = estimator.set_params(random_state=0, max_iter=50)
    model = WarmStartClassifier(estimator, task=-1, learner=ParameterAverage()).fit(TABLE, labels)
    one = labels == labels[0]
    plain = model.adapt(X[one][:4], labels[one][:4])
    assert_array_equal(plain.classes_, np.unique(labels))
    assert_array_equal(model.prior_.zero_shot(estimator).coef_, model.prior_.parameters["coef_"])
    assert {*model.predict(TABLE)} <= {*labels}
