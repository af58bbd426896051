"""A collection of private sums as learners get it: noise of known size is taken for fewer rows without any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from skmeta._inference.bounded_sums import Box
from skmeta._inference.errors_in_sums import NoisySums, learn_from_noisy, legal
from skmeta._inference.sums import Sums
from skmeta.linear_model._collection import Collection, collection_of, units_of_sums
from skmeta.linear_model._gaussian_prior import GaussianPrior
from skmeta.linear_model._past import unit_of
from skmeta.linear_model._privacy import warn_if_useless
from skmeta.linear_model._sufficient_statistics import SufficientStatistics


def of_private_sums(
    found: SufficientStatistics, estimator: Any, family: Any, past: GaussianPrior | None, n_jobs: int
) -> Collection:
    """The collection of sums with noise: its units are those of the sums whose eigenvalues are clipped."""
    unit, sums = unit_of(past, found.mean_weight), found.sums()
    assert found.bounds is not None and found.noise_variance is not None, "noise has the units of bounds"
    warn_if_useless(found, "statistics")
    box, variance = Box.of_bounds(found.bounds, found.n_features), found.noise_variance / unit**2
    each = [(box.of_output(k), _of_output(sums, k).in_unit(unit)) for k in range(box.n_outputs)]
    clipped = _together([one.sums(legal(one.products(own)), own.rows, np.isnan(own.mean)) for one, own in each])
    units, engine = units_of_sums(found, clipped, estimator, family, past, centred=True)
    tasks = []
    for (one, own), inside in zip(each, engine, strict=True):
        noisy = NoisySums.of_sums(own, variance, one, inside.centre)
        tasks.append(learn_from_noisy(noisy, inside, intercept=bool(estimator.fit_intercept), n_jobs=n_jobs))
    return collection_of(tasks, found, estimator, family, units, engine, unit)


def _of_output(sums: Sums, k: int) -> Sums:
    """The sums of one target."""
    return replace(sums, target=sums.target[:, [k]], cross=sums.cross[..., [k]], square=sums.square[:, [k]])


def _together(each: Sequence[Sums]) -> Sums:
    """The sums of all targets, the columns' as those of the first have them: where they lie is all that is asked."""
    parts = {
        name: np.concatenate([getattr(one, name) for one in each], axis=-1) for name in ("target", "cross", "square")
    }
    return replace(each[0], **parts)
