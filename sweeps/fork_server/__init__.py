"""A process that imports and loads once what all workers need, and forks them."""
