"""The outer loop: Adam's steps, when it stops, and what is handed out when it diverges."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.neural_network import MLPRegressor

from skmeta._inference.meta_training import Outer, meta_train

pytestmark = pytest.mark.quick


def quadratic(at):
    return float(at @ at) / 2, at


def test_steps_are_those_of_scikit_learns_adam():
    """A net without hidden units is a line: its gradient is at hand."""
    rng = np.random.default_rng(0)
    X, start = rng.normal(size=(20, 3)), rng.normal(size=4)
    y = X @ [1.0, -2.0, 0.5] + 0.3
    Z = np.column_stack([X, np.ones(20)])

    def line(at):
        error = Z @ at - y
        return float(error @ error) / 40, Z.T @ error / 20

    net = MLPRegressor(
        hidden_layer_sizes=(), solver="adam", alpha=0.0, learning_rate_init=0.1, max_iter=1, shuffle=False
    )
    net.partial_fit(X, y)
    net.coefs_, net.intercepts_ = [start[:3, None].copy()], [start[3:].copy()]
    del net._optimizer
    for _ in range(7):
        net.partial_fit(X, y)
    found = meta_train(line, start, Outer(7, 0.1, check_every=1))
    wanted = np.r_[net.coefs_[0].ravel(), net.intercepts_[0]]
    assert_allclose(found.parameters, wanted, rtol=1e-12)


def test_the_rate_falls_as_half_a_cosine():
    outer = Outer(100, 0.2, schedule="cosine")
    assert_allclose([outer.rate(0), outer.rate(50), outer.rate(100)], [0.2, 0.1, 0.0], atol=1e-15)


def test_it_stops_when_held_out_loss_no_longer_falls():
    looked = []

    def judge(at):
        looked.append(at.copy())
        return abs(float(at[0]) - 0.7)  # the least is on the way, not at its end

    found = meta_train(quadratic, np.array([1.0]), Outer(1000, 0.01, n_iter_no_change=50, check_every=10), judge)
    losses = [abs(float(at[0]) - 0.7) for at in looked]
    assert found.n_iter == found.best_iter + 50
    assert found.best_iter == 10 * int(np.argmin(losses))
    assert_allclose(found.parameters, looked[int(np.argmin(losses))])
    assert_allclose(found.loss_curve, losses)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("where", ["loss", "gradient"])
def test_what_diverges_hands_out_the_best_so_far(bad, where):
    calls = []

    def objective(at):
        calls.append(at.copy())
        loss, gradient = quadratic(at)
        if len(calls) == 8:
            return (bad, gradient) if where == "loss" else (loss, np.full_like(at, bad))
        return loss, gradient

    found = meta_train(objective, np.array([1.0, -1.0]), Outer(100, 0.01, check_every=3), lambda at: quadratic(at)[0])
    assert found.diverged is not None and found.diverged[0] == 8
    assert found.n_iter == 8 and found.best_iter == 6
    assert_allclose(found.parameters, calls[6])


def lucky_second(at, calls):
    """A loss of a quadratic whose second draw of tasks happens to be easy."""
    calls.append(at.copy())
    loss, gradient = quadratic(at)
    return (0.0 if len(calls) == 2 else loss), gradient


def test_losses_of_tasks_drawn_do_not_choose():
    calls = []
    found = meta_train(lambda at: lucky_second(at, calls), np.array([1.0]), Outer(20, 0.01))
    assert found.best_iter == found.n_iter == 20
    assert np.all(found.parameters < np.min(calls))  # a step beyond the last that was looked at
    assert np.argmin(found.loss_curve) == 1


def test_losses_of_tasks_drawn_choose_where_the_last_diverged():
    calls = []

    def objective(at):
        loss, gradient = lucky_second(at, calls)
        return (np.nan if len(calls) == 9 else loss), gradient

    found = meta_train(objective, np.array([1.0]), Outer(20, 0.01))
    assert found.diverged is not None and found.diverged[0] == 9 and found.best_iter == 2
    assert_allclose(found.parameters, calls[2])


def test_what_is_no_number_to_the_judge_is_never_the_best():
    answers = iter([3.0, np.nan, 2.0, np.inf])
    found = meta_train(quadratic, np.array([1.0]), Outer(3, 0.1, check_every=1), lambda at: next(answers))
    assert found.best_iter == 2
    assert_allclose(found.loss_curve, [3.0, np.inf, 2.0, np.inf])


def test_progress_is_told_of_each_iteration():
    said = []
    meta_train(quadratic, np.array([1.0]), Outer(7, 0.1, check_every=3), progress=lambda *now: said.append(now))
    assert said == [(k, 7) for k in range(1, 8)]
