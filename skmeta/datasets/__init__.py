"""Collections of related datasets: real ones, and made-up ones whose prior is known."""

from skmeta.datasets._omniglot import load_omniglot
from skmeta.datasets._parkinsons import load_parkinsons
from skmeta.datasets._synthetic import make_related_classification, make_related_regression, make_sinusoids

__all__ = [
    "load_omniglot",
    "load_parkinsons",
    "make_related_classification",
    "make_related_regression",
    "make_sinusoids",
]
