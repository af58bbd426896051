"""Which learner belongs to which family of estimators: adding a family is adding a line."""

from skmeta.linear_model._empirical_bayes import EmpiricalBayes
from skmeta.linear_model.linear import FAMILIES

_LEARNERS = dict.fromkeys(FAMILIES, EmpiricalBayes)


def learner_for(estimator, learner):
    """The learner given, or for "auto" the one registered for the estimator's class."""
    if not isinstance(learner, str):
        if isinstance(learner, type) or not hasattr(learner, "learn"):
            raise TypeError(f"learner: wanted 'auto' or a learner such as EmpiricalBayes(), found {learner!r}.")
        return learner
    if learner != "auto":
        raise ValueError(f"learner: wanted 'auto' or a learner such as EmpiricalBayes(), found {learner!r}.")
    return _LEARNERS.get(type(estimator), EmpiricalBayes)()
