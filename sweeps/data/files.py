"""Files that a user names, and the packages that read them."""

from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path


def list_roots(root: object, download: object) -> tuple[str, ...]:
    """Return the folders to search in turn. Raises ValueError where none is named, or download is no flag."""
    roots = (root,) if isinstance(root, str) else tuple(root) if isinstance(root, Sequence) else ()
    if not roots or not all(isinstance(part, str) for part in roots):
        raise ValueError(f"data.root={root} names no folder; write data.root=<folder>")
    if not isinstance(download, bool):
        raise ValueError(f"data.download={download} must be true or false")
    return roots


def file_at(key: str, file: str | None, suffixes: Iterable[str]) -> Path:
    """Return the path of a file. Raises ValueError where there is none, or one that isn't read."""
    endings = list(suffixes)
    if not isinstance(file, str):
        raise ValueError(
            f"{key}={file} names no file; write {key}=<a file that ends in {', '.join(endings)}>"
        )
    path = Path(file).expanduser()
    if path.suffix not in endings:
        raise ValueError(f"{key}={file} must end in {', '.join(endings)}; convert it")
    if not path.is_file():
        raise ValueError(f"{key}={file} is no file; name one with {key}=<file>")
    return path


def require(package: str, value: str) -> None:
    """Raise ValueError, with the command that installs it, where a package is missing."""
    if find_spec(package) is None:
        raise ValueError(f"{value} needs {package}: pip install 'optimizer-sweeps[data]'")
