"""Say in words what was found."""
