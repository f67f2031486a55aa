"""The lecture's training loop as an application of hydra-optuna-sweeper: what `sweeps` is compared with.

With `images=loader` a DataLoader over torchvision's data set, as in the lecture; with `images=tensors` plain
tensors, the fastest that the loop gets.
"""

import time

import hydra
import torch
from omegaconf import DictConfig

from benchmarks.lecture.images import load_feed, loaders, tensor_batches
from benchmarks.lecture.loop import train
from benchmarks.peers.record import RunRecord


@hydra.main(config_path="conf", config_name="config")
def main(cfg: DictConfig) -> float:
    """Train one run and return its validation accuracy in percent."""
    begin = time.time()
    torch.set_num_threads(1)
    if cfg.images == "tensors":
        training, validation = tensor_batches(load_feed(cfg.source), cfg.seed, cfg.batch_size)
    else:
        training, validation = loaders(cfg.root, cfg.source, cfg.seed, cfg.batch_size)
    setting = {"lr": cfg.lr, "momentum": cfg.momentum, "seed": cfg.seed}
    *_, score = train(training, validation, **setting, epochs=cfg.epochs)
    RunRecord(**setting, score=score, begin=begin).append(cfg.records)
    return score


if __name__ == "__main__":
    main()
