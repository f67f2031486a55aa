"""Compute what the report says in numbers: pure functions of arrays; higher is better, nan is unmeasured."""
