"""From tasks to a prior: one file a family, and the line that registers it."""

from skmeta.learners._empirical_bayes import EmpiricalBayes
from skmeta.learners._registry import learner_for

__all__ = ["EmpiricalBayes", "learner_for"]
