"""Which shape of covariance to believe: the one under which held-out tasks are most probable."""

from dataclasses import dataclass, replace

import numpy as np

from skmeta._numerics.gaussian_em import fit_gaussian, log_evidence, predictive
from skmeta._numerics.linalg import cholesky_root
from skmeta._numerics.noise import noise_nodes
from skmeta._numerics.structure import Structure

_SOME = 512  # tasks looked at for a choice; more would only make it slower
_RANKS = (1, 2, 3, 5, 8, 13)


@dataclass(frozen=True, eq=False)
class Choice:
    """The structure chosen, and the held-out log-evidence ``(n_tasks,)`` of the tasks that were looked at."""

    structure: Structure
    tasks: np.ndarray
    evidence: np.ndarray
    scores: dict


def candidates(covariance, p, n_tasks, rank=None, pseudo_tasks=None):
    """The structures that a word stands for, simplest first; ``pseudo_tasks`` overrides their hyper-prior's weight."""
    ranks = [rank] if rank is not None else [k for k in _RANKS if k < min(p, n_tasks)]
    few = 2.0 if pseudo_tasks is None else pseudo_tasks
    spherical = [Structure("spherical", 0, equal=True)]
    diagonal = [Structure("diagonal", 0, strength=few)]
    factor = [Structure("factor", k, equal=e, strength=few) for k in ranks if k < p for e in (True, False)]
    if covariance == "full" or pseudo_tasks is not None:
        full = [Structure("full", None, strength=_plain_strength(p, n_tasks) if pseudo_tasks is None else pseudo_tasks)]
    else:
        full = [
            Structure("full", None, e, strength=s * p)
            for e, s in ((False, 4.0), (False, 1.0), (True, 0.25), (True, 1.0))
        ]
    words = {"spherical": spherical, "diagonal": diagonal, "factor": factor or diagonal, "full": full}
    return spherical + diagonal + factor + full if covariance == "auto" else words[covariance]


def _plain_strength(p, n_tasks):
    """A user who asks for "full" gets REML, unless there are too few tasks for it."""
    return 0.0 if n_tasks >= 4 * p else float(p)


def folds(moments, n_folds):
    """Fold of every task ``(n_tasks,)``: dealt out in order of the targets' size, whatever the tasks are called."""
    rank = np.argsort(np.argsort(moments.square / np.maximum(moments.n_rows, 1e-12), kind="stable"))
    return rank % n_folds


def choose(moments, structures, *, n_iter=12, noise="task", start=None):
    """Hold tasks out, learn from the rest, and compare the structures by the evidence of what was held out.

    The costly EM is run once a fold, without constraint; each structure then starts from its scatter and needs only
    one more sweep. Nothing leaks: a fold's scatter never saw the tasks it is scored on.
    """
    tasks = spread(moments, _SOME)
    some = moments.take(tasks)
    if len(tasks) < 2:
        return Choice(structures[0], tasks[:0], np.empty(0), {})
    n_folds = min(some.n_tasks, 5 if some.n_tasks < 100 else 3)
    fold = folds(some, n_folds)
    evidence = np.zeros((len(structures), some.n_tasks))
    for k in range(n_folds):
        train, test = some.take(fold != k), some.take(fold == k)
        evidence[:, fold == k] = _compare(train, test, structures, n_iter, noise, start)
    best = _clearly_best(evidence, structures)
    scores = {str(s): float(e) for s, e in zip(structures, evidence.sum(axis=1), strict=True)}
    return Choice(structures[best], tasks, evidence[best], scores)


def _clearly_best(evidence, structures):
    """The structure of the highest evidence, if it beats the diagonal by more than a standard error over the tasks."""
    best = int(np.argmax(evidence.sum(axis=1)))
    plain = [i for i, s in enumerate(structures) if s.name == "diagonal"]
    if not plain:
        return best
    gain = evidence[best] - evidence[plain[0]]
    return best if gain.sum() > gain.std() * np.sqrt(len(gain)) else plain[0]


def spread(moments, n_some):
    """At most ``n_some`` tasks, evenly spaced in order of the targets' size."""
    if moments.n_tasks <= n_some:
        return np.arange(moments.n_tasks)
    order = np.argsort(moments.square / np.maximum(moments.n_rows, 1e-12), kind="stable")
    return np.sort(order[np.linspace(0, moments.n_tasks - 1, n_some).astype(int)])


def _compare(train, test, structures, n_iter, noise, start):
    p = train.cross.shape[1]
    free = Structure("full", None, strength=float(p))
    base = fit_gaussian(train, free, n_iter=n_iter, noise=noise, start=start)
    evidence = np.empty((len(structures), test.n_tasks))
    for i, structure in enumerate(structures):
        covariance, unique = structure.fit(base.scatter, train.n_tasks)
        guess = replace(base, covariance=covariance, unique=unique)
        fitted = fit_gaussian(train, structure, n_iter=1, start=guess, noise=noise)
        evidence[i] = held_out(test, fitted)
    return evidence


def held_out(moments, state):
    """``log p(y_t)`` of new tasks ``(n_tasks,)``, summed over what their noise may be."""
    state = predictive(state)
    noise, probability = noise_nodes(state.noise, state.noise_dof)
    return np.logaddexp.reduce(
        log_evidence(moments, state.expected(moments), cholesky_root(state.covariance), noise) + np.log(probability),
        axis=1,
    )
