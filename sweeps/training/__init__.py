"""Training in plain PyTorch: knows neither Hydra nor Optuna."""
