"""How often tasks are unlike a learned law: the mixture weights that held-out tasks ask for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from skmeta._inference.coefficient_law import CoefficientLaw
from skmeta._inference.components import Component
from skmeta._inference.selection import evidence_held_out
from skmeta.linear_model._gaussian_prior import GaussianPrior
from skmeta.linear_model._law_learning import LearnedLaw
from skmeta.linear_model._mixture import component_names, held_out_components, learn_mixture_weights


def held_out_weights(learned: GaussianPrior, laws: Sequence[LearnedLaw], past: Any) -> dict[str, float]:
    """Mixture weights by name; with a past, both experiences count."""
    names = component_names(learned)
    evidence = [
        evidence_held_out(each.tasks, each.choice, _components(learned, k))
        if each.choice.states
        else np.zeros((0, len(names)))
        for k, each in enumerate(laws)
    ]
    return learn_mixture_weights(names, evidence, float(np.sum(laws[0].tasks.counts)), past)


def _components(learned: GaussianPrior, k: int) -> Callable[[CoefficientLaw], list[Component]]:
    """What stands beside a law that was learned without some tasks."""

    def beside(law: CoefficientLaw) -> list[Component]:
        effects = None if law.contextual is None else (law.contextual.coef, law.contextual.variance_ratio)
        own = {"mean": law.mean, "covariance": law.covariance, "noise": law.noise_law, "effects": effects}
        return held_out_components(learned, k, **own)

    return beside
