"""Independent random streams from one seed."""

import hashlib


def seed_for(seed: int, purpose: str) -> int:
    """Return a generator's seed for one purpose of a run, so that its streams share no numbers."""
    digest = hashlib.blake2b(f"{purpose}:{seed}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1  # torch takes 63 bits without a sign
