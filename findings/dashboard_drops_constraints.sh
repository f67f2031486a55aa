#!/usr/bin/env bash
# optuna-dashboard 0.21.0 with optuna 5.0.0: constraints set by Trial.set_constraint are absent from the dashboard's API.
# Seen: Optuna has {'c': 1.0}, the API of the dashboard "constraints": [].
# The guess: the dashboard, whose pages mark infeasible trials, shows them. It reads the attribute that the deprecated
# constraints_func of a sampler wrote; Optuna 5 has one attribute a constraint.
# The project: it writes constraints to the older attribute, which the dashboard reads, and Optuna 5 too.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python 'optuna==5.0.0' 'optuna-dashboard==0.21.0'
venv/bin/python - <<'PY'
import io
import json

import optuna
import optuna_dashboard

optuna.logging.set_verbosity(optuna.logging.ERROR)
storage = optuna.storages.InMemoryStorage()
study = optuna.create_study(storage=storage, study_name="s")
for limit in (1.0, -1.0):
    trial = study.ask()
    trial.set_constraint("c", limit)
    study.tell(trial, limit)
request = {
    "REQUEST_METHOD": "GET", "PATH_INFO": "/api/studies/0", "QUERY_STRING": "", "wsgi.input": io.BytesIO(),
    "wsgi.url_scheme": "http", "SERVER_NAME": "localhost", "SERVER_PORT": "80", "HTTP_HOST": "localhost",
}
answer = b"".join(optuna_dashboard.wsgi(storage)(request, lambda *_: None))
constraints = [trial["constraints"] for trial in json.loads(answer)["trials"]]
print("Optuna:", [trial.constraints for trial in study.trials], "dashboard:", constraints)
assert [trial.constraints for trial in study.trials] == [{"c": 1.0}, {"c": -1.0}]
assert constraints == [[], []]
PY
