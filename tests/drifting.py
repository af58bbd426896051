"""Made-up tasks that drift, and the dense Gaussian that all of their rows have under a law."""

import numpy as np
from scipy.linalg import block_diag

from skmeta._inference.drift import Chains
from skmeta._inference.drifting_law import DriftingLaw
from skmeta._inference.in_columns import InColumns
from skmeta._inference.messages import of_rows
from skmeta._inference.moments import Moments
from skmeta.tasks import Tasks


def swept(chains, leaves, law):
    """The evidence of one pass up, and the pass down."""
    up = chains.passed_up(leaves, law)
    return up.evidence(law.shrink), up.down(up.belief_of_root(law.shrink))


HELD = 1e-6  # precision that holds the root's coefficients


class Drifting:
    """Rows of tasks at random times in some chains, a law, and what one Gaussian of all rows says."""

    def __init__(self, seed, n_tasks=9, p=3, n_rows=4, n_chains=1, slopes=2.0):
        self.rng = np.random.default_rng(seed)
        self.p, self.n_tasks, self.n_chains = p, n_tasks, n_chains
        self.X = self.rng.normal(size=(n_tasks, n_rows, p))
        self.X[:, :, -1] = 1.0
        self.y = self.rng.normal(size=(n_tasks, n_rows))
        self.time = self.rng.uniform(0.0, 10.0, n_tasks)
        self.chain = self.rng.permutation(np.arange(n_tasks) % n_chains).astype(np.intp)
        self.noise = self.rng.uniform(0.5, 2.0, n_tasks)
        self.between, self.state, self.own = (self._covariance() for _ in range(3))
        covariances = (self.state, self.own) if n_chains == 1 else (self.between, self.state, self.own)
        self.law = DriftingLaw(covariances, 1.0, np.inf, self.noise, slopes, half_life=2.5, half_lives=(0.01, 1e4))

    def _covariance(self):
        half = self.rng.normal(size=(self.p, self.p))
        return half @ half.T / self.p + 0.1 * np.eye(self.p)

    @property
    def moments(self):
        gram, cross = np.einsum("tni,tnj->tij", self.X, self.X), np.einsum("tni,tn->ti", self.X, self.y)
        counts = np.full(self.n_tasks, float(self.X.shape[1]))
        return Moments(gram, cross, (self.y**2).sum(axis=1), counts, np.zeros((self.n_tasks, self.p - 1)))

    @property
    def tasks(self):
        return InColumns(self.moments)

    @property
    def chains(self):
        parents = (self.chain,) if self.n_chains == 1 else (np.zeros(self.n_chains, np.intp), self.chain)
        return Chains.of(parents, self.time, np.ones(self.n_tasks))

    @property
    def leaves(self):
        return of_rows(self.moments, self.noise)

    def states_covariance(self, chain, time, other_chain, other_time):
        """Of ``u + s`` at two times of two chains."""
        if chain != other_chain:
            return np.zeros((self.p, self.p))
        found = self.state * 2.0 ** (-abs(time - other_time) / self.law.half_life)
        return found + (self.between if self.n_chains > 1 else 0.0)

    def rows_covariance(self, some):
        """Of the targets of some tasks, without the root's part, their columns and targets."""
        places = [(self.chain[t], self.time[t]) for t in some]
        W = np.block([[self.states_covariance(*a, *b) for b in places] for a in places])
        W += block_diag(*[self.own] * len(some))
        X = block_diag(*self.X[some])
        K = X @ W @ X.T + np.diag(np.repeat(self.noise[some], self.X.shape[1]))
        return K, self.X[some].reshape(-1, self.p), self.y[some].ravel()

    def evidence(self, shrink):
        """``log p(y)``, the root's coefficients integrated out."""
        K, Z, y = self.rows_covariance(np.arange(self.n_tasks))
        solved = np.linalg.solve(K, np.column_stack([Z, y]))
        information, pull = Z.T @ solved[:, :-1] + np.diag(shrink), solved[:, :-1].T @ y
        square, flat = y @ solved[:, -1] - pull @ np.linalg.solve(information, pull), shrink <= 0
        logs = np.linalg.slogdet(K)[1] + np.linalg.slogdet(information)[1] - np.log(shrink[~flat]).sum()
        return -0.5 * (square + logs + (len(y) - flat.sum()) * np.log(2 * np.pi))

    def belief(self, chain, time, shrink, some):
        """Mean and covariance of ``mu + u + s`` at a time of a chain, given the rows of some tasks."""
        K, Z, y = self.rows_covariance(some)
        shared = [self.states_covariance(chain, time, self.chain[t], self.time[t]) for t in some]
        cross = np.concatenate([X @ own for X, own in zip(self.X[some], shared, strict=True)])
        # Generalised least squares for the root's mean, then the rest given it.
        solved = np.linalg.solve(K, np.column_stack([Z, y, cross]))
        information = np.linalg.inv(Z.T @ solved[:, : self.p] + np.diag(shrink + HELD))
        mean = information @ (solved[:, : self.p].T @ y)
        through = np.eye(self.p) - cross.T @ solved[:, : self.p]
        own = self.states_covariance(chain, time, chain, time) - cross.T @ solved[:, self.p + 1 :]
        return through @ mean + cross.T @ solved[:, self.p], own + through @ information @ through.T


def drifting_tasks(seed, n_days=60, n_features=3, n_rows=8, kind="walk", days=None):
    """`Tasks` of one model a day, ``(tasks, W)``: coefficients that walk, are constant, or vary by day alone."""
    rng = np.random.default_rng(seed)
    steps = rng.normal(size=(n_days, n_features + 1))
    W = (
        rng.normal(size=n_features + 1)
        + {"walk": 0.2 * np.cumsum(steps, 0), "constant": 0 * steps, "own": 0.5 * steps}[kind]
    )
    X = rng.normal(size=(n_days, n_rows, n_features))
    y = np.einsum("tnp,tp->tn", X, W[:, :-1]) + W[:, -1:] + rng.normal(size=(n_days, n_rows))
    days = np.arange(float(n_days)) if days is None else days
    codes = np.repeat(np.arange(n_days), n_rows)
    return Tasks(X.reshape(-1, n_features), y.ravel(), codes, days, levels={"day": days}), W
