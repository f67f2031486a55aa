"""Which figures a report shows, each with how to read it, or why it isn't there."""
