"""What learners and shells of linear models need of this room."""

from skmeta.linear_model._adapt import adapt_one, adapt_tasks, check_likelihood, engine_rows, read_task, zero_shot
from skmeta.linear_model._data import (
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
from skmeta.linear_model._families import FAMILIES, family_of
from skmeta.linear_model._wide import as_wide, from_wide, is_wide
from skmeta.steps import inverse_target, take_apart, transform_target, use_frozen, weights_for
from skmeta.tasks._numbers import (
    check_complete,
    check_rows,
    column_names,
    describe_columns,
    numeric_features,
    odd_columns,
)

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
