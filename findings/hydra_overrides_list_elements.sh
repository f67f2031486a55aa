#!/usr/bin/env bash
# hydra-core 1.4.0rc3, omegaconf 2.4.1rc1: an override can set or delete an element of a list, even from its end.
# Seen: betas[0]=0.5, betas.0=0.5 and betas[-1]=0.5 set one number, ~betas[0] deletes one.
# The guess: none of these is possible, as with Hydra 1.3, where the whole list has to be written again.
# The project: betas.0 and betas[0] are taken for one key; see sweeps/study/dotted_keys.py.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python 'hydra-core==1.4.0rc3' 'omegaconf==2.4.1rc1'
venv/bin/python - <<'PY'
from pathlib import Path

from hydra import compose, initialize_config_dir

Path("config.yaml").write_text("betas: [0.9, 0.99]\n")
seen = {}
with initialize_config_dir(str(Path.cwd())):
    for override in ("betas[0]=0.5", "betas.0=0.5", "betas[-1]=0.5", "~betas[0]"):
        seen[override] = list(compose("config", [override]).betas)
print(seen)
assert seen == {
    "betas[0]=0.5": [0.5, 0.99], "betas.0=0.5": [0.5, 0.99], "betas[-1]=0.5": [0.9, 0.5], "~betas[0]": [0.99],
}
PY
