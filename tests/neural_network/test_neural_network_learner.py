"""Nets by default: held-out tasks choose between a start and one net for all, corrected."""

import warnings
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.linear_model import Ridge
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmeta import MAML, NeuralNetworkLearner, ParameterAverage, Reptile, WarmStartClassifier, WarmStartRegressor
from skmeta.base import learner_for
from skmeta.base._parts_of_work import PartsOfWork
from skmeta.compose import OwnModelPrior, first_component
from skmeta.fallback import SharedModel, SharedModelPrior
from skmeta.neural_network import ParametersPrior, _comparison, _start_or_own_net
from skmeta.neural_network._comparison import Compared, Fallback, Starts
from skmeta.neural_network._fitting_learner import fitting_learner
from skmeta.neural_network._start_or_own_net import StartOrOwnNet, start_or_own_net
from skmeta.tasks import Tasks
from skmeta.tasks._class_rates import drawn_by_class

pytestmark = [pytest.mark.filterwarnings("ignore:lbfgs failed to converge:sklearn.exceptions.ConvergenceWarning")]
NET = MLPRegressor(hidden_layer_sizes=(8,), activation="tanh", solver="lbfgs", max_iter=15, random_state=0)


def tables(shape, n_tasks=16, n_rows=20, noise=0.05):
    """Tasks on a line: ``shape(x, t)`` with a number ``t`` of each task."""
    rng = np.random.default_rng(0)
    task, x = np.repeat(np.arange(n_tasks), n_rows), rng.uniform(-2.0, 2.0, n_tasks * n_rows)
    y = shape(x, rng.normal(size=n_tasks)[task]) + noise * rng.normal(size=len(x))
    return np.column_stack([x, task]), y


@pytest.mark.quick
def test_it_is_what_nets_are_learned_by():
    for net in (MLPRegressor(), MLPClassifier()):
        assert isinstance(learner_for(net), NeuralNetworkLearner)


def test_tasks_that_bend_each_their_own_way_get_a_start():
    table, y = tables(lambda x, t: np.sin(3.0 * x + 3.0 * t))
    model = WarmStartRegressor(NET, task=-1, learner=NeuralNetworkLearner(n_iter=40)).fit(table, y)
    learner = model.learner_
    assert learner.chosen_ in ("all rows", "Reptile") and isinstance(model.prior_, StartOrOwnNet)
    assert learner.scores_[learner.chosen_] > learner.scores_["fallback"]
    plain = model.adapt(table[:10, :1], y[:10])
    assert type(plain) is MLPRegressor and plain.get_params() == NET.get_params()


def test_one_net_for_all_and_a_level_of_each_is_the_fallbacks():
    table, y = tables(lambda x, t: np.sin(3.0 * x) + t, n_tasks=10, n_rows=12, noise=0.5)
    net = clone(NET).set_params(max_iter=50)  # trained on ten rows until it follows their noise
    learner, told, on = NeuralNetworkLearner(n_iter=3), [], []
    prior = learner.learn(net, _tasks(table, y), progress=lambda *now: told.append(now))
    assert learner.chosen_ == "fallback" and isinstance(first_component(prior), SharedModelPrior)
    known = learner.scores_
    assert known["fallback"] > known["all rows"] and list(known) == ["fallback", "all rows", "Reptile"]
    assert not hasattr(learner, "learner_") and _is_one_line(told)
    more = learner.learn(net, _tasks(table, y), prior, progress=lambda *now: on.append(now))
    assert isinstance(first_component(more), SharedModelPrior) and on


def _is_one_line(told):
    """Whether progress has one end, goes on, and comes there."""
    done, total = zip(*told, strict=True)
    return len(set(total)) == 1 and list(done) == sorted(done) and done[-1] == total[-1]


@pytest.mark.quick
def test_a_part_of_the_tasks_has_as_many_passes():
    moves = Reptile(8)
    assert Starts(NET, moves, None, True)._of_part(0.5).moves.n_iter == 4 and moves.n_iter == 8
    given = ParameterAverage()
    assert Starts(NET, given, None, False)._of_part(0.5).moves is given


@pytest.mark.quick
@pytest.mark.parametrize(
    ("all_rows", "moved", "fallback", "asked"),
    [
        (1.0, 2.0, 0.0, ["all rows", "Reptile", "all rows", "Reptile"]),
        (1.0, 0.5, 0.0, ["all rows", "Reptile", "all rows"]),  # moved, it fell behind in the first half
        (1.0, 2.0, 3.0, ["all rows"]),  # the fallback gains: nothing is moved, and there is no second half
    ],
)
def test_what_falls_behind_in_one_half_is_not_asked_in_the_other(monkeypatch, all_rows, moved, fallback, asked):
    tasks, known, seen = _tasks(*tables(lambda x, t: x, n_tasks=8)), {"all rows": all_rows, "Reptile": moved}, []
    monkeypatch.setattr(Starts, "on_all_rows", lambda *_: "all rows")
    monkeypatch.setattr(Starts, "moved_on", lambda *_: "Reptile")

    def scores_of(start, estimator, some, n_jobs):
        seen.append(start)
        return np.full(len(some), known[start])

    monkeypatch.setattr(_comparison, "scores_of", scores_of)
    found = Starts(NET, Reptile(2), None, True).compared(tasks, np.full(8, fallback), PartsOfWork(None, 4))
    assert seen == asked
    assert found.choice == max({"fallback": fallback, **known}.items(), key=lambda pair: pair[1])[0]


@pytest.mark.quick
def test_a_start_without_comparison_and_its_learning_on():
    table, y = tables(lambda x, t: np.abs(x) * t, n_tasks=6)
    learner = NeuralNetworkLearner(n_iter=2, compare_with_fallback=False)
    model = WarmStartRegressor(NET, task=-1, learner=learner).fit(table, y)
    assert set(model.learner_.scores_) == {"all rows", "Reptile"} and first_component(model.prior_).n_tasks == 6
    on = WarmStartRegressor(NET, task=-1, prior=model.prior_, learner=learner).fit(table, y)
    assert isinstance(on.prior_, StartOrOwnNet) and first_component(on.prior_).n_tasks == 12
    assert not hasattr(on.learner_, "scores_") and not hasattr(on.learner_, "chosen_")


@pytest.mark.quick
def test_training_on_all_rows_is_the_nets_own():
    table, y = tables(lambda x, t: np.abs(x) * t, n_tasks=6)
    prior = Starts(NET, Reptile(1), None, True).on_all_rows(_tasks(table, y))
    pooled = MLPRegressor(**NET.get_params()).fit(table[:, :1], y)
    for one, other in zip(prior.arrays, [*pooled.coefs_, *pooled.intercepts_], strict=True):
        assert_allclose(one, other, rtol=0, atol=1e-13)


def _tasks(table, y):
    return Tasks(table[:, :1], y, table[:, 1].astype(np.intp), np.unique(table[:, 1]))


def _opposed(law):
    """Eight tasks of which the last four follow the opposite law and weigh nothing, and the first four alone."""
    table, y = tables(law, n_tasks=8)
    all_of_them = _tasks(table, np.where(table[:, 1] < 4, y, -y))
    return replace(all_of_them, task_weight=np.repeat([1.0, 0.0], 4)), all_of_them.take(np.arange(4))


@pytest.mark.quick
def test_tasks_of_weight_zero_have_no_say_in_a_start():
    weighed, alone = _opposed(lambda x, t: 3.0 * np.abs(x) + t)
    for learner in (Reptile(2, early_stopping=True), ParameterAverage()):
        for after_all_rows in (True, False):
            starts = Starts(NET, clone(learner), None, after_all_rows)
            found, wanted = (starts.learned(starts.names[-1], tasks) for tasks in (weighed, alone))
            for one, other in zip(found.arrays, wanted.arrays, strict=True):
                assert_array_equal(one, other)


@pytest.mark.quick
def test_a_task_of_weight_two_is_as_one_that_is_there_twice():
    table, y = tables(lambda x, t: 3.0 * np.abs(x) + t, n_tasks=3)
    net, tasks = clone(NET).set_params(alpha=0.0), _tasks(table, y)
    twice = tasks.take(np.array([0, 1, 2, 2]))
    found, wanted, scaled = (
        Starts(net, Reptile(1), None, True).on_all_rows(each).arrays[0]
        for each in (
            replace(tasks, task_weight=np.array([1.0, 1.0, 2.0])),
            replace(twice, ids=np.arange(4)),
            replace(tasks, task_weight=np.array([7.0, 7.0, 14.0])),
        )
    )
    assert_allclose(found, wanted, rtol=1e-6)
    assert_array_equal(found, scaled)


@pytest.mark.quick
def test_tasks_of_weight_zero_have_no_say_in_the_comparison():
    weighed, alone = _opposed(lambda x, t: 3.0 * np.abs(x) + t)
    starts, parts = Starts(NET, Reptile(2), None, True), PartsOfWork(None, 4)
    fallback = np.array([-0.3, -9.0, -0.1, -9.0])
    found = starts.compared(weighed, np.concatenate([fallback, np.full(4, 9.0)]), parts)
    wanted = starts.compared(alone, fallback, parts)
    assert found.choice == wanted.choice and found.means == wanted.means
    assert all(np.isnan(each[4:]).all() for each in found.scores.values())


@pytest.mark.quick
def test_scores_count_by_the_weights_of_tasks():
    scores = {"fallback": np.array([0.0, 0.0, np.nan, 0.0]), "all rows": np.array([1.0, -1.0, np.nan, -1.0])}
    found = Compared(scores, np.array([9.0, 1.0, 5.0, 0.0]))
    assert found.means == {"fallback": 0.0, "all rows": pytest.approx(0.8)}
    assert found.choice == "all rows" and Compared(scores).choice == "fallback"


@pytest.mark.variations
def test_classifiers_behind_a_scaler():
    table, y = tables(lambda x, t: x * np.sign(t), n_rows=10)
    labels = np.where(y > 0.0, "up", "down")
    net = MLPClassifier(hidden_layer_sizes=(4,), solver="lbfgs", max_iter=10, random_state=0)
    model = WarmStartClassifier(make_pipeline(StandardScaler(), net), task=-1, learner=NeuralNetworkLearner(n_iter=10))
    model.fit(table, labels)
    assert model.score(table, labels) > 0.9  # half of the tasks go the other way
    assert model.learner_.chosen_ in model.learner_.scores_


@pytest.mark.quick
@pytest.mark.parametrize("n_tasks", [2, 3])
def test_few_tasks_have_none_to_ask(n_tasks):
    table, y = tables(lambda x, t: x + t, n_tasks=n_tasks, n_rows=6)
    model = WarmStartRegressor(NET, task=-1, learner=NeuralNetworkLearner(n_iter=1, compare_with_fallback=False))
    assert np.isnan([*model.fit(table, y).learner_.scores_.values()]).all()
    assert model.learner_.chosen_ == "all rows" and np.isfinite(model.predict(table)).all()


@pytest.mark.quick
def test_it_is_repeated_and_says_nothing_of_its_inner_trainings():
    table, y = tables(lambda x, t: np.abs(x) * t, n_tasks=6)
    learner = NeuralNetworkLearner(n_iter=2, compare_with_fallback=False, random_state=0)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        one, two = (learner.learn(NET, _tasks(table, y)) for _ in range(2))
    assert said == []
    for a, b in zip(first_component(one).arrays, first_component(two).arrays, strict=True):
        assert_array_equal(a, b)
    with pytest.raises(ValueError, match="n_iter == 0"):
        NeuralNetworkLearner(0).learn(NET, _tasks(table, y))


@pytest.mark.quick
@pytest.mark.parametrize(
    ("wanted", "changed"),
    [
        (MAML, {"solver": "sgd", "max_iter": 10}),
        (MAML, {"solver": "adam", "max_iter": 3, "batch_size": 20}),
        (Reptile, {"solver": "sgd", "max_iter": 11}),
        (Reptile, {"solver": "adam", "max_iter": 200}),
        (Reptile, {"solver": "lbfgs", "max_iter": 3}),
        (Reptile, {"solver": "sgd", "max_iter": 3, "batch_size": 19}),
        (Reptile, {"solver": "sgd", "max_iter": 3, "early_stopping": True}),
    ],
)
def test_auto_is_the_learner_of_the_nets_own_training(wanted, changed):
    tasks = _tasks(*tables(lambda x, t: x + t, n_tasks=4))
    net = clone(NET).set_params(**changed)
    found = fitting_learner(net, tasks, 7, random_state=3)
    assert type(found) is wanted and found.random_state == 3
    if wanted is MAML:
        assert found.n_inner_steps == net.max_iter and found.n_iter == 140
        assert found.first_order == (net.solver == "adam")
        one_row = _tasks(*tables(lambda x, t: x + t, n_tasks=4, n_rows=1))
        assert type(fitting_learner(net, one_row, 7)) is Reptile  # nothing to part in shots and query
    else:
        assert found.n_iter == 7


def test_few_steps_of_descent_are_learned_through():
    table, y = tables(lambda x, t: t * np.abs(x), n_tasks=8, noise=0.0)
    net = MLPRegressor(hidden_layer_sizes=(10,), solver="sgd", learning_rate_init=0.1, max_iter=5, random_state=0)
    learner = NeuralNetworkLearner(5, compare_with_fallback=False, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # five epochs are few, as is meant
        model = WarmStartRegressor(net, task=-1, learner=learner).fit(table, y)
    found = model.learner_
    assert found.chosen_ == "MAML" and isinstance(found.learner_, MAML) and found.learner_.n_iter_ > 0
    assert found.scores_["MAML"] > found.scores_["all rows"]


@pytest.mark.quick
def test_a_learner_that_is_given_learns_the_start_as_it_does_alone():
    tasks = _tasks(*tables(lambda x, t: np.abs(x) * t, n_tasks=6))
    given = ParameterAverage(random_state=0)
    learner = NeuralNetworkLearner(compare_with_fallback=False, learner=given)
    found, alone = first_component(learner.learn(NET, tasks)), given.learn(NET, tasks)
    assert list(learner.scores_) == ["ParameterAverage"] and learner.chosen_ == "ParameterAverage"
    for one, other in zip(found.arrays, alone.arrays, strict=True):
        assert_array_equal(one, other)
    with pytest.raises(ValueError, match=r"solver: wanted 'sgd' or 'adam' for MAML, found 'lbfgs'; .* use Reptile"):
        NeuralNetworkLearner(learner=MAML()).learn(NET, tasks)


def test_two_fits_are_as_the_second_alone():
    bent, level = (_tasks(*tables(law, n_tasks=6, n_rows=8)) for law in (lambda x, t: t * x, lambda x, t: x + 9.0 * t))
    used, fresh = (NeuralNetworkLearner(n_iter=1, random_state=0) for _ in range(2))
    start = used.set_params(compare_with_fallback=False).learn(NET, bent)
    assert used.has_seen(bent) and hasattr(used, "chosen_")
    used.set_params(compare_with_fallback=True)
    for learner in (used, fresh):
        learner.learn(NET, level)
    assert used.chosen_ == fresh.chosen_ == "fallback"
    assert [*used.scores_.items()][:2] == [*fresh.scores_.items()][:2]
    assert vars(used).keys() == vars(fresh).keys() and not used.has_seen(bent)
    used.learn(NET, bent, start)
    assert vars(used).keys() == vars(NeuralNetworkLearner()).keys()


@pytest.mark.quick
def test_progress_is_told_in_one_line_of_numbers():
    tasks, told, on = _tasks(*tables(lambda x, t: np.abs(x) * t, n_tasks=6, n_rows=6)), [], []
    learner = NeuralNetworkLearner(n_iter=8, compare_with_fallback=False)
    prior = learner.learn(NET, tasks, progress=lambda *now: told.append(now))
    assert _is_one_line(told) and len(told) > 4
    learner.learn(NET, tasks, prior, progress=lambda *now: on.append(now))
    assert on


@pytest.mark.quick
def test_what_progress_raises_ends_learning():
    tasks = _tasks(*tables(lambda x, t: np.abs(x) * t, n_tasks=6))
    learner = NeuralNetworkLearner(n_iter=4, compare_with_fallback=False)
    learner.learn(NET, tasks)

    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        learner.learn(NET, tasks, progress=stop)
    assert not hasattr(learner, "chosen_") and not learner.has_seen(tasks)


@pytest.mark.quick
@pytest.mark.filterwarnings("ignore:.*encountered in:RuntimeWarning", "ignore:Stochastic Optimizer")  # of scikit-learn
def test_steps_that_are_much_too_large_for_all_rows_are_named():
    tasks = _tasks(*tables(lambda x, t: x + t, n_tasks=4, n_rows=6))
    net = MLPRegressor(hidden_layer_sizes=4, solver="sgd", learning_rate_init=1e5, max_iter=200, random_state=0)
    with pytest.raises(ValueError, match=r"learning_rate_init: wanted steps .*found 100000.0, .*set a smaller one"):
        NeuralNetworkLearner(1).learn(net, tasks)


@pytest.mark.quick
def test_the_fallback_is_what_its_learner_learns_whatever_the_unit_of_weights(monkeypatch):
    monkeypatch.setattr(_comparison, "SharedModel", partial(SharedModel, None, max_rounds=1))
    tasks = _tasks(*tables(lambda x, t: x + 9.0 * t, n_tasks=4, n_rows=6))
    weight, unlabelled = np.where(np.arange(24) % 6 == 1, 0.0, 7.0), np.arange(24) % 6 != 2
    tasks = replace(tasks, sample_weight=weight, labelled=unlabelled)
    net, learner = Ridge(), SharedModel(None, max_rounds=1)
    found = Fallback(net, tasks, None, None)
    one, other = found.finished(), learner.learn(net, tasks.labelled_rows())
    assert_array_equal(found.scores, learner.held_out_scores_)
    assert first_component(one).weight_unit == first_component(other).weight_unit == tasks.labelled_rows().mean_weight
    assert_array_equal(*(each.zero_shot(net).predict(tasks.X) for each in (one, other)))
    assert_array_equal(*(each.weights for each in (one, other)))


# The task's own net ------------------------------------------------------------------------------


def _start(law):
    """A net that knows a law, its own net beside it, and a net that is trained long enough to learn one."""
    net = MLPRegressor(hidden_layer_sizes=(10,), activation="tanh", solver="lbfgs", max_iter=100, random_state=1)
    x = np.linspace(-2.0, 2.0, 60)[:, None]
    start = ParametersPrior.from_estimator(clone(net).fit(x, law(x.ravel())))
    return start, net.set_params(max_iter=3)


@pytest.mark.quick
def test_of_start_and_own_net_the_better_one_is_taken_as_it_is():
    start, short = _start(lambda x: 5.0 * np.sin(2.0 * x))
    prior, x = start_or_own_net(start), np.linspace(-1.8, 1.8, 12)[:, None]
    helped, y = prior.adapt(short, x, 5.0 * np.sin(2.0 * x.ravel()) + 1.0), -5.0 * np.sin(2.0 * x.ravel())
    assert type(helped) is MLPRegressor
    assert_array_equal(helped.coefs_[0], start.adapt(short, x, 5.0 * np.sin(2.0 * x.ravel()) + 1.0).coefs_[0])
    misled = prior.adapt(short, x, y)
    assert_array_equal(misled.coefs_[0], clone(short).fit(x, y).coefs_[0])
    assert np.mean((misled.predict(x) - y) ** 2) < np.mean((start.adapt(short, x, y).predict(x) - y) ** 2)


@pytest.mark.quick
def test_where_rows_do_not_tell_it_is_the_start_and_it_is_stored_whole():
    start, net = _start(np.abs)
    prior = start_or_own_net(start)
    for n in (0, 1):
        one = prior.adapt(net, np.zeros((n, 1)), np.zeros(n))
        assert_array_equal(one.coefs_[0], start.adapt(net, np.zeros((n, 1)), np.zeros(n)).coefs_[0])
    again = StartOrOwnNet.from_dict(prior.to_dict())
    assert repr(again) == repr(prior) == "ParametersPrior(MLPRegressor 1-10-1 tanh, written by hand), or own net"
    assert_array_equal(again.zero_shot(net).coefs_[0], start.arrays[0])


@pytest.mark.quick
def test_a_task_without_one_of_the_classes_has_the_start():
    x = np.linspace(-1.0, 1.0, 30)[:, None]
    net = MLPClassifier(hidden_layer_sizes=(3,), solver="lbfgs", max_iter=5, random_state=0)
    start = ParametersPrior.from_estimator(clone(net).fit(x, np.where(x.ravel() > 0.0, "up", "down")))
    up = np.array(["up"] * 4), np.array(["up", "up", "up", "down"])  # and one of which a row left out lacks it
    for y in up:
        found, alone = (each.adapt(net, x[:4], y) for each in (start_or_own_net(start), start))
        assert_array_equal(found.coefs_[0], alone.coefs_[0])


@pytest.mark.quick
def test_rows_without_weight_do_not_judge():
    """Twelve rows of weight zero say that the past misleads, twelve others that it does not."""
    start, short = _start(lambda x: 5.0 * np.sin(2.0 * x))
    prior, x = start_or_own_net(start), np.linspace(-1.8, 1.8, 12)[:, None]
    y = 5.0 * np.sin(2.0 * x.ravel())
    found = prior.adapt(short, [*x, *x], [*y, *-y], sample_weight=np.repeat([1.0, 0.0], 12))
    assert_array_equal(found.coefs_[0], start.adapt(short, x, y).coefs_[0])
    assert_array_equal(prior.adapt(short, x, -y).coefs_[0], clone(short).fit(x, -y).coefs_[0])


def _asked(monkeypatch, task, gain_by_own, labels=None):
    """Whether a task has its own net, where that makes the losses of rows so much smaller."""
    told = {ParametersPrior: gain_by_own, OwnModelPrior: np.zeros(len(gain_by_own))}
    monkeypatch.setattr(_start_or_own_net, "losses_out_of_fold", lambda prior, *args, **more: told[type(prior)])
    start, net = _start(np.abs)
    return start_or_own_net(start)._prefers_own(net if labels is None else MLPClassifier(), task)


@pytest.mark.quick
@pytest.mark.parametrize("unit", [1.0, 1e-3, 1e3])
def test_a_row_judges_by_its_weight(monkeypatch, unit):
    gain = np.array([1.0, 1.0, 1.0, -2.0, -2.0, -2.0])
    for weight, own in (([9.0] * 3 + [1.0] * 3, True), ([1.0] * 3 + [9.0] * 3, False), ([1.0] * 6, False)):
        task = Tasks(np.zeros((6, 1)), gain, np.zeros(6, np.intp), np.arange(1), sample_weight=unit * np.array(weight))
        assert _asked(monkeypatch, task, gain) == own


@pytest.mark.quick
def test_rows_drawn_by_their_class_are_not_asked(monkeypatch):
    y, labels = np.array(["up", "down"] * 3), np.array(["down", "up"])
    task = Tasks(np.zeros((6, 1)), y, np.zeros(6, np.intp), np.arange(1), classes=(labels,))
    assert _asked(monkeypatch, task, np.ones(6), labels)
    assert not _asked(monkeypatch, drawn_by_class(task, labels, np.array([0.9, 0.1])), np.ones(6), labels)


@pytest.mark.quick
@pytest.mark.parametrize("n_rows", [2, 4, 5, 6, 20, 40])
def test_a_task_is_asked_by_ten_trainings_at_most(monkeypatch, n_rows):
    """A fit to two rows of zeros is that of an estimator that has not moved, which gives the shapes of arrays."""
    (start, net), sizes, fit = _start(np.abs), [], MLPRegressor.fit
    monkeypatch.setattr(
        MLPRegressor, "fit", lambda self, X, y: (sizes.append(len(X) * bool(X.any())), fit(self, X, y))[1]
    )
    x = np.linspace(1.0, 1.8, n_rows)[:, None]
    start_or_own_net(start)._prefers_own(net, Tasks(x, x.ravel(), np.zeros(n_rows, np.intp), np.arange(1)))
    assert np.count_nonzero(sizes) == 2 * min(n_rows, 5)
    assert max(sizes) < n_rows


@pytest.mark.quick
def test_components_of_other_kinds_are_named():
    start, _ = _start(np.abs)
    with pytest.raises(
        TypeError, match="components: wanted a ParametersPrior and an OwnModelPrior, found ParametersPrior"
    ):
        StartOrOwnNet([start])


def test_tasks_learned_from_have_the_start_and_train_no_other_nets(monkeypatch):
    table, y = tables(lambda x, t: np.abs(x) * t, n_tasks=6)
    tasks, learner = _tasks(table, y), NeuralNetworkLearner(n_iter=2, compare_with_fallback=False)
    prior = learner.learn(NET, tasks)
    fits, fit = [], MLPRegressor.fit
    monkeypatch.setattr(MLPRegressor, "fit", lambda *args, **more: (fits.append(len(args[1])), fit(*args, **more))[1])
    known = learner.adapt_learned(prior, NET, tasks)
    assert len([n for n in fits if n > 2]) == 6  # two rows: nothing but the shapes of arrays
    assert known.responsibilities.shape == (6, 2)
    fits.clear()
    prior.adapt_tasks(NET, tasks)
    assert sorted(n for n in fits if n > 2) == [16] * 60 + [20] * 6  # two nets without each fifth of a task's rows


# Bad input, and the way out that is told -----------------------------------------------------------


@pytest.mark.quick
@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("hidden_layer_sizes", (5, 8), r"\(8\)"),
        ("activation", "relu", "'tanh'"),
        ("loss", "poisson", "'squared_error'"),
    ],
)
def test_a_net_of_another_build_is_named_and_its_way_out_works(name, value, wanted):
    table, y = tables(lambda x, t: np.abs(x) * t, n_tasks=3, n_rows=6)
    learner = NeuralNetworkLearner(1, compare_with_fallback=False)
    prior = WarmStartRegressor(NET, task=-1, learner=learner).fit(table, y).prior_
    X, y = table[:6, :1], np.abs(y[:6])
    other = clone(NET).set_params(**{name: value})
    with pytest.raises(ValueError, match=rf"{name}: wanted {wanted}, .*set {name} to that, or learn a prior anew"):
        WarmStartRegressor(other, prior=prior).fit(X, y)
    WarmStartRegressor(other.set_params(**{name: getattr(NET, name)}), prior=prior).fit(X, y)


@pytest.mark.quick
def test_classes_too_few_or_unknown_are_named():
    table, y = tables(lambda x, t: x, n_tasks=4, n_rows=6)
    net = MLPClassifier(hidden_layer_sizes=(3,), solver="lbfgs", max_iter=5, random_state=0)
    learner = NeuralNetworkLearner(1, compare_with_fallback=False)
    with pytest.raises(ValueError, match="y: wanted at least two classes in the collection, found the one class 'up'"):
        WarmStartClassifier(net, task=-1, learner=learner).fit(table, np.full(len(y), "up"))
    labels = np.where(y > 0.0, "up", "down").astype("<U5")
    prior = WarmStartClassifier(net, task=-1, learner=learner).fit(table, labels).prior_
    with pytest.raises(
        ValueError, match=r"y: wanted the classes that the prior knows, .*found new \['level'\]; learn .*anew"
    ):
        WarmStartClassifier(net, prior=prior).fit(table[:3, :1], ["up", "down", "level"])
    labels[0] = "level"
    anew = WarmStartClassifier(net, task=-1, learner=learner).fit(table, labels).prior_
    assert set(WarmStartClassifier(net, prior=anew).fit(table[:3, :1], ["up", "down", "level"]).classes_) == {*labels}


@pytest.mark.quick
@pytest.mark.parametrize("learner", ["reptile", SharedModel()])
def test_a_learner_of_something_else_is_named(learner):
    table, y = tables(lambda x, t: x, n_tasks=4, n_rows=6)
    with pytest.raises(ValueError, match="learner: wanted 'auto' or a learner of starts, such as Reptile"):
        WarmStartRegressor(NET, task=-1, learner=NeuralNetworkLearner(learner=learner)).fit(table, y)
