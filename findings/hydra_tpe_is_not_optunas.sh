#!/usr/bin/env bash
# hydra-optuna-sweeper 1.4.0rc3 with optuna 5.0.0: its sampler=tpe is another TPE than TPESampler() of the same Optuna.
# Seen: multivariate False and constant_liar False in the plugin's config; None (joint for one objective) and True in
# Optuna.
# The guess: the config group names the class and leaves its defaults alone. The plugin's dataclass pins those of Optuna
# 4. So a parallel sweep under Hydra may draw near-duplicates that the same code without Hydra avoids.
# The project: sampler=tpe5 is Optuna's; sampler=adaptive sets multivariate, and leaves constant_liar to the plugin.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python 'optuna==5.0.0' 'hydra-core==1.4.0rc3' 'omegaconf==2.4.1rc1' 'hydra-optuna-sweeper==1.4.0rc3'
venv/bin/python - <<'PY'
import inspect

import optuna
from hydra.core.config_store import ConfigStore
from hydra_plugins.hydra_optuna_sweeper import config as _  # registers the group
from omegaconf import OmegaConf

node = ConfigStore.instance().load("hydra/sweeper/sampler/tpe.yaml").node
node = OmegaConf.structured(node)
defaults = inspect.signature(optuna.samplers.TPESampler).parameters
seen = {key: (node[key], defaults[key].default) for key in ("multivariate", "constant_liar")}
print("(plugin, Optuna):", seen)
assert seen == {"multivariate": (False, None), "constant_liar": (False, True)}
PY
