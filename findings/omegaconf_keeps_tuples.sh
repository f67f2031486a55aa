#!/usr/bin/env bash
# omegaconf 2.4.1rc1: a tuple stays a tuple: create gives an immutable TupleConfig, and to_container a tuple.
# Seen: 'TupleConfig (1, 2)', is_list False; omegaconf 2.3.0 shows 'ListConfig [1, 2]', is_list True.
# Assigning an element, as an override betas.0=0.8 does too, raises "TupleConfig is immutable"; a list takes it.
# The guess: a list, as in 2.3: code that asks isinstance(x, ListConfig), or compares with [1, 2], takes another way.
# The project: sweeps/sweeper/config_copy.py copies both; checks of lists take any Sequence.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python 'omegaconf==2.4.1rc1'
program="
from omegaconf import OmegaConf
config = OmegaConf.create({'a': (1, 2)})
print(type(config.a).__name__, OmegaConf.to_container(config)['a'], 'is_list', OmegaConf.is_list(config.a))
try:
    config.a[0] = 5
    print('changed')
except Exception as error:
    print(str(error).splitlines()[0])
"
new=$(venv/bin/python -c "$program")
uv pip install --quiet --python venv/bin/python 'omegaconf==2.3.0'
old=$(venv/bin/python -c "$program")
printf '%s\n' "2.4.1rc1: $new" "2.3.0: $old"
[[ "$new" == "TupleConfig (1, 2) is_list False"*"TupleConfig is immutable"* ]]
[[ "$old" == "ListConfig [1, 2] is_list True"*"changed" ]]
