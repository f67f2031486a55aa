"""The report's figures: each a pure function from arrays to a Plotly figure."""
