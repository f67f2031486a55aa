#!/usr/bin/env bash
# SQLAlchemy 2.1.9: postgresql:// means psycopg 3, and greenlet is no longer installed along.
# Seen: 'driver psycopg greenlet None' for 2.1.9, 'driver psycopg2' for 2.0.49, each without a server.
# The guess: psycopg2, as through all of 1.x and 2.0, and greenlet there for the asynchronous engine. One URL in a config
# thus needs another driver after an upgrade.
# The project: sweeps/study/storage.py names the driver for a bare postgresql://, so that both versions take psycopg 3.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python 'sqlalchemy==2.1.9' 'psycopg[binary]==3.3.9' 'psycopg2-binary==2.9.11'
program="
import importlib.util, sqlalchemy
engine = sqlalchemy.create_engine('postgresql://user@localhost/database')
print(sqlalchemy.__version__, 'driver', engine.dialect.driver, 'greenlet', bool(importlib.util.find_spec('greenlet')))
"
new=$(venv/bin/python -c "$program")
uv pip install --quiet --python venv/bin/python 'sqlalchemy==2.0.49'
old=$(venv/bin/python -c "$program")
printf '%s\n' "$new" "$old"
test "$new" = "2.1.9 driver psycopg greenlet False"
[[ "$old" == "2.0.49 driver psycopg2 greenlet "* ]]
