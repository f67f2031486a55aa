"""Write what was found: terminal, HTML, Markdown, CSV, JSON, picks, dashboard."""
