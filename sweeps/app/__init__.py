"""The application: from a config that Hydra composed to plain values, and back to files."""
