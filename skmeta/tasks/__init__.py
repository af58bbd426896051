"""What a collection is: many datasets in one table, whose task column says which dataset a row belongs to."""

from skmeta.tasks._ids import TaskIndex, index_tasks, lookup_tasks
from skmeta.tasks._locate import locate_task, split_columns
from skmeta.tasks._partitioned_tasks import PartitionedTasks
from skmeta.tasks._pseudo_labels import pseudo_label_tasks
from skmeta.tasks._read import features_without, index_rows, read_task_ids, read_tasks
from skmeta.tasks._row_order import spread_rows
from skmeta.tasks._stack import split_tasks, stack_tasks
from skmeta.tasks._tables import drop_column, take_rows
from skmeta.tasks._task_columns import TaskColumns
from skmeta.tasks._tasks import Tasks

__all__ = [
    "PartitionedTasks",
    "TaskColumns",
    "TaskIndex",
    "Tasks",
    "drop_column",
    "features_without",
    "index_rows",
    "index_tasks",
    "locate_task",
    "lookup_tasks",
    "pseudo_label_tasks",
    "read_task_ids",
    "read_tasks",
    "split_columns",
    "split_tasks",
    "spread_rows",
    "stack_tasks",
    "take_rows",
]
