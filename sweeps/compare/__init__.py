"""Compare several sweeps by the files of their reports."""
