"""The benchmarks' main claims in small, and the limits that the documentation admits."""

import ast
import re
import sys
from functools import cache
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import log_loss

from skmeta import WarmStartClassifier, WarmStartRegressor
from skmeta.datasets import make_sinusoids

FOLDER = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture(scope="module", autouse=True)
def _importable():
    sys.path.insert(0, str(FOLDER))
    yield
    sys.path.remove(str(FOLDER))


def learn(past):
    return WarmStartRegressor(Ridge(), task=-1).fit(*past).prior_


@pytest.mark.parametrize(
    ("truth", "n_tasks", "most"),
    [("factor", 200, 0.012), ("spherical", 50, 0.02), ("diagonal", 200, 0.02)],
)
def test_a_learned_prior_is_near_the_true_one(truth, n_tasks, most):
    bench = import_module("oracle_regression")
    past, new, oracle, _ = bench.draw(truth, n_tasks, 0)
    found, best = (bench.error_of_prior(prior, new, 10) for prior in (learn(past), oracle))
    assert found < (1.0 + most) * best


def test_the_oracle_is_a_bound(monkeypatch):
    bench = import_module("oracle_regression")
    monkeypatch.setattr(bench, "N_NEW", 40)
    past, new, oracle, seen = bench.draw("power", 50, 0)
    errors = [[bench.error_of_prior(prior, new, n) for n in (5, 20)] for prior in (oracle, seen, learn(past))]
    assert np.all(np.diff(errors, axis=0) > 0)


def test_probabilities_are_near_the_true_priors():
    bench = import_module("oracle_classification")
    past, new, oracle = bench.draw(200, 0, "factor")
    prior = WarmStartClassifier(LogisticRegression(), task=-1).fit(*past).prior_
    y = new[1][bench.masks(0)[1]]
    found, best = (bench.probabilities_of_prior(p, new, 10) for p in (prior, oracle))
    assert log_loss(y, found) < 1.025 * log_loss(y, best)
    assert bench.miscalibration(y, found) < 3.0


@pytest.fixture(scope="module")
def safety():
    """Excess over own and coverage of intervals ``(n_shots,)`` at 2, 20 and 40 rows, for a change of the past."""
    bench = import_module("safety")

    @cache
    def measure(name, n_tasks):
        past, new = bench.draw(3, n_tasks, 10)
        changed = getattr(bench, name)(past, np.random.default_rng(3))
        warm, own, covered = bench.squared_errors(learn(changed), new)
        return np.sqrt(warm / own) - 1.0, covered

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bench, "SHOTS", (2, 20, 40))
        yield measure


@pytest.mark.parametrize("n_tasks", [2, 50])
def test_few_related_tasks_help_and_do_not_harm(safety, n_tasks):
    excess, _ = safety("related", n_tasks)
    assert excess[0] < -0.1
    assert np.all(excess < 0.05)


def test_intervals_hold_on_new_tasks(safety):
    _, covered = safety("related", 50)
    assert np.all(np.abs(covered - 0.9) < 0.035)


@pytest.mark.parametrize("change", ["flipped", "permuted", "unrelated", "scattered"])
def test_harm_of_a_misleading_past_fades(safety, change):
    excess, _ = safety(change, 50)
    assert excess[0] < 0.45
    assert excess[1] < 0.06
    assert excess[2] < 0.01


def test_two_rows_cannot_tell_that_all_signs_are_wrong(safety):
    excess, covered = safety("flipped", 50)
    assert excess[0] > 0.2
    assert covered[0] < 0.8


def test_a_past_of_noise_is_unlearned_late(safety):
    excess, _ = safety("noise_only", 50)
    assert excess[0] < 0.1
    assert excess[1] < 0.9
    assert excess[2] < 0.01


@pytest.mark.parametrize(("order", "most"), [(None, 0.7), (2, 1.15)])
def test_real_patients_gain_from_random_rows_and_not_from_first_ones(order, most):
    bench = import_module("_models")
    X, y = import_module("_real").parkinsons("total")
    options = {"n_shots": (5,), "n_splits": 2, "order": order, "random_state": 0}
    found = bench.errors_by_shots(bench.standard_models(bench.ridge()), X, y, **options)
    errors = {name: value[0] for name, (value, _) in found.items()}
    assert errors.pop("warm") < most * min(errors.values())


def test_ten_points_of_a_sine_wave_are_enough(monkeypatch):
    bench = import_module("sinusoids")
    monkeypatch.setattr(bench, "N_NEW", 20)
    model = WarmStartRegressor(bench.curve_model(), task=-1).fit(*make_sinusoids(200, 20, random_state=0)[:2])
    new = make_sinusoids(20, bench.N_ROWS, random_state=1)[:2]
    assert bench.errors(lambda X, y, query: model.adapt(X, y).predict(query), *new)[1] < 1e-5


@pytest.mark.parametrize(("schedule", "survives"), [("invscaling", True), ("optimal", False)])
def test_a_learned_start_survives_small_steps_alone(monkeypatch, schedule, survives):
    bench = import_module("few_steps")
    monkeypatch.setattr(bench, "PASSES", (1, 3))
    errors = bench.errors_by_start(f"SGDClassifier, {schedule}", 10)
    saved = 1.0 - errors["learned"].mean(axis=0) / errors["zero"].mean(axis=0)
    assert np.all((saved > 0.2) == survives)


def test_the_readme_lists_every_script():
    scripts = {path.name for path in FOLDER.glob("[!_]*.py")}
    assert set(re.findall(r"python benchmarks/(\w+\.py)", (FOLDER / "README.md").read_text())) == scripts
    for name in scripts:
        question = ast.get_docstring(ast.parse((FOLDER / name).read_text())).splitlines()[0]
        assert question.endswith("?"), f"{name} asks nothing: {question}"


# Searches ---------------------------------------------------------------------------------------------------


@pytest.fixture
def tuning_table():
    """24 tasks on a plane, whose optimum moves a little from task to task."""
    tuning, rng = import_module("_tuning"), np.random.default_rng(0)
    space = {name: tuning.Parameter(0.0, 1.0, False, False, None) for name in "ab"}
    points = rng.uniform(size=(150, 2))
    optima = [0.3, 0.7] + 0.05 * rng.normal(size=(24, 2))
    scores = np.exp(-10 * np.square(points - optima[:, None]).sum(-1))
    configs = [dict(zip("ab", map(float, point), strict=True)) for point in points]
    return tuning.Table("made", configs, scores, space, tuple(range(8)))


def regrets_at(table, n, method, n_seeds=1, **options):
    found = import_module("_tuning_skmeta").METHODS[method]
    curves, _ = import_module("_tuning").regrets(table, found, n_seeds=n_seeds, n_trials=n, **options)
    return curves.reshape(-1, n).mean(axis=0)


def test_three_warm_trials_beat_fifteen_random_ones(tuning_table):
    assert regrets_at(tuning_table, 3, "skmeta_auto")[-1] < regrets_at(tuning_table, 15, "random")[-1]


def test_an_unrelated_past_costs_few_trials(tuning_table):
    misled = regrets_at(tuning_table, 12, "skmeta_auto", n_seeds=2, permuted=True)
    cold = regrets_at(tuning_table, 12, "skmeta_gp", n_seeds=2)
    # Over the whole search: at one trial a single run of sixteen decides.
    assert misled[2:].mean() <= cold[:-2].mean()
