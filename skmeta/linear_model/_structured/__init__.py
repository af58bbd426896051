"""Tasks with a structure among them: which Gaussian a task's prior is, given what is known before its first row."""

from skmeta.linear_model._structured._among import (
    check_context_model,
    check_no_context_model,
    drift_among,
    learn_among,
    mixture_of,
    places_of,
    structure_among,
)
from skmeta.linear_model._structured._crossed_prior import CrossedPrior
from skmeta.linear_model._structured._described_prior import DescribedPrior
from skmeta.linear_model._structured._drifting_prior import DriftingPrior
from skmeta.linear_model._structured._mixture import StructuredMixture
from skmeta.linear_model._structured._nested_prior import NestedPrior
from skmeta.linear_model._structured._places import LearnedPlaces

__all__ = [
    "CrossedPrior",
    "DescribedPrior",
    "DriftingPrior",
    "LearnedPlaces",
    "NestedPrior",
    "StructuredMixture",
    "check_context_model",
    "check_no_context_model",
    "drift_among",
    "learn_among",
    "mixture_of",
    "places_of",
    "structure_among",
]
