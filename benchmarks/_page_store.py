"""Measured cells as files of JSON, so that an interrupted run goes on where it stopped."""

import json
import os
import re
from pathlib import Path


class Store:
    """A folder of cells; one is read only if it was measured under the very same ``key`` (commit, versions, machine)."""

    def __init__(self, folder, key):
        self.folder, self.key = Path(folder), key

    def path(self, *names):
        *folders, name = (re.sub(r"[^\w.+-]+", "-", name) for name in names)
        return self.folder.joinpath(*folders, f"{name}.json")

    def read(self, *names, **more):
        """What was measured, or None."""
        path = self.path(*names)
        if not path.exists():
            return None
        stored = json.loads(path.read_text("utf-8"))
        return stored["found"] if stored["key"] == json.loads(json.dumps(self.key | more)) else None

    def write(self, found, *names, **more):
        """Whole or not at all: a run may end at any time."""
        path = self.path(*names)
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_suffix(".half")
        half.write_text(json.dumps({"key": self.key | more, "found": found}), "utf-8")
        os.replace(half, path)


def measured(store, section, setting, say):
    """``[(cell, found)]`` of all cells of a section: those that are stored are read, the others run and stored."""
    cells = section.cells(setting)
    results = []
    for number, cell in enumerate(cells, 1):
        names, more = (section.name, f"{cell.case} {cell.draw}"), {"quick": setting.quick}
        found = store.read(*names, **more)
        if found is None:
            say(f"{section.name}, {number} of {len(cells)}: {cell.case}, {cell.draw}")
            found = cell.run()
            store.write(found, *names, **more)
        results.append((cell, found))
    return results
