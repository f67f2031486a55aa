"""Trials in an Optuna storage: opened, claimed by one worker each, recorded replicate by replicate."""
