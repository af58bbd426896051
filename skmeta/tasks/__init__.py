"""What a collection is: many datasets in one table, whose task column says which dataset a row belongs to."""

from ._ids import (
    TaskIndex,
    features_without,
    index_tasks,
    locate_task,
    lookup_tasks,
    read_task_ids,
)
from ._stack import split_tasks, stack_tasks
from ._tables import drop_column, take_rows

__all__ = [
    "TaskIndex",
    "drop_column",
    "features_without",
    "index_tasks",
    "locate_task",
    "lookup_tasks",
    "read_task_ids",
    "split_tasks",
    "stack_tasks",
    "take_rows",
]
