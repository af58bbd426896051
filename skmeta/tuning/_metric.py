"""Which score guides a search, where there may be several."""

from __future__ import annotations

from typing import Any

from skmeta.tuning._trial_sources import scoring_name


def named_metric(search: Any) -> str | None:
    """Which of several scores guides a search; None if there is one, or if only a callable knows their names."""
    if isinstance(search.scoring, list | tuple | dict) or callable(search.scoring):
        if isinstance(search.refit, str):
            return search.refit
        return None if callable(search.scoring) else next(iter(search.scoring), None)
    return None


def scored_by(search: Any) -> str | None:
    """What a search is guided by, as its trials say."""
    return named_metric(search) or scoring_name(search)
