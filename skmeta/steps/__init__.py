"""Steps before a model: fitted once on a whole collection, frozen, and carried by the prior that was learned behind them."""

from skmeta.steps._adapted_behind_steps import AdaptedBehindSteps
from skmeta.steps._columns_behind import telling_columns_behind
from skmeta.steps._constant import with_constant_column
from skmeta.steps._fit_in_parts import apply_in_part, fit_steps_in_parts
from skmeta.steps._frozen_steps import FrozenSteps, fit_steps
from skmeta.steps._parts import Parts, last_model, take_apart, unfitted_model, weights_for
from skmeta.steps._prior_with_steps import PriorWithSteps, adapt_rows, checked_parts, split_prior, with_steps

__all__ = [
    "AdaptedBehindSteps",
    "FrozenSteps",
    "Parts",
    "PriorWithSteps",
    "adapt_rows",
    "apply_in_part",
    "checked_parts",
    "fit_steps",
    "fit_steps_in_parts",
    "last_model",
    "split_prior",
    "take_apart",
    "telling_columns_behind",
    "unfitted_model",
    "weights_for",
    "with_constant_column",
    "with_steps",
]
