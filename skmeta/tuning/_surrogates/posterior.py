"""The posterior of candidates' scores, a mixture of Gaussians, and the expected improvement under it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp, ndtr

_NEGLIGIBLE = 1e-4  # a component with less weight is not looked at


class Posterior(NamedTuple):
    """Components with log weights ``(k,)``, expected scores ``(k, m)`` and their standard deviations ``(k, m)``."""

    log_weights: NDArray[np.float64]
    means: NDArray[np.float64]
    sds: NDArray[np.float64]

    @property
    def weights(self) -> NDArray[np.float64]:
        """Weights of the components ``(k,)``, of sum 1."""
        return np.exp(self.log_weights - logsumexp(self.log_weights))

    def times(self, log_weight: float) -> Posterior:
        """Return the same mixture, all its weights multiplied."""
        return self._replace(log_weights=self.log_weights + log_weight)

    def of_total(self, log_weight: float) -> Posterior:
        """Return the same mixture with another weight as a whole."""
        return self.times(log_weight - float(logsumexp(self.log_weights)))

    @property
    def total_means(self) -> NDArray[np.float64]:
        """Expected score of each candidate ``(m,)``."""
        return self.weights @ self.means

    @property
    def total_sds(self) -> NDArray[np.float64]:
        """Standard deviation of each candidate's score ``(m,)``."""
        return np.sqrt(self.weights @ (np.square(self.sds) + np.square(self.means - self.total_means)))

    def moments(self, i: int) -> tuple[float, float]:
        """Expected score of candidate i, and its standard deviation."""
        one = self._replace(means=self.means[:, [i]], sds=self.sds[:, [i]])
        return float(one.total_means[0]), float(one.total_sds[0])

    def expected_improvement(self, best: float) -> NDArray[np.float64]:
        r"""Return :math:`\sum_k w_k s_k (u \Phi(u) + \phi(u))`, :math:`u = (m_k - best) / s_k`, of shape (m,).

        References
        ----------
        D. R. Jones, M. Schonlau and W. J. Welch (1998), Efficient global optimization, equation 15.
        """
        weights = self.weights
        some = weights > _NEGLIGIBLE
        sds = self.sds[some]
        u = (self.means[some] - best) / sds
        gains = sds * (u * ndtr(u) + np.exp(-0.5 * np.square(u)) / np.sqrt(2 * np.pi))
        return weights[some] @ gains


def mixture_of(posteriors: list[Posterior]) -> Posterior:
    """Return the mixture of all components of several posteriors, their weights as they are."""
    return Posterior(*(np.concatenate(parts) for parts in zip(*posteriors, strict=True)))
