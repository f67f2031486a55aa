"""Keeping torch's compiler out of processes that compile nothing: its import takes as long as torch's own.

`torch.optim.Optimizer` has its methods left out by the compiler (`torch._disable_dynamo`), and therefore
imports it with the first optimizer that is made. What a method looks up before that import is set here.
"""

from torch.optim import Optimizer


def spare_compiler() -> None:
    """Let the methods of all optimizers run as they are, without asking the compiler to leave them alone."""
    for method in vars(Optimizer).values():
        if (own := getattr(method, "__wrapped__", None)) is not None:
            vars(own).setdefault("__dynamo_disable", own)
