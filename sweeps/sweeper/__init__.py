"""The sweeper behind hydra/sweeper=study: plans studies, drives workers, runs trials as Hydra jobs."""
