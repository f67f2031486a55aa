#!/usr/bin/env bash
# hydra-core 1.4.0rc3: a mapping passed to instantiate replaces the config's mapping instead of being merged into it.
# Seen: {'a': 5} with 1.4.0rc3 and {'a': 5, 'b': 2} with 1.3.2, for opt={'a': 5} over opt: {a: 1, b: 2}.
# The guess: merged, as up to Hydra 1.3. Defaults of the config that the call doesn't name get lost without a word.
# The project: sweeps/app/build.py passes no mapping over one that the config holds.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python 'hydra-core==1.4.0rc3' 'omegaconf==2.4.1rc1'
program="
import warnings; warnings.simplefilter('ignore')
from hydra.utils import instantiate
print(dict(instantiate({'_target_': 'builtins.dict', 'opt': {'a': 1, 'b': 2}}, opt={'a': 5})['opt']))
"
new=$(venv/bin/python -c "$program")
uv pip install --quiet --python venv/bin/python 'hydra-core==1.3.2' 'omegaconf==2.3.0'
old=$(venv/bin/python -c "$program")
printf '%s\n' "1.4.0rc3: $new" "1.3.2: $old"
test "$new" = "{'a': 5}"
test "$old" = "{'a': 5, 'b': 2}"
