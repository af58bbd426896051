"""Gaussian processes and kernel ridge do all that a family must."""

import common
import pytest
from common import CHECKS, make_case, name_of
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.kernel_ridge import KernelRidge

OF_A_PROCESS = [  # what is not the same code for both
    common.check_a_prior_adapts_one_dataset_to_a_plain_estimator,
    common.check_no_rows_are_the_prior,
    common.check_a_prior_survives_clone_and_pickle,
    common.check_columns_are_matched_by_name,
    common.check_weights_are_taken_or_refused,
    common.check_the_order_of_rows_and_tasks_is_of_no_matter,
]


@pytest.mark.parametrize("check", CHECKS, ids=name_of)
def test_kernel_ridge_does_all_that_a_family_must(check):
    check(make_case(KernelRidge()))


@pytest.mark.parametrize("check", OF_A_PROCESS, ids=name_of)
def test_a_process_does_all_that_a_family_must(check):
    check(make_case(GaussianProcessRegressor(alpha=0.1, optimizer=None)))
