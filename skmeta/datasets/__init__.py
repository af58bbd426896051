"""Collections of related datasets: a real one, and made-up ones whose prior is known."""

from skmeta.datasets._parkinsons import load_parkinsons
from skmeta.datasets._synthetic import make_related_classification, make_related_regression, make_sinusoids

__all__ = [
    "load_parkinsons",
    "make_related_classification",
    "make_related_regression",
    "make_sinusoids",
]
