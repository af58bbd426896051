"""Naive Bayes models do all that a family must."""

import numpy as np
import pytest
from common import CHECKS, COLUMNS, Case, check_steps_travel_with_the_prior, make_case, name_of
from sklearn.naive_bayes import CategoricalNB, GaussianNB, MultinomialNB

from skmeta import ConjugateEmpiricalBayes

ESTIMATORS = [
    GaussianNB(),
    MultinomialNB(),
    CategoricalNB(min_categories=5),
]  # BernoulliNB's columns are categories too

COUNTS = ("MultinomialNB", "CategoricalNB")  # their columns are not negative, which a StandardScaler would make them


class CaseOfTheRoom(Case):
    """The room alone: the fallback has common tests of its own."""

    def model(self, **options):
        return super().model(**{"learner": ConjugateEmpiricalBayes(compare_with_fallback=False)} | options)


def case_of(estimator):
    """Columns as the model takes them: counts of words, categories, or numbers."""
    case = CaseOfTheRoom(*make_case(estimator, n_rows=8))
    if type(estimator).__name__ in COUNTS:
        case.table[COLUMNS] = np.clip(np.round(case.table[COLUMNS] + 2.0), 0.0, 4.0)
    return case


ALL = [
    pytest.param(estimator, check, id=f"{type(estimator).__name__}-{name_of(check)}")
    for estimator in ESTIMATORS
    for check in CHECKS
    if not (check is check_steps_travel_with_the_prior and type(estimator).__name__ in COUNTS)
]


@pytest.mark.parametrize(("estimator", "check"), ALL)
def test_naive_bayes_models_do_all_that_a_family_must(estimator, check):
    check(case_of(estimator))
