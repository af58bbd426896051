"""The contract: all that a family of models gives, and all that an estimator around it may ask.

A family is a `Learner`, which turns the tasks of a collection into a `Prior`; the `Prior`, a frozen value, which turns
the rows of new tasks into `AdaptedEstimators`; and these, which hand out plain fitted scikit-learn estimators.
"""

from skmeta.base._adapted_estimators import AdaptedEstimators
from skmeta.base._frozen_value import FrozenValue
from skmeta.base._learner import Learner
from skmeta.base._prior import Prior
from skmeta.base._registry import learner_for, register

__all__ = ["AdaptedEstimators", "FrozenValue", "Learner", "Prior", "learner_for", "register"]
