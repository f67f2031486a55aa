#!/usr/bin/env bash
# optuna 5.0.0: a journal whose last line was cut off still loads; two writes later it is unreadable to everyone.
# Seen: "loads with 1 trial"; study.ask() raises AttributeError, the next one JSONDecodeError, and so does each load.
# The guess: an append-only journal gets over a writer that was killed in the middle of a line, as the readers of most
# log formats do: skip the last line, or close it first. Here the next line is appended to the partial one.
# The project: sweeps/study/journal_lock.py cuts off a partial line before each write.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python 'optuna==5.0.0'
venv/bin/python - <<'PY'
import json

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

optuna.logging.set_verbosity(optuna.logging.ERROR)


def load():
    return optuna.load_study(study_name="s", storage=JournalStorage(JournalFileBackend("study.log")))


optuna.create_study(study_name="s", storage=JournalStorage(JournalFileBackend("study.log")))
load().tell(load().ask(), 1.0)
with open("study.log", "ab") as file:
    file.write(b'{"op_code":5,"wor')  # as a full disk or a kill leaves it
study = load()
print("loads with", len(study.trials), "trial")
assert len(study.trials) == 1
seen = []
for action in (study.ask, study.ask, load):
    try:
        action()
    except (AttributeError, json.JSONDecodeError) as error:
        seen.append(type(error).__name__)
print("then:", seen)
assert seen == ["AttributeError", "JSONDecodeError", "JSONDecodeError"]
PY
