"""Every number that a report names, computed once, for the terminal, the notes and the pages."""
