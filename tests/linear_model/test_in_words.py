"""What priors say of how tasks belong together: the numbers in their sentences are their own, through all that wraps them."""

import re

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmeta import GaussianPrior, WarmStartRegressor

pytestmark = pytest.mark.quick
pd = pytest.importorskip("pandas")

N_DISTRICTS, N_SCHOOLS, N_CLASSES, N_ROWS = 6, 3, 3, 6


@pytest.fixture(scope="module")
def classes_in_schools():
    """Classes in schools in districts, whose intercepts vary by 2, 1 and .5, and one slope for all."""
    rng = np.random.default_rng(0)
    shape = (N_DISTRICTS, N_SCHOOLS, N_CLASSES, N_ROWS)
    district, school, group, _ = (each.ravel() for each in np.indices(shape))
    spread = [2.0, 1.0, 0.5]
    level = sum(
        sd * rng.normal(size=shape[: k + 1]).reshape(shape[: k + 1] + (1,) * (3 - k)) for k, sd in enumerate(spread)
    )
    x = rng.normal(size=len(group))
    y = 0.2 * x + level.ravel().repeat(len(group) // level.size) + 0.2 * rng.normal(size=len(group))
    return pd.DataFrame({"x": x, "district": district, "school": school, "class": group}), y


def test_shares_of_levels_are_those_of_their_covariances(classes_in_schools):
    X, y = classes_in_schools
    task = ["district", "school", "class"]
    with pytest.warns(UserWarning, match="stand under several"):
        model = WarmStartRegressor(make_pipeline(StandardScaler(), Ridge()), task=task).fit(X, y)
    prior = model.prior_
    (sentence,) = prior.in_words
    assert re.sub(r"\d+", "?", sentence) == "district explains ? %, school ? % of what differs between tasks"
    assert f"; {sentence})" in repr(prior)
    variance = {name: np.trace(own) for name, own in prior.covariances.items()}  # of a standardised column and a level
    shares = {name: own / sum(variance.values()) for name, own in variance.items()}
    # Columns are standardised over all rows, and by the engine within tasks: they differ by chance.
    np.testing.assert_allclose(list(prior.shares.values()), list(shares.values()), rtol=1e-3)
    said = [f"{100 * prior.shares[name]:.0f}" for name in ("district", "school")]
    assert re.findall(r"\d+", sentence) == said
    assert prior.given(district=0, school=1).in_words == ()


def test_exchangeable_tasks_have_nothing_to_say():
    assert GaussianPrior([1.0], 0.1).in_words == ()
