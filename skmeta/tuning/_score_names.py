"""What a column's name says of how its trials went: that it is a score, that it counts errors."""

from __future__ import annotations

import re

_ERRORS = frozenset(
    (
        "loss", "losses", "logloss", "error", "errors", "err", "rmse", "rmsle", "mse", "msle", "mae", "mape", "smape",
        "deviance", "nll", "perplexity", "regret", "entropy", "crossentropy", "brier", "wer", "cer"
    )
)  # fmt: skip
_SCORES = frozenset(
    (
        "score", "scores", "acc", "accuracy", "f1", "auc", "auroc", "auprc", "roc", "precision", "recall", "sensitivity",
        "specificity", "r2", "mcc", "corrcoef", "kappa", "iou", "dice", "jaccard", "bleu", "rouge", "ndcg", "likelihood",
        "explained", "reward", "fowlkes", "mallows", "homogeneity", "completeness"
    )
)  # fmt: skip
_COSTS = frozenset(("cost", "costs"))  # also what some support vector machines call a hyperparameter
# Errors with their sign turned, and shares of an error that are explained.
_TURNED = frozenset(("neg", "negative", "negated", "d2"))
_QUALIFIERS = frozenset(
    (
        "train", "training", "val", "valid", "validation", "test", "testing", "eval", "evaluation", "dev", "cv", "oof",
        "holdout", "mean", "avg", "average", "median", "std", "min", "max", "best", "final", "last", "macro", "micro",
        "weighted", "samples", "binary", "step", "epoch", "top", "k", "log", "squared", "root", "absolute", "relative",
        "percentage", "balanced", "rate", "ratio", "variance", "ovr", "ovo", "pr", "cross", "poisson", "gamma", "hamming",
        "hinge", "zero", "one", "per"
    )
)  # fmt: skip
_PROGRESS = re.compile(r"(.*/)?(epoch|global_step)", re.IGNORECASE)  # how far a training had come when it was logged
_WORD = re.compile(r"[A-Z]+(?![a-z])\d*|[A-Z]?[a-z]+\d*|\d+")


def is_error(name: str) -> bool:
    """Whether a name says that lower is better.

    Examples
    --------
    >>> from skmeta.tuning._score_names import is_error
    >>> [is_error(name) for name in ("rmse", "valLoss", "val_neg_rmse", "d2_log_loss_score", "accuracy")]
    [True, True, False, False, False]
    """
    words = _words(name)
    return bool(words & (_ERRORS | _COSTS)) and not words & _TURNED


def is_score(name: str) -> bool:
    """Whether a name says that higher is better."""
    words = _words(name)
    return bool(words & (_SCORES | _TURNED)) and not is_error(name)


def is_result(name: str) -> bool:
    """Whether a name says of nothing but how a trial went, so that it is hardly a hyperparameter.

    Examples
    --------
    >>> from skmeta.tuning._score_names import is_result
    >>> [is_result(name) for name in ("val_loss", "eval/f1_macro", "acc@1", "loss_weight", "validation_fraction")]
    [True, True, True, False, False]
    """
    words = {word for word in _words(name) if not word.isdigit()}
    measured = bool(words & (_ERRORS | _SCORES)) and words <= _ERRORS | _SCORES | _TURNED | _QUALIFIERS
    return measured or _PROGRESS.fullmatch(name) is not None


def _words(name: str) -> frozenset[str]:
    return frozenset(word.lower() for word in _WORD.findall(name))
