"""What optuna-dashboard shows of a study: its note, the report's figures, pictures of the picks' training."""
