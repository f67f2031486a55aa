"""Environments of their own for peers, so that the project's needs none of their packages."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def build_environment(peer: str | None, folder: Path) -> str:
    """Build a peer's environment in `folder`, or bring it up to date, and return its Python.

    What the project's environment has too is installed in the same version. For None it is the project's own.
    """
    if peer is None:
        return sys.executable
    python = str(folder.absolute() / peer / "bin" / "python")
    constraints = folder.absolute() / "constraints.txt"
    folder.mkdir(parents=True, exist_ok=True)
    freeze = ["uv", "pip", "freeze", "--exclude-editable", "--python", sys.executable]
    constraints.write_text(subprocess.run(freeze, check=True, capture_output=True, text=True).stdout)
    if not Path(python).exists():
        create = ["uv", "venv", "--python", sys.executable, str(folder / peer)]
        subprocess.run(create, check=True, capture_output=True)
    requirements = HERE / peer / "requirements.txt"
    install = ["uv", "pip", "install", "--python", python, "-r", str(requirements), "-c", str(constraints)]
    subprocess.run([*install, "--compile-bytecode"], check=True, capture_output=True)
    return python
