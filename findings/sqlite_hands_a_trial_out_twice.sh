#!/usr/bin/env bash
# optuna 5.0.0: on SQLite, two processes may be handed the same enqueued trial; on a journal file never.
# Seen: of 60 asks by three processes 55, 56 and 58 different trials in three runs on SQLite, 60 on a journal; no error.
# The guess: study.ask marks a waiting trial as running in one step, as on PostgreSQL, whose rows are locked meanwhile.
# SQLite has no such lock for a row, so that both processes read "waiting" before either writes.
# The project: claims are made under a lock of their own, see sweeps/study/claims.py.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python 'optuna==5.0.0'
cat >worker.py <<'PY'
import json
import sys

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

optuna.logging.set_verbosity(optuna.logging.ERROR)
kind, task, round_ = sys.argv[1:]
storage = f"sqlite:///{round_}.db" if kind == "sqlite" else JournalStorage(JournalFileBackend(f"{round_}.log"))
if task == "create":
    study = optuna.create_study(study_name="s", storage=storage)
    for x in range(60):
        study.enqueue_trial({"x": x})
else:
    study = optuna.load_study(study_name="s", storage=storage)
    print(json.dumps([study.ask().number for _ in range(20)]))
PY
cat >count.py <<'PY'
import json
import subprocess
import sys


def distinct(kind, round_):
    subprocess.run([sys.executable, "worker.py", kind, "create", str(round_)], check=True)
    command = [sys.executable, "worker.py", kind, "ask", str(round_)]
    workers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    numbers = [number for worker in workers for number in json.loads(worker.communicate()[0])]
    assert len(numbers) == 60
    return len(set(numbers))


sqlite = []
while len(sqlite) < 10 and (not sqlite or min(sqlite) == 60):  # a race: a try may be without one
    sqlite.append(distinct("sqlite", len(sqlite)))
journal = distinct("journal", 0)
print("different trials of 60 asks: SQLite", sqlite, "journal", journal)
assert min(sqlite) < 60
assert journal == 60
PY
venv/bin/python count.py
