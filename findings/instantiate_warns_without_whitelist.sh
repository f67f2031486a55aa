#!/usr/bin/env bash
# hydra-core 1.4.0rc3: hydra.utils.instantiate(cfg) warns unless it gets a list of what it may run; 1.5 will refuse.
# Seen: UserWarning "... resolved _target_='collections.Counter' with no _execution_whitelist_ ... will become an error in
# Hydra 1.5"; none with a whitelist that names the class. It isn't a DeprecationWarning, so it is shown by default.
# The guess: the call that every tutorial shows stays silent. Where warnings are errors, it raises.
# The project: sweeps/app/build.py says on purpose that a config may name anything.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python 'hydra-core==1.4.0rc3' 'omegaconf==2.4.1rc1'
venv/bin/python - <<'PY'
import warnings

from hydra.utils import instantiate

seen = []
for arguments in ({}, {"_execution_whitelist_": ["collections.Counter"]}):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        instantiate({"_target_": "collections.Counter", "a": 1}, **arguments)
    seen.append([(warning.category.__name__, "Hydra 1.5" in str(warning.message)) for warning in caught])
print("without, with whitelist:", seen)
assert seen == [[("UserWarning", True)], []]
PY
