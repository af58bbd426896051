"""Checkouts of skmeta side by side: each answers a script's questions in a process of its own, on one thread."""

import json
import os
import subprocess
import sys
from pathlib import Path

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
FAILED = "failed: "


def serve(answer):
    """Answer the questions on standard input, a line of JSON each, by ``answer(**question)``, until there are no more."""
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what anybody prints is no reply
    for line in sys.stdin:
        try:
            reply = answer(**json.loads(line))
        except Exception as error:
            reply = FAILED + f"{type(error).__name__}: {error}".splitlines()[0][:120]
        print(json.dumps(reply), file=replies, flush=True)


class Checkout:
    """A process that imports skmeta from ``folder`` and serves ``script``; a context, at whose end it stops."""

    def __init__(self, folder, script):
        settings = dict.fromkeys(THREADS, "1") | {"PYTHONPATH": str(Path(folder).resolve())}
        self.process = subprocess.Popen(
            [sys.executable, script, "--serve"],
            env=os.environ | settings,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.process.__exit__(*error)

    def ask(self, **question):
        """The answer; if there is none, a text that starts with ``FAILED``."""
        if self.process.poll() is None:
            print(json.dumps(question), file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        return json.loads(line) if line else FAILED + f"the process ended with {self.process.wait()}"


def failed(answer):
    """Whether `Checkout.ask` got a text instead of an answer."""
    return isinstance(answer, str) and answer.startswith(FAILED)


def read_folders(arguments):
    """``{"before": folder, "after": folder}`` of the command line, if there is a skmeta in each."""
    folders = {name: Path(getattr(arguments, name)) for name in ("before", "after")}
    for name, folder in folders.items():
        if not (folder / "skmeta" / "__init__.py").is_file():
            raise SystemExit(
                f"--{name}: wanted the folder of a checkout of skmeta, found {str(folder)!r}; "
                "`git worktree add DIR COMMIT` makes one."
            )
    return folders
