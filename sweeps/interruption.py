"""How a program ends that Ctrl-C has interrupted."""

import signal
import sys
from typing import NoReturn

# What a shell reports of a program that the signal ended.
STATUS = 128 + signal.SIGINT


def exit_interrupted(advice: str) -> NoReturn:
    """Exit with a message, which tells how to go on, and the status of an interrupted program."""
    print(f"Interrupted. {advice}", file=sys.stderr)
    raise SystemExit(STATUS) from None
