"""The methods of a search: how each models candidates' scores, one a file."""

from skmeta.tuning._methods._auto import TransferOrAlone
from skmeta.tuning._methods._gp import TaskAlone
from skmeta.tuning._methods._method import Method
from skmeta.tuning._methods._portfolio import Portfolio
from skmeta.tuning._methods._rgpe import RankingEnsemble
from skmeta.tuning._methods._task_gp import Transfer

METHODS: dict[str, type[Method]] = {
    "auto": TransferOrAlone,
    "task_gp": Transfer,
    "rgpe": RankingEnsemble,
    "portfolio": Portfolio,
    "gp": TaskAlone,
}
