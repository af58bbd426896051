"""What to try next: candidates of a space, given the trials so far and what past tasks taught."""

import warnings
from typing import Any, NamedTuple

import numpy as np

from skmeta.tuning._candidates import Viewer
from skmeta.tuning._pool import Pool
from skmeta.tuning._space import Space
from skmeta.tuning._surrogates.belief import joined
from skmeta.tuning._surrogates.gp import matern
from skmeta.tuning._surrogates.portfolio import greedy_portfolio
from skmeta.tuning._surrogates.ranking import ensemble_belief, left_out_scores, ranking_weights
from skmeta.tuning._surrogates.scores import relative_noise, standardized
from skmeta.tuning._surrogates.task_gp import own_belief, transfer_belief

METHODS = ("auto", "task_gp", "rgpe", "portfolio", "gp")
_N_OWN = 4  # trials before a task is modelled by itself alone
_FIRST = {"gp": _N_OWN, "rgpe": _N_OWN, "portfolio": np.inf}  # trials before scores are asked


class Proposal(NamedTuple):
    """A candidate to try: its parameters, where it comes from, and the score expected of it with its deviation."""

    params: dict
    origin: str
    mean: float
    sd: float


class Advisor:
    """Proposes candidates, and remembers them: scores are told in the order of the proposals.

    The first candidate of a search that has a past is the one that past tasks expect most of (before any score is
    known, as many as are asked for are a portfolio); every later one maximizes the expected improvement under what
    is believed by then. Without a past the first are spread over the space. What failed counts as the worst score.

    Parameters
    ----------
    space : Space
        Where candidates come from.
    past : PastTasks or None
        Models of past tasks.
    method : {"auto", "task_gp", "rgpe", "portfolio", "gp"}
        How it is decided.
    rng : numpy.random.Generator
        All that is random comes from it.
    estimator : estimator, default=None
        Today's: what it has beside the searched parameters, the past may have searched.
    extra : list of dict, default=()
        Candidates of the space beside those that are drawn.
    candidates : list of dict, default=None
        The only candidates, if none are to be drawn.
    """

    def __init__(self, space, past, method, rng, estimator=None, extra=(), candidates=None):
        self._space = space
        self._past: Any = None if method == "gp" else past
        self._method = "gp" if self._past is None else method
        self._rng = rng
        self._viewer = Viewer(space, self._past, estimator)
        self._pool = Pool(space, self._viewer, rng, list(extra), candidates)
        self._tried = self._viewer.view([])
        if self._method == "gp":
            self._pool.lead_with(_N_OWN)
        self._is_ours = []  # of what was tried: whether it is a candidate of the space
        self._before = np.empty((2, 0))  # scores and errors of a search that was broken off
        self._kernel = None  # of the task by itself, to go on from

    def remember(self, trials):
        """Count trials as proposed: their scores are told with all others'.

        Parameters
        ----------
        trials : list of Trial
            Some may have values that the space does not have.
        """
        ours = [_as_candidate(self._space, trial) for trial in trials]
        params = [trial.all_params if own is None else own for trial, own in zip(trials, ours, strict=True)]
        self._is_ours += [own is not None for own in ours]
        self._tried += self._viewer.view(params)
        self._pool.remove(params)

    def go_on_from(self, trials):
        """Go on with a search that was broken off; its trials are not tried again, but for the best.

        Parameters
        ----------
        trials : list of Trial
            Earlier ones on the same data.

        Returns
        -------
        list of Proposal
            The best candidate, to be among the results of this search too; none if the space has none of them.
        """
        failed = [trial for trial in trials if not trial.is_scored]
        ranked = sorted((trial for trial in trials if trial.is_scored), key=lambda trial: trial.mean_test_score)
        again = [trial for trial in ranked if _as_candidate(self._space, trial) is not None][-1:]
        others = [trial for trial in failed + ranked if trial not in again]
        self.remember(others + again)
        self._before = np.array([(t.mean_test_score, t.standard_error) for t in others]).reshape(-1, 2).T
        # What was remembered last is the one to try again.
        return [Proposal(self._tried.params[-1], "portfolio", t.mean_test_score, t.standard_error) for t in again]

    def propose(self, n, scores, errors):
        """Propose what to try next.

        Parameters
        ----------
        n : int
            How many.
        scores, errors : array-like of shape (n_tried,)
            Scores of all that was proposed so far, in order, nan where it failed; and their standard errors.

        Returns
        -------
        list of Proposal
            As many, or what is left of a finite space.
        """
        scores, errors = np.append(self._before, [scores, errors], axis=1)
        known = np.isfinite(scores)
        choose = self._first
        proposals: list[Proposal] = []
        if known.any() and len(scores) >= _FIRST.get(self._method, 0):
            choose = self._best
            scores = np.where(known, scores, scores[known].min())
            ours = np.flatnonzero(self._is_ours)
            self._pool.refresh([self._tried.params[i] for i in ours], scores[ours])
        while len(proposals) < n and self._pool.fill():
            proposals.append(choose(scores, errors))
            # Several at a time: until it is known, a score is taken to be what is expected of it.
            scores, errors = np.append(scores, proposals[-1].mean), np.append(errors, np.nan)
        return proposals

    def _first(self, scores, errors):
        """The next of a portfolio, or of those that cover the space: scores are not asked."""
        if self._method == "gp":
            return self._take(0, "random")
        chosen = greedy_portfolio(self._pool.candidates.expected, 1, self._tried.expected)
        return self._take(chosen[0], "portfolio")

    def _best(self, scores, errors):
        """The candidate that may gain most."""
        usual = 1.0 if self._past is None else np.exp(self._past.log_scale[0])
        seen, center, scale = standardized(scores, usual)
        belief = self._believe(seen, relative_noise(errors), scale)
        i = int(belief.expected_improvement(seen.max()).argmax())
        mean, sd = belief.at(i)
        return self._take(i, "model", center + scale * mean, scale * sd)

    def _take(self, i, origin, mean=np.nan, sd=np.nan):
        taken = self._pool.take(i)
        self._tried += taken
        self._is_ours.append(True)
        return Proposal(taken.params[0], origin, float(mean), float(sd))

    # What is believed -----------------------------------------------------------------------------------

    def _believe(self, scores, noise, scale):
        """What is believed of the pool's scores, given standardized ones and what they were divided by."""
        if self._method == "gp":
            return self._own(scores, noise)
        if self._method == "rgpe":
            return self._ensemble(scores, noise)
        belief = self._transfer(scores, noise, scale)
        if self._method == "auto" and len(scores) > 1:  # one does not say how much trials differ
            own, share = self._own(scores, noise), self._past.log_shares[-1]
            if np.ptp(scores) > 0:
                own = own._replace(log_weights=own.log_weights + share)
            else:
                # Equal scores speak for what foretells the least differences, without end: not for who is right.
                own, belief = own.of_weight(share), belief.of_weight(np.log1p(-np.exp(share)))
            belief = joined([belief, own])
        return belief

    def _transfer(self, scores, noise, scale):
        both = self._tried + self._pool.candidates
        variance = self._past.variance
        covariance = variance * matern(self._tried.joint, both.joint, self._viewer.joint_lengths)
        private = covariance, np.full(len(both.params), variance)
        log_scale = self._past.log_scale - [np.log(scale), 0.0]
        noise = self._past.noise * noise
        return transfer_belief(scores, noise, both.expected, private, self._past.log_shares[:-1], log_scale)

    def _own(self, scores, noise):
        trials, groups = (self._tried.today, noise), self._viewer.space.groups
        belief, self._kernel = own_belief(scores, trials, self._pool.candidates.today, groups, self._kernel)
        return belief

    def _ensemble(self, scores, noise):
        """The ensemble that ranks the trials best."""
        own = self._own(scores, noise)
        tried, pool = self._tried, self._pool.candidates
        left_out = left_out_scores(self._kernel, tried.today, scores, noise)
        known = tried.expected, self._viewer.sds(tried)
        weights = ranking_weights(scores, known, left_out, self._rng)
        heard = np.flatnonzero(weights[:-1])
        past = pool.expected[heard], self._viewer.sds(pool, heard)
        return ensemble_belief(weights[[*heard, -1]], past, own)


def _as_candidate(space, trial):
    """The candidate of the space that a trial was, of the branch with its names if there is one; else None."""
    same = Space(tuple(branch for branch in space.branches if branch.keys() == trial.params.keys()))
    own = same.adopt(trial.params)
    return space.adopt(trial.all_params) if own is None else own


def advisor_for(space, prior, method, rng, estimator, candidates=None):
    """The advisor of a search.

    Parameters
    ----------
    space : Space
        Today's.
    prior : HyperparameterPrior or None
        What past tuning taught.
    method, rng, estimator, candidates
        As for `Advisor`.

    Returns
    -------
    Advisor
        It.

    Warns
    -----
    UserWarning
        If the prior knows none of the parameters that are searched: the search is as without it.
    """
    if prior is not None and not set(prior.searched) & set(space.names):
        warnings.warn(
            f"The prior knows of {list(prior.searched)}, this search is over {list(space.names)}: they have no parameter "
            "in common, so the search starts cold.",
            UserWarning,
            stacklevel=3,
        )
        prior = None
    if prior is None or method == "gp":
        return Advisor(space, None, method, rng, estimator, candidates=candidates)
    return Advisor(space, prior.past, method, rng, estimator, prior.adopted(space), candidates)
