"""What learners and shells of linear models need of this room."""

from skmeta.priors._adapt import adapt_one, adapt_tasks, check_likelihood, engine_rows, read_task, zero_shot
from skmeta.priors._composition import inverse_target, take_apart, transform_target, use_frozen, weights_for
from skmeta.priors._data import (
    TaskData,
    as_table,
    check_known_columns,
    column_or_matrix,
    match_features,
    one_task,
    read_collection,
    read_input,
    select_inputs,
)
from skmeta.priors._families import FAMILIES, family_of
from skmeta.priors._numbers import (
    check_complete,
    check_rows,
    column_names,
    describe_columns,
    numeric_features,
    odd_columns,
)
from skmeta.priors._wide import as_wide, from_wide, is_wide

__all__ = [
    "FAMILIES",
    "TaskData",
    "adapt_one",
    "adapt_tasks",
    "as_table",
    "as_wide",
    "check_complete",
    "check_known_columns",
    "check_likelihood",
    "check_rows",
    "column_names",
    "column_or_matrix",
    "describe_columns",
    "engine_rows",
    "family_of",
    "from_wide",
    "inverse_target",
    "is_wide",
    "match_features",
    "numeric_features",
    "odd_columns",
    "one_task",
    "read_collection",
    "read_input",
    "read_task",
    "select_inputs",
    "take_apart",
    "transform_target",
    "use_frozen",
    "weights_for",
    "zero_shot",
]
