"""Draw the report's figures, each in a file of its own."""
