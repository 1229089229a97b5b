"""Where do the kernels get their random numbers, the same on every machine and in every process?"""

from __future__ import annotations

import hashlib

import numpy as np

from gis.partition._compiled import inlined

__all__ = ["below", "seed_of", "state_of", "uniform"]


def seed_of(*parts: object) -> int:
    """Make a 63-bit seed from anything printable: the same parts, the same seed."""
    digest = hashlib.blake2b("\x1f".join(map(str, parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1


def state_of(seed: int) -> np.ndarray:
    """State of the generator (splitmix64, Steele et al. 2014), shape (1,)."""
    return np.array([seed], np.uint64)


@inlined
def uniform(state: np.ndarray) -> float:
    """Draw from [0, 1)."""
    state[0] += np.uint64(0x9E3779B97F4A7C15)
    z = state[0]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    x: float = (z >> np.uint64(11)) * (1.0 / 9007199254740992.0)
    return x


@inlined
def below(state: np.ndarray, n: int) -> int:
    """Draw from 0 .. n-1."""
    return min(int(uniform(state) * n), n - 1)
