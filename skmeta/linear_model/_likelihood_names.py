"""Likelihoods by the names that priors give them."""

from __future__ import annotations

from skmeta._inference.likelihoods import BINOMIAL, GAUSSIAN, MULTINOMIAL, Likelihood, Tweedie

_BY_NAME = {
    "gaussian": GAUSSIAN,
    "binomial": BINOMIAL,
    "multinomial": MULTINOMIAL,
    "poisson": Tweedie(1.0),
    "gamma": Tweedie(2.0),
}
LIKELIHOOD_NAMES = (*_BY_NAME, "tweedie 1.5 (or another power)")


def likelihood_named(name: str) -> Likelihood | None:
    """The likelihood of that name, such as "tweedie 1.5" with any power; None where there is no such one."""
    word, _, power = name.partition(" ")
    if word != "tweedie":
        return _BY_NAME.get(name)
    try:
        return Tweedie(float(power))
    except ValueError:
        return None


def name_of_power(power: float) -> str:
    """Coefficients for one power are not those for another."""
    return {1.0: "poisson", 2.0: "gamma"}.get(power, f"tweedie {power:g}")
