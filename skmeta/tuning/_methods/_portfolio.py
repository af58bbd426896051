"""The portfolio of past tasks alone: no score of today changes what is tried."""

from __future__ import annotations

import numpy as np

from skmeta.tuning._methods._method import Method


class Portfolio(Method):
    """Candidates such that one is good on every past task; see `greedy_portfolio`."""

    n_unmodelled = np.inf
