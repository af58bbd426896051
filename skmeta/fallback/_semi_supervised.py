"""The learner of scikit-learn's semi-supervised classifiers, which read rows without label too."""

from __future__ import annotations

from sklearn.semi_supervised import LabelPropagation, LabelSpreading, SelfTrainingClassifier

from skmeta.base import register
from skmeta.fallback._out_of_fold import UNLABELLED
from skmeta.fallback._shared_model import SharedModel
from skmeta.tasks import Tasks


@register(LabelPropagation, LabelSpreading, SelfTrainingClassifier)
class SharedSemiSupervised(SharedModel):
    """`SharedModel` whose shared model is fitted to rows without label too, marked by -1 as scikit-learn wants it.

    Parameters
    ----------
    correction : "auto", None or transformer, default="auto"
        As in `SharedModel`.
    max_rounds : int, default=4
        As in `SharedModel`.
    cv : int, default=5
        As in `SharedModel`.

    Attributes
    ----------
    out_of_fold_, n_rounds_, held_out_scores_, scores_
        As in `SharedModel`.
    """

    def _fitted_to(self, tasks: Tasks) -> Tasks:
        tasks = tasks.weighty_rows()
        if any(UNLABELLED in own.tolist() for own in tasks.classes or ()):
            raise ValueError(
                f"y: wanted other labels than {UNLABELLED}, which says to scikit-learn's semi-supervised classifiers that a "
                f"row has none, found it among the labels; set unlabelled={UNLABELLED}, or give that class another name."
            )
        return tasks
