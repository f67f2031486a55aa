"""Hydra imports the plugin in every application, swept or not."""

import subprocess
import sys

DISCOVER = """
import sys
import hydra_plugins.study_sweeper.pruners, hydra_plugins.study_sweeper.sweeper
print(*sorted({"optuna", "torch", "sqlalchemy", "numpy"} & sys.modules.keys()))
"""


def test_discovering_the_sweeper_imports_nothing_heavy() -> None:
    command = [sys.executable, "-c", DISCOVER]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip() == ""
