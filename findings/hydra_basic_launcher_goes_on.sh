#!/usr/bin/env bash
# hydra-core 1.4.0rc3: in a basic multirun all jobs run although the first one raises; then the command fails with it.
# Seen: 'job 1', 'job 2', 'job 3', then RuntimeError of job 1, exit status 1.
# The guess: one process runs the jobs one after the other, so the first exception ends the sweep at once.
# The project: its sweeper has max_failure_rate, which ends a sweep before the rest is trained in vain.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python 'hydra-core==1.4.0rc3' 'omegaconf==2.4.1rc1'
cat >app.py <<'PY'
import hydra


@hydra.main(config_path=None)
def main(cfg):
    print("job", cfg.number, flush=True)
    if cfg.number == 1:
        raise RuntimeError("the first job")


main()
PY
status=0
output=$(venv/bin/python app.py -m +number=1,2,3 2>&1) || status=$?
grep -E '^job|^RuntimeError' <<<"$output"
echo "exit status $status"
test "$status" -eq 1
test "$(grep -c '^job [123]$' <<<"$output")" -eq 3
