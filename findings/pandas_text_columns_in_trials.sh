#!/usr/bin/env bash
# pandas 3.1.1 with optuna 5.0.0: trials_dataframe() has text columns of type str and times in microseconds.
# Seen: state and params_c are 'str', datetime_start is datetime64[us]; None in a text attribute reads back as nan.
# The guess: columns of type object that keep None, and nanoseconds, as with pandas 1 and 2. `df.dtypes == object` no
# longer finds the text, and `value is None` is never true.
# The project: nothing needed. It reads trials, not data frames.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python 'optuna==5.0.0' 'pandas==3.1.1'
venv/bin/python - <<'PY'
import optuna

optuna.logging.set_verbosity(optuna.logging.ERROR)
study = optuna.create_study()
for note in ("text", None):
    trial = study.ask()
    trial.suggest_categorical("c", ["u", "v"])
    trial.set_user_attr("note", note)
    study.tell(trial, 0.0)
frame = study.trials_dataframe()
note = frame["user_attrs_note"][1]
print(frame.dtypes.astype(str).to_dict(), "None became", repr(note))
assert str(frame["state"].dtype) == str(frame["params_c"].dtype) == "str"
assert str(frame["datetime_start"].dtype) == "datetime64[us]"
assert note is not None and note != note
PY
