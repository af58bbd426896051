"""What is believed of candidates' scores: a weighted mixture of Gaussians, and what a trial can be hoped to gain."""

from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp, ndtr

_NEGLIGIBLE = 1e-4  # a component with less weight is not looked at


class Belief(NamedTuple):
    """Components with log weights ``(k,)``, expected scores ``(k, m)`` and their standard deviations ``(k, m)``."""

    log_weights: np.ndarray
    means: np.ndarray
    sds: np.ndarray

    @property
    def weights(self):
        """Shares of the components ``(k,)``."""
        return np.exp(self.log_weights - logsumexp(self.log_weights))

    def of_weight(self, log_weight):
        """Return the same belief with another weight as a whole."""
        return self._replace(log_weights=self.log_weights - logsumexp(self.log_weights) + log_weight)

    def at(self, i):
        """Expected score of candidate i, and its standard deviation."""
        means, weights = self.means[:, i], self.weights
        mean = weights @ means
        return mean, np.sqrt(weights @ (np.square(self.sds[:, i]) + np.square(means - mean)))

    def expected_improvement(self, best):
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


def joined(beliefs):
    """Return the mixture of all components of several beliefs, their weights as they are."""
    return Belief(*(np.concatenate(parts) for parts in zip(*beliefs, strict=True)))
