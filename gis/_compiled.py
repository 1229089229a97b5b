"""How are the kernels compiled?"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from numba import njit

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["compiled", "inlined"]

F = TypeVar("F", bound="Callable[..., object]")


def compiled(function: F) -> F:
    """Compile with numba, once for all runs on this machine."""
    kernel: F = njit(cache=True)(function)
    return kernel


def inlined(function: F) -> F:
    """Compile into each caller: small steps of inner loops, which take less time than handing over a dozen arrays."""
    kernel: F = njit(inline="always")(function)
    return kernel
