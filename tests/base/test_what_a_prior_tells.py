"""What a prior tells: a frame of its numbers, whatever its family, and a table in HTML."""

import re

import numpy as np
import pytest
from families import NAIVE_BAYES
from numpy.testing import assert_allclose
from sklearn.linear_model import Ridge
from sklearn.naive_bayes import BernoulliNB, GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

from skmeta import GaussianPrior, WarmStartRegressor
from skmeta.base._words_of_components import words_of_component
from skmeta.fallback import SharedModelPrior
from skmeta.fallback._mean_of_corrections import MeanOfCorrections
from skmeta.linear_model import EmpiricalBayes, Units
from skmeta.linear_model._mixture import component_names

pytestmark = pytest.mark.quick

COLUMNS = ["height", "width", "age"]


def learned(case):
    return case.model(task="shop").fit(case.table, case.target).prior_


def case_of(cases, kind):
    return next(case for case in cases if type(case.estimator) is kind)


def cells(html):
    return dict(re.findall(r"<tr><th>(.*?)</th><td>(.*?)</td></tr>", html))


def test_of_classes_there_is_a_number_for_each_column_and_class():
    prior = learned(case_of(NAIVE_BAYES, GaussianNB))
    frame = prior.to_frame().set_index("feature")
    assert frame.index.tolist() == COLUMNS
    for k, label in enumerate(prior.classes):
        assert_allclose(frame[f"mean_{label}"], prior.mean[k])
        assert_allclose(frame[f"variance_{label}"], prior.variance[k])


def test_of_counts_there_is_a_row_for_each_category():
    prior = learned(case_of(NAIVE_BAYES, BernoulliNB))
    frame = prior.to_frame()
    assert frame["feature"].tolist() == [name for name in COLUMNS for _ in range(2)]
    assert frame["category"].tolist() == [0, 1] * 3
    assert_allclose(frame[[f"pseudo_counts_{label}" for label in prior.classes]].T, prior.pseudo_counts)


def test_of_a_shared_model_there_are_the_coefficients_of_its_correction():
    correction = GaussianPrior([1.0, 5.0], 4.0, n_tasks=3)
    prior = SharedModelPrior(DecisionTreeRegressor(), None, None, correction, Ridge())
    assert prior.to_frame()["mean"].tolist() == [1.0, 5.0]


def test_of_a_mean_of_corrections_each_part_has_its_rows():
    parts = [GaussianPrior([1.0, 2.0], 1.0, n_tasks=3), GaussianPrior([3.0, 4.0, 5.0], 4.0, n_tasks=3)]
    prior = MeanOfCorrections(parts, [np.array([2]), np.array([0, 1])], np.array([0.25, 0.75]), 3)
    frame = prior.to_frame()
    assert frame["feature"].tolist() == ["x2", "intercept", "x0", "x1", "intercept"]
    assert frame["part"].tolist() == [0, 0, 1, 1, 1] and frame["weight"].tolist() == [0.25] * 2 + [0.75] * 3
    assert frame["mean"].tolist() == [1.0, 2.0, 3.0, 4.0, 5.0]
    assert_allclose(frame["std"], [1.0, 1.0, 2.0, 2.0, 2.0])


def test_a_notebook_shows_family_tasks_columns_steps_and_weights():
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.normal(size=(40, 2)), np.repeat(np.arange(8), 5)])
    estimator = make_pipeline(StandardScaler(), Ridge())
    prior = (
        WarmStartRegressor(estimator, task=-1, learner=EmpiricalBayes("diagonal", max_iter=2)).fit(X, X[:, 0]).prior_
    )
    html = prior._repr_html_()
    said = cells(html)
    assert "<caption>MixturePrior</caption>" in html
    assert said["learned from"] == "8 tasks, 40 rows" and said["steps"] == "StandardScaler"
    assert said["weights"].startswith("learned ") and "; intercept outlier " in said["weights"]
    moments = prior.coefficient_moments
    assert moments.names == ["x0", "x1", "intercept"]
    for name, mean, sd in zip(moments.names, moments.mean[0], moments.sd[0], strict=True):
        assert said[name] == f"{mean:.3g} ± {sd:.3g}"


@pytest.mark.parametrize("likelihood", ["gaussian", "binomial", "poisson"])
def test_every_component_that_learners_set_beside_a_prior_is_explained(likelihood):
    names = component_names(GaussianPrior([1.0, 2.0], 1.0, noise_dof=5.0, likelihood=likelihood))
    assert names[0] == "learned" and len(names) > 1
    assert all(map(words_of_component, names)) and not words_of_component("mine")


def test_a_notebook_shows_the_ten_coefficients_that_move_most_and_the_intercept():
    mean = np.append(np.arange(25.0), 7.0)
    scale = np.where(np.arange(25) == 1, 1000.0, 1.0)
    html = GaussianPrior(mean, 4.0, units=Units(np.zeros(25), scale), n_tasks=3)._repr_html_()
    table = html[html.index("Coefficients: ") :]
    wanted = ["x1", *(f"x{j}" for j in range(24, 15, -1)), "intercept"]
    assert list(cells(table)) == wanted and "and 15 more coefficients<" in table
    assert cells(table)["x24"] == "24 ± 2" and cells(table)["intercept"] == "7 ± 2"
    classes = GaussianPrior([[1.0, 2.0]] * 3, 1.0, classes=["<a>", "b", "c"])._repr_html_()
    assert "<th>&lt;a&gt;</th><th>b</th><th>c</th>" in classes and classes.count("1 ± 1") == 3 and "more" not in classes
    unlike = SharedModelPrior(DecisionTreeRegressor(), None, None, GaussianPrior([1.0, 5.0], 4.0), Ridge())
    assert "Coefficients" not in unlike._repr_html_()


def test_a_prior_by_hand_says_so_and_names_are_escaped():
    names = tuple(f"<b>{j}</b>" for j in range(20))
    said = cells(GaussianPrior(np.zeros(21), 1.0, feature_names=names, classes=["ill", "well"])._repr_html_())
    assert said["learned from"] == "written by hand" and said["classes"] == "ill, well"
    assert said["columns"].startswith("&lt;b&gt;0&lt;/b&gt;, ") and said["columns"].endswith(", ... (20 in all)")
