"""Priors of any family as plain dictionaries and back."""

from dataclasses import dataclass

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from skmeta.base import Prior

pytestmark = pytest.mark.quick


@dataclass(frozen=True, eq=False)
class Scaled(Prior):
    scale: np.ndarray
    model: object = None


def test_a_family_is_stored_without_a_line_of_its_own(tmp_path):
    prior = Scaled(
        np.arange(3.0), n_tasks=4.0, feature_names=("a", "b", "c"), classes=np.array(["x", "y"], dtype=object)
    )
    np.savez(tmp_path / "prior.npz", **prior.to_dict())
    with np.load(tmp_path / "prior.npz", allow_pickle=False) as stored:
        again = Scaled.from_dict(stored)
    assert again.feature_names == prior.feature_names and again.n_tasks == 4.0
    assert again.scale.tolist() == prior.scale.tolist() and again.classes.tolist() == ["x", "y"]


def test_what_is_no_plain_array_is_refused():
    with pytest.raises(
        ValueError, match=r"to_dict: wanted plain arrays.*found model of Ridge; store it with joblib.dump"
    ):
        Scaled(np.ones(2), model=Ridge()).to_dict()


def test_what_is_missing_or_unknown_is_named():
    with pytest.raises(ValueError, match="from_dict: wanted at least scale, found no scale"):
        Scaled.from_dict({"n_tasks": 3.0})
    with pytest.raises(ValueError, match=r"from_dict: unknown names \['colour'\]"):
        Scaled.from_dict({"scale": [1.0], "colour": 1})
