"""A shape that is kept: the covariance that was learned before, times a scale."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skmeta._inference.structure import CovarianceShape
from skmeta.linear_model._structured._shapes import Kept

pytestmark = pytest.mark.quick

COVARIANCE = np.array([[2.0, 0.0, 1.0], [0.0, 0.0, 0.0], [1.0, 0.0, 3.0]])


def test_it_answers_all_that_a_shape_is_asked():
    kept: CovarianceShape = Kept(COVARIANCE)
    asked = {name for name in vars(CovarianceShape) if not name.startswith("_")}
    assert asked <= set(dir(kept))
    assert kept.varying == (0, 2)
    assert kept.tightened(5.0) is kept
    held, may_move = kept.held_part(COVARIANCE, 7.0, np.diag(COVARIANCE))
    assert_array_equal(held, 0.0)
    assert held.shape == may_move.shape == COVARIANCE.shape and not may_move.any()


@pytest.mark.parametrize("scale", [0.25, 4.0])
def test_its_scale_alone_is_fitted_and_its_shape_knows_none(scale):
    kept = Kept(COVARIANCE)
    found, _ = kept.fit(scale * COVARIANCE, 10)
    assert_allclose(found, scale * COVARIANCE)
    assert_allclose(np.array(Kept(found).shape[1:], float), np.array(kept.shape[1:], float))
    assert kept.free_entries(2) is None and kept.n_parameters(3, 10.0) == 1.0
