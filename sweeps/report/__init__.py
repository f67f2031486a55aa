"""What a study found: figures, tables, notes."""
