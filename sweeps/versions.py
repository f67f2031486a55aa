"""The versions that a report of a fault should name."""

from importlib.metadata import PackageNotFoundError, version

from sweeps import __version__

# Our name for each of those that decide what a sweep does, and its name in the package index.
PACKAGES = {"Hydra": "hydra-core", "Optuna": "optuna", "torch": "torch"}


def versions() -> str:
    """Return one line: our version, then Hydra's, Optuna's and torch's, without importing them."""
    packages = ", ".join(f"{name} {_version(package)}" for name, package in PACKAGES.items())
    return f"optimizer-sweeps {__version__} ({packages})"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
