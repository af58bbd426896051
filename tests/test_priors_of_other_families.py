"""A prior of every family in the place of every other: one short sentence says whom it is for."""

import pytest
from families import ROOMS

from skmeta import SharedModel
from skmeta.compose import first_component

QUICK = SharedModel(None, max_rounds=1, cv=2)


@pytest.fixture(scope="module", params=["linear_model", "fallback", "naive_bayes", "cluster"])
def learned(request):
    """A prior of one of the rooms, learned in no time."""
    case = ROOMS[request.param][0]
    more = {"learner": QUICK} if request.param == "fallback" else {}
    return request.param, case, case.learned(**more).prior_


@pytest.mark.parametrize("task", [None, "shop"])
def test_a_prior_of_another_family_says_whom_it_is_for(learned, task):
    room, own, prior = learned
    for other, cases in ROOMS.items():
        case = cases[0]
        if other == room or (prior.classes is not None and not hasattr(case.estimator, "predict_proba")):
            continue
        model = case.model(prior=prior, task=task)
        name, kind = type(case.estimator).__name__, type(first_component(prior)).__name__
        words = f"^prior: wanted one for {name}, found a {kind}, which is for [^;]*; learn a prior with {name}.$"
        with pytest.raises(TypeError, match=words) as found:
            model.fit(*(case.new if task is None else (case.table, case.target)))
        assert len(str(found.value)) < 220
        assert room == "linear_model" or type(own.estimator).__name__ in str(found.value)
        assert not hasattr(model, "prior_")
