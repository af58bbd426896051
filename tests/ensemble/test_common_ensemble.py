"""Boosters do all that a family must, with new trees of a task's own and without."""

import common
import numpy as np
import pytest
from common import CHECKS, Case, make_case, name_of
from sklearn.ensemble import HistGradientBoostingRegressor

from skmeta.ensemble import SharedBoostingPrior


def with_thresholds(estimator):
    """A case whose tasks jump each at a place of its own."""
    case = make_case(estimator, n_rows=40)
    rng = np.random.default_rng(0)
    place = {shop: rng.uniform(-0.7, 0.7) for shop in [*"abcde", "new"]}
    jump = case.table["height"] > case.table["shop"].map(place)
    return Case(estimator, case.table, case.target + 5.0 * jump.to_numpy())


PLAIN = make_case(HistGradientBoostingRegressor(max_iter=3, random_state=0))
GROWS = with_thresholds(HistGradientBoostingRegressor(max_iter=5, min_samples_leaf=5, random_state=0))
ON_TREES = [
    common.check_a_task_column_learns_and_adapts_to_each,
    common.check_a_prior_adapts_one_dataset_to_a_plain_estimator,
    common.check_a_prior_survives_clone_and_pickle,
    common.check_columns_are_matched_by_name,
    common.check_learning_goes_on_from_a_prior,
    common.check_n_jobs_changes_nothing,
    common.check_no_rows_are_the_prior,
    common.check_the_order_of_rows_and_tasks_is_of_no_matter,
    common.check_weights_are_taken_or_refused,
]


@pytest.mark.parametrize("check", CHECKS, ids=name_of)
def test_a_booster_does_all_that_a_family_must(check):
    check(PLAIN)


@pytest.mark.parametrize("check", ON_TREES, ids=name_of)
def test_and_so_it_does_with_new_trees(check):
    check(GROWS)


def test_the_second_case_grows_trees():
    first, second = (case.learned().prior_.components[0] for case in (PLAIN, GROWS))
    assert not isinstance(first, SharedBoostingPrior) and isinstance(second, SharedBoostingPrior)
