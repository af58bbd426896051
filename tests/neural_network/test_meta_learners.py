"""MAML, ANIL and Meta-SGD: what is learned serves the estimator's own training; draws, weights and bad input."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Ridge, SGDRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from variations import varied

from skmeta import ANIL, MAML, MetaSGD, WarmStartClassifier, WarmStartRegressor
from skmeta._inference.network_rows import task_table
from skmeta.neural_network import ParametersPrior
from skmeta.neural_network._episodes import Episodes
from skmeta.tasks import Tasks

pytestmark = [
    pytest.mark.filterwarnings("ignore:Stochastic Optimizer:sklearn.exceptions.ConvergenceWarning"),
]
LEARNERS = [MAML, ANIL, MetaSGD]
NET = MLPRegressor(
    hidden_layer_sizes=10,
    activation="tanh",
    solver="sgd",
    momentum=0.5,
    learning_rate_init=0.1,
    max_iter=5,
    random_state=0,
)


def lines(n_tasks=30, n_rows=12, seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    X = rng.uniform(-1.0, 1.0, (n_tasks * n_rows, 1)).astype(dtype)
    codes = np.repeat(np.arange(n_tasks), n_rows)
    y = (2.0 * rng.normal(size=n_tasks))[codes] * X[:, 0]
    return Tasks(X, y, codes, np.arange(n_tasks))


def labels_of(tasks, names):
    """Labels of lines: on which side of where a task's line crosses its columns."""
    places = np.digitize(tasks.y, np.linspace(-1.0, 1.0, len(names) + 1)[1:-1])
    y = np.asarray(names)[places]
    classes = tuple(np.unique(y[tasks.rows_of(code)]) for code in range(len(tasks)))
    return replace(tasks, y=y, classes=classes)


def mean_error(prior, net, tasks, n_shots=5):
    """Squared error of the other rows, after training on some; without a prior from the net's own first weights."""
    errors = []
    for X, y, _ in tasks:
        fit = clone(net).fit if prior is None else lambda X, y: prior.adapt(net, X, y)
        errors.append(np.mean((fit(X[:n_shots], y[:n_shots]).predict(X[n_shots:]) - y[n_shots:]) ** 2))
    return np.mean(errors)


@varied("learner", LEARNERS)
def test_few_epochs_serve_new_tasks_where_they_do_not_from_scratch(learner):
    quick = learner(n_inner_steps=5, n_iter=200, meta_learning_rate=0.01, early_stopping=False, random_state=0)
    prior = quick.learn(NET, lines())
    new = lines(seed=1)
    assert mean_error(prior, NET, new) < 0.2 * mean_error(None, NET, new)


LINE_NET = MLPRegressor(hidden_layer_sizes=10, solver="sgd", momentum=0.0, learning_rate_init=0.01, max_iter=10)


def line_at_five(learner, random_state):
    """What ten steps on four points of y = 2x say at x = 5: of a net that 200 lines taught, and from its own weights."""
    rng = np.random.default_rng(random_state)
    codes, X = np.repeat(np.arange(200), 20), rng.uniform(0.0, 5.0, (4000, 1))
    past = Tasks(X, 2.0 * rng.normal(size=200)[codes] * X[:, 0], codes, np.arange(200))
    net = clone(LINE_NET).set_params(random_state=random_state)
    points = np.arange(1.0, 5.0)[:, None]
    warm = learner.set_params(random_state=random_state).learn(net, past).adapt(net, points, 2.0 * points[:, 0])
    cold = clone(net).fit(points, 2.0 * points[:, 0])
    return warm.predict([[5.0]]).item(), cold.predict([[5.0]]).item()


def of_lines(learner, meta_learning_rate):
    return learner(10, n_iter=1000, meta_learning_rate=meta_learning_rate, early_stopping=False)


def test_four_points_and_ten_steps_tell_a_line():
    """Of these first weights one of ten units is active at most of the points."""
    warm, cold = line_at_five(of_lines(ANIL, 0.03), 2)
    assert abs(warm - 10.0) < 0.1 and abs(cold - 10.0) > 3.0


@pytest.mark.statistics
@pytest.mark.parametrize(("learner", "meta_learning_rate"), [(ANIL, 0.03), (MetaSGD, 0.01)])
def test_lines_are_told_whatever_the_random_state(learner, meta_learning_rate):
    found = np.array([line_at_five(of_lines(learner, meta_learning_rate), state) for state in range(10)])
    assert np.sum(np.abs(found[:, 0] - 10.0) < 0.1) >= 9, found
    assert np.sum(np.abs(found[:, 1] - 10.0) < 0.1) == 0


@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_held_out_loss_is_that_of_the_estimators_own_training(solver):
    """The whole way, from rows to a judge's number, against nets that scikit-learn has trained."""
    tasks = lines(n_tasks=12)
    net = clone(NET).set_params(solver=solver, alpha=0.1, max_iter=3, shuffle=False)
    learner = MAML(n_inner_steps=3, n_iter=1, n_shots=6, random_state=0)
    learner.learn(net, tasks)
    begin = MLPRegressor(**net.get_params()).set_params(solver="sgd", learning_rate_init=1e-300).fit(tasks.X, tasks.y)
    start = ParametersPrior.from_estimator(begin)
    seen = []

    class Spy(Episodes):
        def split(self, codes):
            seen.append(super().split(codes))
            return seen[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("skmeta.neural_network._maml.Episodes", Spy)
        learner.learn(net, tasks)
    losses = []
    for support, query in seen[:3]:  # of three folds, whose tasks judge once each
        for X, Y, Xq, Yq, share in zip(support.X, support.Y, query.X, query.Y, query.share, strict=True):
            model = start.adapt(net, X[:, :-1], Y[:, 0])
            losses.append(0.5 * np.sum(share[:, 0] * (model.predict(Xq[:, :-1]) - Yq[:, 0]) ** 2))
    assert len(losses) == 12
    assert_allclose(learner.loss_curve_[0], np.sum(losses) / 3.0, rtol=1e-12)


@pytest.mark.parametrize("names", [["no", "yes"], ["high", "low", "middle"]])
@varied("learner", LEARNERS)
def test_classifiers_of_two_classes_and_more(learner, names):
    tasks = labels_of(lines(n_tasks=50), names)
    net = MLPClassifier(**_classifier_parameters())
    learner = learner(n_inner_steps=3, n_iter=200, meta_learning_rate=0.01, random_state=0)
    prior = learner.learn(net, tasks)
    assert_array_equal(prior.classes, sorted(names))
    assert learner.loss_curve_.min() < 0.9 * learner.loss_curve_[0]
    model = prior.adapt(net, tasks.X[:12], tasks.y[:12])
    assert type(model) is MLPClassifier
    assert_allclose(model.predict_proba(tasks.X[:3]).sum(axis=1), 1.0)


def _classifier_parameters():
    """Of the same net; log-loss is flatter than squared errors, and takes longer steps."""
    parameters = NET.get_params() | {"learning_rate_init": 1.0}
    parameters.pop("loss")
    return parameters


def test_counts():
    tasks = lines()
    tasks = replace(tasks, y=np.random.default_rng(0).poisson(np.exp(0.5 * tasks.y)).astype(float))
    net = clone(NET).set_params(loss="poisson", learning_rate_init=0.02)
    learner = MAML(n_inner_steps=2, n_iter=100, meta_learning_rate=0.01, random_state=0)
    assert learner.learn(net, tasks).out_activation == "exp"
    assert learner.loss_curve_.min() < learner.loss_curve_[0]


def test_last_layers_alone_are_trained_by_anil():
    tasks = lines()
    prior = ANIL(n_inner_steps=2, n_iter=50, random_state=0).learn(NET, tasks)
    model = prior.adapt(NET, tasks.X[:6], tasks.y[:6])
    assert_array_equal(model.coefs_[0], prior.parameters["coefs_0"])
    assert_array_equal(model.intercepts_[0], prior.parameters["intercepts_0"])
    assert np.all(model.coefs_[1] != prior.parameters["coefs_1"])


def test_meta_sgd_learns_steps_and_its_first_are_the_estimators():
    tasks = lines()
    learner = MetaSGD(n_inner_steps=2, n_iter=50, meta_learning_rate=0.01, early_stopping=False, random_state=0)
    prior = learner.learn(NET, tasks)
    sizes = np.concatenate([size.ravel() for size in prior.step_sizes])
    assert np.all(sizes != 0.1) and np.all(np.abs(sizes - 0.1) <= 0.1 * 50 * 0.01)  # Adam steps by its rate at most
    tiny = {"meta_learning_rate": 1e-12, "n_inner_steps": 2, "n_iter": 1, "random_state": 0}
    found = [learner(**tiny).learn(NET, tasks) for learner in (MAML, MetaSGD)]
    models = [prior.adapt(clone(NET).set_params(shuffle=False), tasks.X[:6], tasks.y[:6]) for prior in found]
    assert_allclose(models[0].predict(tasks.X), models[1].predict(tasks.X), rtol=1e-8)


@varied("learner", LEARNERS)
def test_the_same_random_state_gives_the_same_answer(learner):
    found = [learner(n_inner_steps=2, n_iter=20, random_state=3).learn(NET, lines()) for _ in range(2)]
    for one, other in zip(found[0].arrays, found[1].arrays, strict=True):
        assert_array_equal(one, other)
    another = learner(n_inner_steps=2, n_iter=20, random_state=4).learn(NET, lines())
    assert not np.array_equal(another.arrays[0], found[0].arrays[0])


@varied("learner", LEARNERS)
def test_learning_goes_on_from_a_prior(learner):
    """Steps too small to move say where it began."""
    past = learner(n_inner_steps=2, n_iter=30, random_state=0).learn(NET, lines())
    on = learner(n_inner_steps=2, n_iter=1, meta_learning_rate=1e-300, random_state=1).learn(NET, lines(seed=1), past)
    for one, other in zip([*past.arrays, *past.step_sizes], [*on.arrays, *on.step_sizes], strict=True):
        assert_allclose(one, other, rtol=1e-14)
    assert on.n_tasks == 60 and on.n_rows == 720


def test_steps_that_were_learned_stay_when_starts_alone_are_learned_on():
    past = MetaSGD(n_inner_steps=2, n_iter=30, random_state=0).learn(NET, lines())
    on = MAML(n_inner_steps=2, n_iter=30, random_state=1).learn(NET, lines(seed=1), past)
    for one, other in zip(past.step_sizes, on.step_sizes, strict=True):
        assert_allclose(one, other, rtol=1e-14)
    assert np.all(past.arrays[0] != on.arrays[0])


def test_rows_may_be_sparse_or_of_single_precision():
    tasks = lines()
    learner = MAML(n_inner_steps=2, n_iter=20, random_state=0)
    dense = learner.learn(NET, tasks)
    sparsely = learner.learn(NET, replace(tasks, X=sparse.csr_array(tasks.X)))
    single = learner.learn(NET, replace(tasks, X=tasks.X.astype(np.float32)))
    for one, other, third in zip(dense.arrays, sparsely.arrays, single.arrays, strict=True):
        assert_array_equal(one, other)
        assert_allclose(one, third, atol=1e-4)
    assert single.arrays[0].dtype == np.float32


@pytest.mark.parametrize("names", [None, ["high", "low", "middle"]])
def test_the_order_of_rows_changes_nothing(names):
    tasks, net = lines(), NET
    if names is not None:
        tasks, net = labels_of(tasks, names), MLPClassifier(**_classifier_parameters())
    tasks = replace(tasks, sample_weight=np.random.default_rng(1).uniform(0.5, 2.0, 360))
    order = np.random.default_rng(0).permutation(360)
    mixed = replace(
        tasks, X=tasks.X[order], y=tasks.y[order], codes=tasks.codes[order], sample_weight=tasks.sample_weight[order]
    )
    learner = MAML(n_inner_steps=2, n_iter=20, random_state=0)
    for one, other in zip(learner.learn(net, tasks).arrays, learner.learn(net, mixed).arrays, strict=True):
        assert_allclose(one, other, rtol=1e-12)


def test_tasks_and_rows_that_weigh_nothing_say_nothing():
    tasks, other = lines(), lines(seed=5)
    weight = np.where(np.arange(30) < 15, 1.0, 0.0)
    found = [
        MAML(n_inner_steps=2, n_iter=20, random_state=0).learn(NET, replace(tasks, task_weight=weight, y=y))
        for y in (tasks.y, np.where(tasks.codes < 15, tasks.y, 7.0 * other.y))
    ]
    assert_array_equal(found[0].arrays[0], found[1].arrays[0])
    of_rows = np.where(np.arange(360) % 12 < 8, 1.0, 0.0)
    found = [
        MAML(n_inner_steps=2, n_iter=20, random_state=0).learn(NET, replace(tasks, sample_weight=of_rows, y=y))
        for y in (tasks.y, np.where(of_rows > 0.0, tasks.y, 7.0))
    ]
    assert_array_equal(found[0].arrays[0], found[1].arrays[0])


def test_the_unit_of_weights_changes_nothing():
    tasks = lines()
    weight = np.random.default_rng(0).uniform(0.5, 2.0, 360)
    net = clone(NET).set_params(alpha=0.1)
    found = [
        MAML(n_inner_steps=2, n_iter=20, random_state=0).learn(net, replace(tasks, sample_weight=unit * weight))
        for unit in (1.0, 100.0)
    ]
    assert_allclose(found[0].arrays[0], found[1].arrays[0], rtol=1e-9)


@pytest.mark.quick
def test_episodes_split_each_task_in_two():
    counts = np.array([6, 1, 3, 9, 4, 5])
    X = np.arange(28.0)[:, None]
    table = task_table(X, X, np.ones(28), np.r_[0, np.cumsum(counts)])
    episodes = Episodes(table, np.array([1.0, 1, 1, 2, 0, 1]), 4, 0.25, np.random.default_rng(0))
    codes = np.array([0, 2, 3])
    support, query = episodes.split(codes)
    assert_array_equal(support.counts, [4, 2, 4])  # all but one of a task that has no more
    assert_array_equal(query.counts, [2, 1, 5])
    assert_allclose(query.share.sum(axis=(1, 2)), [0.25, 0.25, 0.5])
    for task, code in enumerate(codes):
        drawn = [part.Y[task, part.share[task, :, 0] > 0, 0] for part in (support, query)]
        assert_array_equal(np.sort(np.concatenate(drawn)), np.arange(28.0)[table.starts[code] : table.starts[code + 1]])


def episodes_of(n_tasks, held_out=0.1):
    X = np.arange(2.0 * n_tasks)[:, None]
    table = task_table(X, X, np.ones(2 * n_tasks), 2 * np.arange(n_tasks + 1))
    return Episodes(table, np.ones(n_tasks), None, held_out, np.random.default_rng(0))


@pytest.mark.quick
def test_some_of_many_tasks_are_held_out():
    episodes = episodes_of(50)
    (teach,), (held_out,) = episodes.teach, episodes.held_out
    assert_array_equal(np.sort([*teach, *held_out]), np.arange(50))
    assert len(held_out) == 5


@pytest.mark.quick
@pytest.mark.parametrize("n_tasks", [2, 3, 4, 44])
def test_of_few_tasks_all_teach_and_each_is_held_out_once(n_tasks):
    episodes = episodes_of(n_tasks)
    kept, *others = episodes.teach
    assert_array_equal(kept, np.arange(n_tasks))
    assert_array_equal(np.sort(np.concatenate(episodes.held_out)), np.arange(n_tasks))
    for teach, held_out in zip(others, episodes.held_out, strict=True):
        assert_array_equal(np.sort([*teach, *held_out]), np.arange(n_tasks))
        assert len(teach)


@pytest.mark.quick
@pytest.mark.parametrize(("n_tasks", "held_out"), [(1, 0.1), (50, 0.0)])
def test_a_single_task_or_none_asked_for_is_not_held_out(n_tasks, held_out):
    episodes = episodes_of(n_tasks, held_out)
    assert len(episodes.teach) == 1 and len(episodes.teach[0]) == n_tasks and not episodes.held_out


def test_the_start_that_all_of_few_tasks_teach_is_kept_as_it_was_where_folds_are_best():
    learner = MAML(2, n_iter=300, n_iter_no_change=30, meta_learning_rate=0.01, schedule="constant", random_state=0)
    way = []

    class Spy(Episodes):
        def objective(self, starts, gradient, size):
            way.append(np.split(starts, 4)[0])
            return super().objective(starts, gradient, size)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("skmeta.neural_network._maml.Episodes", Spy)
        prior = learner.learn(NET, lines(n_tasks=6, n_rows=6))
    assert 0 < learner.best_iter_ < learner.n_iter_ < 300
    kept = np.concatenate([array.ravel() for array in prior.arrays])
    assert_array_equal(np.sort(kept), np.sort(way[learner.best_iter_]))


@pytest.mark.quick
@pytest.mark.parametrize("learner", LEARNERS)
def test_tasks_of_one_row_teach_no_start(learner):
    """Weights drawn at random are no prior."""
    words = rf"task: wanted one with two rows at least for {learner.__name__}, .*found 1 .*Reptile\(\)"
    with pytest.raises(ValueError, match=words):
        learner(n_iter=5, random_state=0).learn(NET, lines(n_rows=1))


@varied("learner", LEARNERS)
def test_what_diverges_at_once_leaves_the_start(learner):
    tasks = lines()
    net = clone(NET).set_params(activation="identity", learning_rate_init=1e6)
    wanted = r"iteration 1, where training diverged .* with a loss of (inf|nan)"
    with pytest.warns(ConvergenceWarning, match=wanted) as said:
        prior = learner(n_inner_steps=60, n_iter=5, random_state=0).learn(net, tasks)
    assert {each.filename for each in said} == {__file__}
    for one, other in zip(prior.arrays, first_weights(net), strict=True):
        assert_allclose(one, other, rtol=1e-14)


@varied("learner", LEARNERS)
def test_what_diverges_later_ends_with_the_best_start(learner):
    """A meta-step that is much too large leads to weights that overflow, which held-out tasks see."""
    net = clone(NET).set_params(activation="identity")
    with pytest.warns(ConvergenceWarning, match="iteration 2, .* the start of iteration 0 "):
        prior = learner(n_inner_steps=60, n_iter=5, meta_learning_rate=1e3, random_state=0).learn(net, lines())
    for one, other in zip(prior.arrays, first_weights(net), strict=True):
        assert_allclose(one, other, rtol=1e-14)


@pytest.mark.quick
@varied("learner", LEARNERS)
def test_a_step_that_leads_astray_is_said(learner):
    net = clone(NET).set_params(activation="relu", learning_rate_init=5.0)
    with pytest.warns(
        ConvergenceWarning, match=r"learning_rate_init: wanted inner steps .* after 1 of them .* smaller"
    ):
        learner(1, n_iter=3, random_state=0).learn(net, lines())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        learner(1, n_iter=3, random_state=0).learn(clone(net).set_params(learning_rate_init=0.1), lines())


@pytest.mark.quick
@pytest.mark.parametrize("n_shots", [11, 12, 50])
def test_more_shots_than_any_task_has_are_named(n_shots):
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        MAML(n_shots=n_shots, n_iter=1, random_state=0).learn(NET, lines())
    wanted = [f"n_shots: wanted fewer than some task has rows, found {n_shots}, where the largest has 12"]
    assert [str(each.message).partition(";")[0] for each in said] == (wanted if n_shots > 11 else [])
    assert all(each.filename == __file__ for each in said)


def first_weights(net):
    """Those that a net draws for itself."""
    tasks = lines()
    begin = clone(net).set_params(learning_rate_init=1e-300).fit(tasks.X, tasks.y)
    return [*begin.coefs_, *begin.intercepts_]


def test_solvers_that_no_gradient_goes_through_are_refused():
    with pytest.raises(ValueError, match=r"solver: wanted 'sgd' or 'adam' for MAML, found 'lbfgs'; .*Reptile\(\)"):
        MAML().learn(clone(NET).set_params(solver="lbfgs"), lines())
    for learner in (ANIL, MetaSGD):
        with pytest.raises(ValueError, match=f"solver: wanted 'sgd' for {learner.__name__}, found 'adam'"):
            learner().learn(clone(NET).set_params(solver="adam"), lines())


@pytest.mark.parametrize("estimator", [Ridge(), SGDRegressor()])
def test_other_estimators_are_refused(estimator):
    tasks = lines()
    with pytest.raises(TypeError, match="found MAML, which is for MLPRegressor and MLPClassifier"):
        WarmStartRegressor(estimator, task=-1, learner=MAML()).fit(np.column_stack([tasks.X, tasks.codes]), tasks.y)


@pytest.mark.quick
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n_inner_steps", 0),
        ("n_iter", 0),
        ("meta_batch_size", 0),
        ("meta_learning_rate", 0.0),
        ("schedule", "linear"),
        ("n_shots", 0),
        ("validation_fraction", 1.0),
        ("n_iter_no_change", 0),
    ],
)
def test_parameters_out_of_range_are_named(name, value):
    with pytest.raises(ValueError, match=name):
        MAML(**{name: value}).learn(NET, lines())


def test_in_the_shells():
    tasks = lines()
    table = np.column_stack([tasks.X, tasks.codes])
    learner = MAML(n_inner_steps=5, n_iter=100, meta_learning_rate=0.01, early_stopping=False, random_state=0)
    model = WarmStartRegressor(NET, task=-1, learner=learner).fit(table, tasks.y)
    assert type(model.prior_) is ParametersPrior and model.learner_.n_iter_ == 100
    new = lines(seed=1)
    adapted = WarmStartRegressor(NET, prior=model.prior_).fit(new.X[:5], new.y[:5])
    assert type(adapted.estimator_) is MLPRegressor
    labels = labels_of(tasks, ["no", "yes"])
    net = MLPClassifier(**_classifier_parameters())
    fitted = WarmStartClassifier(net, task=-1, learner=learner).fit(table, labels.y)
    assert fitted.score(table, labels.y) > 0.8


def test_progress_is_told():
    said = []
    MAML(n_iter=200, early_stopping=False, random_state=0).learn(NET, lines(), progress=lambda *now: said.append(now))
    assert said == [(k, 100) for k in range(1, 101)]


def test_nothing_is_said_of_a_run_that_goes_well():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        MAML(n_iter=5, random_state=0).learn(NET, lines())
