"""Trials in an Optuna storage: opened, claimed by one worker each, recorded replicate by replicate."""

# Where sweeps are kept unless the user names another storage; conf/hydra/sweeper/study.yaml says the same.
DEFAULT_STORAGE = "sqlite:///outputs/sweeps.db"
