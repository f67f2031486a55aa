"""The `study` sweeper: hydra/sweeper=study."""
