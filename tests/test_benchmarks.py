"""The benchmarks' main claims in small: near the oracle, harmless where the past misleads, honest intervals."""

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
    [("factor", 200, 0.025), ("spherical", 50, 0.03), ("diagonal", 200, 0.02)],
)
def test_a_learned_prior_is_near_the_true_one(truth, n_tasks, most):
    bench = import_module("oracle_regression")
    ratios = []
    for seed in range(2):
        past, new, oracle, _ = bench.draw(truth, n_tasks, seed)
        errors = [bench.error_of_prior(prior, new, 10) for prior in (learn(past), oracle)]
        ratios.append(errors[0] / errors[1])
    assert np.mean(ratios) < 1.0 + most


def test_the_oracle_is_a_bound():
    bench = import_module("oracle_regression")
    past, new, oracle, seen = bench.draw("power", 50, 0)
    errors = [[bench.error_of_prior(prior, new, n) for n in (5, 20)] for prior in (oracle, seen, learn(past))]
    assert np.all(np.diff(errors, axis=0) > 0)


def test_probabilities_are_near_the_true_priors():
    bench = import_module("oracle_classification")
    past, new, oracle = bench.draw(200, 0, "factor")
    prior = WarmStartClassifier(LogisticRegression(), task=-1).fit(*past).prior_
    y = new[1][bench.masks(0)[1]]
    found, best = (bench.probabilities_of_prior(p, new, 10) for p in (prior, oracle))
    assert log_loss(y, found) < 1.05 * log_loss(y, best)
    assert bench.miscalibration(y, found) < 3.0


@pytest.fixture(scope="module")
def safety():
    """Excess over own and coverage of intervals ``(n_shots,)``, means of two seeds, for a change of the past."""
    bench = import_module("safety")

    @cache
    def measure(name, n_tasks):
        found = []
        for seed in (1, 3):
            past, new = bench.draw(seed, n_tasks, 10)
            changed = getattr(bench, name)(past, np.random.default_rng(seed))
            found.append(bench.squared_errors(learn(changed), new))
        warm, own, covered = np.mean(found, axis=0)
        return np.sqrt(warm / own) - 1.0, covered

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bench, "SHOTS", (5, 20))
        yield measure


@pytest.mark.parametrize("n_tasks", [2, 5, 50])
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
    assert np.all(excess < 0.4)
    assert excess[-1] < 0.03


def test_the_readme_lists_every_script():
    scripts = {path.name for path in FOLDER.glob("[!_]*.py")}
    assert set(re.findall(r"python benchmarks/(\w+\.py)", (FOLDER / "README.md").read_text())) == scripts
    for name in scripts:
        question = ast.get_docstring(ast.parse((FOLDER / name).read_text())).splitlines()[0]
        assert question.endswith("?"), f"{name} asks nothing: {question}"
