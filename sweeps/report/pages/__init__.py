"""The report as a page: what it says in order, as HTML and as Markdown."""
