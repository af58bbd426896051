"""What ids have to be: as they are, not standardised."""

import warnings

import numpy as np
import pytest

from skmeta.tasks._known_ids import _STANDARDISED, warn_of_standardised_ids

pytestmark = pytest.mark.quick


def warned(ids):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warn_of_standardised_ids(ids, "store")
    return bool(caught)


def standardised(n_ids=30, n_rows=20):
    ids = np.repeat(np.arange(float(n_ids)), n_rows)
    return (ids - ids.mean()) / ids.std()


@pytest.mark.parametrize("share", [0.9, -0.9, 1.1, -1.1])
def test_the_edge_is_the_same_for_the_mean_and_the_standard_deviation(share):
    ids, off = standardised(), share * _STANDARDISED
    assert warned(ids + off) == warned(ids * (1.0 + off)) == (abs(share) < 1.0)


def test_single_precision_is_within_the_edge():
    assert warned(standardised().astype(np.float32))


def test_a_fold_of_standardised_ids_is_not_recognised():
    """Documented: it has neither mean 0 nor standard deviation 1; and ids as they are never are."""
    ids = standardised()
    fold = np.random.default_rng(0).permutation(len(ids))[: 4 * len(ids) // 5]
    assert warned(ids) and not warned(ids[fold])
    assert not warned(np.arange(30.0)) and not warned(np.array([-1.0, 1.0]))
