"""The family of the guide, as it stands there: a short module, an installed package by its entry point, worker processes."""

import doctest
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from common import CHECKS, make_case, name_of
from sklearn.dummy import DummyRegressor

from skmeta import WarmStartRegressor
from skmeta.base import _registry

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "guide" / "add_a_family.rst"


def written():
    """The source of the family: all that stands on the page before it is used."""
    sources = [example.source for example in doctest.DocTestParser().get_examples(PAGE.read_text("utf-8"))]
    used = next(k for k, source in enumerate(sources) if "import WarmStartRegressor" in source)
    return "".join(sources[:used])


def test_it_is_about_twenty_lines():
    lines = [line for line in written().splitlines() if line.strip() and not line.startswith(("import ", "from "))]
    assert len(lines) <= 25


@pytest.fixture
def registered(monkeypatch):
    """The family, registered for as long as the test runs, and its names."""
    monkeypatch.setattr(_registry, "_LEARNERS", dict(_registry._LEARNERS))
    _registry._LEARNERS.pop(DummyRegressor, None)
    module = type(sys)("family_of_the_guide")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(written(), str(PAGE), "exec"), vars(module))
    return module


CHECKS_HERE = [check for check in CHECKS if "worker" not in name_of(check)]  # processes are asked below


@pytest.mark.parametrize("check", CHECKS_HERE, ids=name_of)
def test_it_does_all_that_a_family_must(registered, check):
    check(make_case(DummyRegressor()))


def test_a_mean_of_few_rows_is_drawn_towards_that_of_past_tasks(registered):
    rng = np.random.default_rng(0)
    level, task = rng.normal(10.0, 2.0, 400), np.repeat(np.arange(400), 5)
    y = level[task] + rng.normal(size=2000)
    model = WarmStartRegressor(DummyRegressor(), task=0).fit(task[:, None], y)
    prior = model.prior_
    # By the formulas of the random-effects analysis of variance, with balanced tasks (Searle et al., 1992, chapter 3).
    within = np.mean([y[task == k].var() for k in range(400)])
    between = np.var([y[task == k].mean() for k in range(400)]) - within / 5
    np.testing.assert_allclose([prior.mean, prior.between, prior.within], [y.mean(), between, within])
    found = model.adapt(np.zeros((2, 0)), [14.0, 14.0]).predict([[0.0]])
    worth = within / between
    np.testing.assert_allclose(found, (28.0 + worth * y.mean()) / (2.0 + worth))


def installed(folder):
    """The family as an installed package, which nobody imports by name, and an estimator that names its learner."""
    (folder / "mean_families.py").write_text(written())
    (folder / "own_models.py").write_text(
        "from sklearn.dummy import DummyRegressor\nfrom mean_families import MeanLearner\n\n"
        "class Typical(DummyRegressor):\n    __skmeta_learner__ = MeanLearner\n"
    )
    info = folder / "mean_families-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mean-families\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[skmeta.families]\nmean = mean_families\n")


SCRIPT = """
import numpy as np
from sklearn.dummy import DummyRegressor
from sklearn.model_selection import GridSearchCV
from skmeta import NShotSplit, WarmStartRegressor, __main__
from own_models import Typical

def family(model, X, y):
    return float(type(model.prior_).__module__ == "mean_families")

X = np.column_stack([np.zeros(24), np.repeat(np.arange(6.0), 4)])
cv = NShotSplit(-1, n_shots=1, n_splits=2, random_state=0)
model = WarmStartRegressor(DummyRegressor(), task=-1)
grid = GridSearchCV(model, {"estimator": [DummyRegressor(), Typical()]}, cv=cv, n_jobs=2, scoring=family, error_score="raise")
grid.fit(X, X[:, 1] + np.arange(24) % 2)
print(grid.cv_results_["mean_test_score"].tolist(), grid.best_estimator_.prior_)
__main__.main(["--help"])
"""


def test_worker_processes_and_the_command_line_know_the_families_of_packages(tmp_path):
    installed(tmp_path)
    path = os.pathsep.join([str(ROOT), str(tmp_path)])
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": path, "COLUMNS": "500"},
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found, *usage = done.stdout.splitlines()
    assert found == "[1.0, 1.0] MeanPrior(n_tasks=6)"
    assert any(" dummy, " in line for line in usage)


def test_readme_leads_here():
    assert "docs/guide/add_a_family.rst" in (ROOT / "README.md").read_text("utf-8")
