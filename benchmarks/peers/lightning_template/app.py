"""The lecture's network in Lightning and Hydra, the way of lightning-hydra-template.

Data, module and Trainer are built from the config; hydra-optuna-sweeper runs the grid through joblib.
"""

import logging
import time

import hydra
import lightning
import torch
from omegaconf import DictConfig

from benchmarks.peers.record import RunRecord


@hydra.main(version_base="1.3", config_path="conf", config_name="train")
def main(cfg: DictConfig) -> float:
    """Train one run and return its validation accuracy in percent."""
    begin = time.time()
    torch.set_num_threads(1)
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    lightning.seed_everything(cfg.seed, workers=True, verbose=False)
    data = hydra.utils.instantiate(cfg.data)
    module = hydra.utils.instantiate(cfg.module)
    trainer = hydra.utils.instantiate(cfg.trainer)
    trainer.fit(model=module, datamodule=data)
    score: float = 100 * trainer.callback_metrics["val/accuracy"].item()
    RunRecord(cfg.lr, cfg.momentum, cfg.seed, score, begin).append(cfg.records)
    return score


if __name__ == "__main__":
    main()
