"""`sweeps`, or `python -m sweeps`: one door to the programs of this package."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module

from sweeps.versions import versions


@dataclass(frozen=True)
class Command:
    """A program of the package: a function that reads `sys.argv`."""

    # One line for the list that --help prints.
    summary: str
    # Imported only when the command runs: --help and the other commands don't wait for it.
    module: str
    function: str = "main"


COMMANDS = {
    "run": Command("train one network; with -m, sweep over its settings", "sweeps.run", "start"),
    "plan": Command("say what `run -m` would train, how long and to what end", "sweeps.plan"),
    "report": Command("write the report of sweeps, finished or not", "sweeps.report.__main__"),
    "compare": Command("say what several sweeps show together", "sweeps.compare.__main__"),
    "dashboard": Command("open optuna-dashboard with the sweeps' storage", "sweeps.dashboard"),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command that the first argument names, with the arguments after it."""
    words = sys.argv[1:] if arguments is None else arguments
    name = _parser().parse_args(words[:1]).command
    command = COMMANDS[name]
    sys.argv = [f"sweeps {name}", *words[1:]]
    getattr(import_module(command.module), command.function)()


def _parser() -> argparse.ArgumentParser:
    lines = [f"  {name:10} {command.summary}" for name, command in COMMANDS.items()]
    parser = argparse.ArgumentParser(
        prog="sweeps",
        usage="sweeps [--help] [--version] COMMAND [ARGUMENT ...]",
        description="Choose an optimizer and its settings by measurement.",
        epilog="\n".join(["commands:", *lines, "", "`sweeps COMMAND --help` lists a command's arguments."]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=versions())
    parser.add_argument("command", metavar="COMMAND", choices=COMMANDS, help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    main()
