"""How far the adaptation of many tasks is, told to who listens."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.linear_model import Lasso
from sklearn.neural_network import MLPRegressor

from skmeta import GaussianPrior
from skmeta.base._adaptation_progress import adaptation_told, each_adapted, who_listens
from skmeta.compose import OwnModelPrior, PriorWithOwnModel
from skmeta.neural_network import ParametersPrior, StartOrOwnNet
from skmeta.tasks import Tasks

N_TASKS, N_ROWS = 4, 6
RNG = np.random.default_rng(0)
TASKS = Tasks(
    RNG.normal(size=(N_TASKS * N_ROWS, 1)),
    RNG.normal(size=N_TASKS * N_ROWS),
    np.repeat(np.arange(N_TASKS), N_ROWS),
    np.arange(N_TASKS),
)
NET = MLPRegressor(hidden_layer_sizes=2, max_iter=2, random_state=0)


def net_start():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ParametersPrior.from_estimator(NET.fit(TASKS.X, TASKS.y))


MADE = {
    "own solver": lambda: (GaussianPrior([1.0], 0.1), Lasso()),
    "net": lambda: (net_start(), NET),
    "start or own net": lambda: (StartOrOwnNet([net_start(), OwnModelPrior()]), NET),
    "own model": lambda: (
        PriorWithOwnModel([GaussianPrior([1.0], 0.1), OwnModelPrior()], [0.1, 0.9]),
        Lasso(),
    ),
}


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
@pytest.mark.parametrize("name", MADE)
def test_each_task_is_told_and_nothing_else_changes(name):
    prior, estimator = MADE[name]()
    told = []
    with adaptation_told(lambda *now: told.append(now)):
        adapted = prior.adapt_tasks(estimator, TASKS)
    done, total = zip(*told, strict=True)
    assert len(done) >= N_TASKS and done[-1] == total[-1]
    assert_array_equal(
        adapted.predict(TASKS.X, TASKS.codes), prior.adapt_tasks(estimator, TASKS).predict(TASKS.X, TASKS.codes)
    )
    assert who_listens() is None


def test_what_is_adapted_inside_is_not_told():
    told = []
    with adaptation_told(lambda *now: told.append(now)):
        found = each_adapted((each_adapted(iter("ab"), 2) for _ in range(3)), 3)
    assert found == [["a", "b"]] * 3 and told == [(1, 3), (2, 3), (3, 3)]


def test_whoever_raises_ends_it_and_listens_no_more():
    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), adaptation_told(stop):
        each_adapted(iter("ab"), 2)
    assert who_listens() is None
