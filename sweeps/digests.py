"""Tell by digests whether what something was made from is still the same, as `make` tells it by times."""

from collections.abc import Iterable
from hashlib import file_digest, sha256
from pathlib import Path


def digest_value(value: object) -> str:
    """Return the digest of plain values and dataclasses of them, by how Python writes them."""
    return sha256(repr(value).encode()).hexdigest()


def digest_files(paths: Iterable[str]) -> dict[str, str]:
    """Return the digest of each file, empty of one that is missing."""
    digests = dict.fromkeys(paths, "")
    for path in digests:
        if Path(path).is_file():
            with Path(path).open("rb") as file:
                digests[path] = file_digest(file, "sha256").hexdigest()
    return digests


def package_times() -> list[tuple[str, int]]:
    """Return this package's own files, each with the time of its last change."""
    times = []
    for file in sorted(Path(__file__).parent.rglob("*")):
        if file.suffix in (".py", ".jinja", ".gz"):
            times.append((str(file), file.stat().st_mtime_ns))
    return times
