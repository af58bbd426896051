"""How often tasks are unlike a learned law: the mixture weights that held-out tasks ask for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from skmeta._inference.selection import evidence_held_out
from skmeta.linear_model._gaussian_prior import GaussianPrior
from skmeta.linear_model._law_learning import LearnedLaw
from skmeta.linear_model._mixture import beside, component_names, learn_mixture_weights


def held_out_weights(learned: GaussianPrior, laws: Sequence[LearnedLaw], past: Any) -> dict[str, float]:
    """Mixture weights by name; with a past, both experiences count."""
    names = component_names(learned)
    evidence, counts = [], []
    for k, found in enumerate(laws):
        looked_at = found.choice.tasks  # none where there is a single task
        none = np.zeros((0, len(names)))
        evidence.append(evidence_held_out(found.tasks, found.choice, beside(learned, k)) if len(looked_at) else none)
        counts.append(found.tasks.counts[looked_at])
    return learn_mixture_weights(names, evidence, float(np.sum(laws[0].tasks.counts)), past, counts)
