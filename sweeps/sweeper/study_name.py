"""The name of a sweep, which is its folder's too."""

# Bytes of a folder's name.
LONGEST_NAME = 255


def check_study_name(name: str) -> None:
    """Raise ValueError for a name that can't be a folder's, as a sweep's is."""
    parts = name.split("/")
    longest = max(len(part.encode()) for part in parts)
    if longest > LONGEST_NAME:
        raise ValueError(
            f"hydra.sweeper.study_name={name[:20]}... has {longest} bytes, and a folder's name at most "
            f"{LONGEST_NAME}; write a shorter one"
        )
    if any(part.strip() in ("", ".", "..") for part in parts):
        raise ValueError(
            f"hydra.sweeper.study_name={name} is a path out of the folder of outputs; write a plain name"
        )
