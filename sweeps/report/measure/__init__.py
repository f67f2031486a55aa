"""Read a study's trials from a storage into arrays."""
