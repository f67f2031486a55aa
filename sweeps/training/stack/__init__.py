"""Many networks of one structure, trained as one program."""
