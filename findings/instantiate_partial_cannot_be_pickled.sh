#!/usr/bin/env bash
# hydra-core 1.4.0rc3: what instantiate returns for _partial_: true is a functools.partial that can't be pickled.
# Seen: isinstance(..., functools.partial) is True, and pickle.dumps raises TypeError "Hydra _partial_ factories cannot be
# pickled before invocation".
# The guess: it travels to a worker process as any functools.partial of an importable class does, and as with Hydra 1.3.
# The project: workers get configs, not objects; each builds its own.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python 'hydra-core==1.4.0rc3' 'omegaconf==2.4.1rc1'
venv/bin/python - <<'PY'
import functools
import pickle
import warnings

from hydra.utils import instantiate

warnings.simplefilter("ignore")
factory = instantiate({"_target_": "collections.Counter", "_partial_": True, "a": 1})
print(type(factory).__name__, isinstance(factory, functools.partial), factory())
assert isinstance(factory, functools.partial)
pickle.dumps(functools.partial(factory.func, a=1))
try:
    pickle.dumps(factory)
except TypeError as error:
    print("TypeError:", error)
    assert "cannot be pickled" in str(error)
else:
    raise AssertionError("it was pickled")
PY
