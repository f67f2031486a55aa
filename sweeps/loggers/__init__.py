"""The trackers that `conf/logger/` names, and what one of your own derives from."""

from sweeps.loggers.csv_file import Csv
from sweeps.loggers.logger import Identity, Logger, RunLog
from sweeps.loggers.mlflow import MLflow
from sweeps.loggers.tensorboard import TensorBoard
from sweeps.loggers.wandb import WandB

__all__ = ["Csv", "Identity", "Logger", "MLflow", "RunLog", "TensorBoard", "WandB"]
