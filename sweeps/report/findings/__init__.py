"""Compute every number that a report names, once, for the sentences, the figures and the files."""
