#!/usr/bin/env bash
# optuna 5.0.0, alembic 1.20.1: RDBStorage imports Alembic, Mako and Pygments even where it may skip the version check.
# Seen: skip_compatibility_check=True loads ['alembic', 'mako', 'pygments'].
# The guess: who skips the check of the schema's version needs no migration tool. But making the storage makes the version
# manager, and alembic.command imports Mako, which imports Pygments where that is installed.
# The project: sweeps/study/optuna_internals/database.py doesn't run RDBStorage.__init__ for a worker, whose driver has checked.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python 'optuna==5.0.0' 'alembic==1.20.1' 'sqlalchemy==2.1.9' 'pygments==2.21.0'
venv/bin/python - <<'PY'
import sys

import optuna

assert "alembic" not in sys.modules
optuna.storages.RDBStorage("sqlite:///study.db", skip_compatibility_check=True)
imported = [name for name in ("alembic", "mako", "pygments") if name in sys.modules]
print("imported:", imported)
assert imported == ["alembic", "mako", "pygments"]
PY
