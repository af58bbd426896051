"""Linear models: what coefficients past tasks had, and how a new task starts from them."""

from skmeta._inference.partitions import Engine
from skmeta.linear_model._empirical_bayes import EmpiricalBayes
from skmeta.linear_model._gaussian_prior import GaussianPrior
from skmeta.linear_model._own_prior import OwnPrior
from skmeta.linear_model._partitioned_statistics import PartitionedStatistics
from skmeta.linear_model._state_space import StateSpace
from skmeta.linear_model._structured import (
    CrossedPrior,
    DescribedPrior,
    DriftingPrior,
    NestedPrior,
    StructuredMixture,
)
from skmeta.linear_model._sufficient_statistics import SufficientStatistics
from skmeta.linear_model._units import ContextualEffects, Units
from skmeta.linear_model._working_statistics import WorkingStatistics

__all__ = [
    "ContextualEffects",
    "CrossedPrior",
    "DescribedPrior",
    "DriftingPrior",
    "EmpiricalBayes",
    "Engine",
    "GaussianPrior",
    "NestedPrior",
    "OwnPrior",
    "PartitionedStatistics",
    "StateSpace",
    "StructuredMixture",
    "SufficientStatistics",
    "Units",
    "WorkingStatistics",
]
