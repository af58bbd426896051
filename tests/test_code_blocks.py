"""Every block of code of README and of the documentation is run, or is words whose truth another test holds."""

import glob
import operator
import pickle
import re
import sys
import tomllib
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import configspace_like
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from doc_blocks import PAGES, ROOT, markdown_blocks, read_blocks, rst_blocks
from scipy.stats import loguniform
from sklearn.datasets import load_iris
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from stand_ins import OPTUNA, RAY, SparkFrame

from skmeta import (
    EmpiricalBayes,
    HyperparameterPrior,
    SufficientStatistics,
    TrialHistory,
    WarmStartRegressor,
    WarmStartSearchCV,
    report,
    shot_curve,
)
from skmeta.base import _registry
from skmeta.inspection import ShotCurveDisplay
from skmeta.model_selection import _make_baselines, make_baselines

BLOCKS = read_blocks()
COMMANDS = "tests/report/test_commands_in_docs.py"  # all shell blocks, and messages that pages quote

# What runs a block that is not run here.
ELSEWHERE = {
    ("README", "", 1): "tests/test_readme.py, .ci/run",
    ("README", "python", 1): "tests/test_readme.py",
    ("README", "python", 2): "tests/test_readme.py",
    ("README", "python", 3): "tests/test_readme.py",
    ("README", "text", 1): "tests/test_readme.py",
    ("torch_and_keras", "python", 1): "tests/neural_network/test_skorch.py",
    ("torch_and_keras", "python", 2): "tests/neural_network/test_scikeras.py",
    ("contributing", "text", 1): "tests/test_house.py",
    ("install", "text", 1): COMMANDS,
    ("does_it_transfer", "text", 1): COMMANDS,
    ("does_it_transfer", "text", 2): COMMANDS,
}


def run(page, number, names):
    """Run a block of Python with these names; what it defines is among them afterwards."""
    exec(compile(BLOCKS[page, "python", number], f"{page}, block {number}", "exec"), names)


def peer(name, stand_in, monkeypatch):
    """The package where it is installed, else what stands in for it, as ``import`` finds it."""
    found = import_module(name) if find_spec(name) else stand_in
    monkeypatch.setitem(sys.modules, name, found)
    return found


def make_sales(n_stores=8, n_rows=12):
    rng, store = np.random.default_rng(0), np.repeat([f"store {k}" for k in range(n_stores)], n_rows)
    table = pd.DataFrame({"price": rng.normal(size=len(store)), "rain": rng.normal(size=len(store)), "store": store})
    return table.assign(
        sales=table["price"] + rng.normal(size=n_stores).repeat(n_rows) + 0.1 * rng.normal(size=len(store))
    )


# How each is run: what it needs beforehand, and what it leaves -------------------------------------------------------


def the_command_in_three_calls(monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(
        report, "compare", lambda collection, model: asked.append((len(collection.counts), repr(model)))
    )
    run("does_it_transfer", 1, {})
    assert asked == [(42, "Ridge()")]


def five_ways_drawn(monkeypatch, tmp_path):
    monkeypatch.setattr(_make_baselines, "booster", lambda model: HistGradientBoostingRegressor(max_iter=2))
    small = partial(shot_curve, n_shots=(0, 4), n_splits=2)
    names = {"make_pipeline": make_pipeline, "StandardScaler": StandardScaler, "Ridge": Ridge, "shot_curve": small}
    names |= {
        "make_baselines": make_baselines,
        "WarmStartRegressor": WarmStartRegressor,
        "ShotCurveDisplay": ShotCurveDisplay,
    }
    run(
        "does_it_transfer",
        2,
        names | {"df": make_sales(5, 8).rename(columns={"store": "patient", "sales": "total_UPDRS"})},
    )
    assert len(plt.gca().get_legend_handles_labels()[1]) == 5
    plt.close("all")


def sums_by_spark(monkeypatch, tmp_path):
    table = make_sales()
    names = {"operator": operator, "pickle": pickle, "pandas": pd, "features": ["price", "rain"]}
    names |= {"sales": SparkFrame([table[::2], table[1::2]]), "EmpiricalBayes": EmpiricalBayes}
    run("beyond_one_machine", 3, names | {"SufficientStatistics": SufficientStatistics})


def sums_by_ray(monkeypatch, tmp_path):
    """Both blocks, as the second goes on from the first."""
    monkeypatch.chdir(tmp_path)
    Path("sales.parquet").mkdir()
    for number in range(3):
        make_sales()[number::3].to_parquet(f"sales.parquet/{number}.parquet")
    names = {"ray": RAY, "glob": glob, "pandas": pd, "features": ["price", "rain"]}
    names |= {"EmpiricalBayes": EmpiricalBayes, "SufficientStatistics": SufficientStatistics}
    run("beyond_one_machine", 4, names)
    whole = names["prior"]
    paths = sorted(glob.glob("sales.parquet/*.parquet"))
    run("beyond_one_machine", 5, names | {"parts": [names["ray"].remote(names["sums"]).remote(path) for path in paths]})
    assert whole.n_tasks == 8


def past_searches(**more):
    """What a page has by then: a prior of past searches, and a new dataset."""
    X, y = load_iris(return_X_y=True)
    past = [{"svc__C": 10.0**k, "svc__gamma": 0.1, "score": -abs(k - 1.0)} for k in range(-2, 3)]
    prior = HyperparameterPrior.from_history(TrialHistory().add(past, task="past"))
    few = partial(WarmStartSearchCV, n_iter=3, cv=2, random_state=0)
    names = {"pipe": make_pipeline(StandardScaler(), SVC()), "WarmStartSearchCV": few, "prior": prior}
    return names | {"X_new": X, "y_new": y, "X": X, "y": y, "loguniform": loguniform} | more


def a_conditional_space(monkeypatch, tmp_path):
    peer("ConfigSpace", configspace_like, monkeypatch)
    run("past_tuning", 1, past_searches())


def a_sampler_of_optuna(monkeypatch, tmp_path):
    peer("optuna", OPTUNA, monkeypatch)
    past = [{"C": 10.0**k, "score": -abs(k - 1.0)} for k in range(-2, 3)]
    prior = HyperparameterPrior.from_history(TrialHistory().add(past, task="past"))
    names = past_searches(
        prior=prior, objective=lambda trial: -abs(trial.suggest_float("C", 1e-3, 1e3, log=True) - 10.0)
    )
    run("past_tuning", 2, names)
    assert len(names["study"].trials) == 20 and names["prior"].history.tasks == ("past", "today")
    assert abs(names["study"].trials[0].params["C"] - 10.0) < 5.0


def an_entry_point(monkeypatch, tmp_path):
    (group,) = tomllib.loads(BLOCKS["add_a_family", "toml", 1])["project"]["entry-points"]
    assert group == _registry._GROUP


RUN_HERE = {
    ("does_it_transfer", "python", 1): the_command_in_three_calls,
    ("does_it_transfer", "python", 2): five_ways_drawn,
    ("beyond_one_machine", "python", 3): sums_by_spark,
    ("beyond_one_machine", "python", 4): sums_by_ray,
    ("beyond_one_machine", "python", 5): sums_by_ray,
    ("past_tuning", "python", 1): a_conditional_space,
    ("past_tuning", "python", 2): a_sampler_of_optuna,
    ("add_a_family", "toml", 1): an_entry_point,
}


@pytest.mark.parametrize("way", dict.fromkeys(RUN_HERE.values()), ids=lambda way: way.__name__)
def test_a_block_runs(way, monkeypatch, tmp_path):
    way(monkeypatch, tmp_path)


# With dask --------------------------------------------------------------------------------------------------------


def frames_of_dask(monkeypatch, tmp_path):
    """From files, then from a frame."""
    monkeypatch.chdir(tmp_path)
    Path("sales.parquet").mkdir()
    table = make_sales()
    table.replace("store 0", "Bern").to_parquet("sales.parquet/0.parquet")
    new = {"X_new": table[["price", "rain"]][:5], "y_new": table["sales"][:5]}
    names = new | {"few_rows": table[["price", "rain", "store"]][:5]}
    run("beyond_one_machine", 1, names)
    run("beyond_one_machine", 2, names)
    assert names["warm"].prior_.n_tasks == names["prior"].n_tasks == 8


def fits_on_a_cluster(monkeypatch, tmp_path):
    distributed = import_module("dask.distributed")
    local = distributed.Client(processes=False, n_workers=1, dashboard_address=None)
    monkeypatch.setattr(distributed, "Client", lambda address: local)
    search = past_searches()["WarmStartSearchCV"](SVC(), {"C": [0.1, 1.0, 10.0]})
    with local:
        run("past_tuning", 3, past_searches(search=search))
    assert len(search.cv_results_["params"]) == 3


RUN_WITH_DASK = {
    ("beyond_one_machine", "python", 1): frames_of_dask,
    ("beyond_one_machine", "python", 2): frames_of_dask,
    ("past_tuning", "python", 3): fits_on_a_cluster,
}


@pytest.mark.dask
@pytest.mark.parametrize("way", dict.fromkeys(RUN_WITH_DASK.values()), ids=lambda way: way.__name__)
def test_a_block_of_dask_runs(way, monkeypatch, tmp_path):
    way(monkeypatch, tmp_path)


# The table is whole -------------------------------------------------------------------------------------------------


def test_every_block_is_run_somewhere():
    shell = {block: COMMANDS for block in BLOCKS if block.language in ("", "console")}
    assert set(BLOCKS) == set(shell) | set(ELSEWHERE) | set(RUN_HERE) | set(RUN_WITH_DASK)


def test_what_runs_a_block_is_there():
    for places in ELSEWHERE.values():
        assert all((ROOT / place).exists() for place in places.split(", "))
    for page in ("test_skorch", "test_scikeras"):
        assert "code_of_page(" in (ROOT / "tests" / "neural_network" / f"{page}.py").read_text("utf-8")


def test_blocks_are_found():
    text = ".. code-block:: python\n\n    x = 1\n\n    y = 2\n\n* A point:\n\n  .. code-block:: console\n\n      $ ls\n"
    assert rst_blocks(text) == [("python", "x = 1\n\ny = 2\n"), ("console", "$ ls\n")]
    assert rst_blocks(".. code-block:: pycon\n\n    >>> 1\n    1\n") == []
    assert markdown_blocks("```python\nx = 1\n```\n\n```\nls\n```\n") == [("python", "x = 1\n"), ("", "ls\n")]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_a_session_with_prompts_has_prompts(page):
    """A block that says ``pycon`` and has none would be run by nobody."""
    sessions = re.findall(r"code-block:: pycon\n\n((?:    .*\n|\n)+)", page.read_text("utf-8"))
    assert all(session.lstrip().startswith(">>> ") for session in sessions)
