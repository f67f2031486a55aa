"""The lecture's loop over plain tensors under Ray Tune: workers of one core each, kept from trial to trial.

    python app.py '{"lr": [0.1], "momentum": [0.9], "seed": [0], "epochs": 1, ...}'

The images lie in Ray's object store once. No logger writes; the driver prints nothing.
"""

import json
import os
import sys
import time
from typing import Any

os.environ |= {
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "RAY_CHDIR_TO_TRIAL_DIR": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    # Below `uv run`, Ray starts its workers in the environment of that command, not in the driver's.
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
}

import ray
import torch
from ray import tune

from benchmarks.lecture.images import load_feed, tensor_batches
from benchmarks.lecture.loop import train
from benchmarks.peers.record import RunRecord
from sweeps.data.feed import Feed


def main() -> None:
    """Sweep the grid of the command line."""
    options = json.loads(sys.argv[1])
    ray.init(num_cpus=options["jobs"], include_dashboard=False, logging_level="error")
    trainable = tune.with_parameters(train_trial, options=options, feed=load_feed(options["source"]))
    results = tune.Tuner(
        tune.with_resources(trainable, {"cpu": 1}),
        param_space={key: tune.grid_search(options[key]) for key in ("lr", "momentum", "seed")},
        tune_config=tune.TuneConfig(metric="accuracy", mode="max", reuse_actors=True),
        run_config=tune.RunConfig(storage_path=options["folder"], verbose=0),
    ).fit()
    ray.shutdown()
    if results.errors:
        raise results.errors[0]


def train_trial(setting: dict[str, Any], options: dict[str, Any], feed: Feed) -> None:
    """Train one run and report after each epoch."""
    begin = time.time()
    torch.set_num_threads(1)
    training, validation = tensor_batches(feed, setting["seed"], options["batch_size"])
    for score in train(training, validation, **setting, epochs=options["epochs"]):
        tune.report({"accuracy": score})
    RunRecord(**setting, score=score, begin=begin).append(options["records"])


if __name__ == "__main__":
    main()
