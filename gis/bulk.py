"""How are a million values handled at once: shapes without collecting garbage, text without a loop over it?"""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet

    import numpy as np

__all__ = ["as_objects", "as_text", "fold_text", "uncollected"]


@contextmanager
def uncollected() -> Iterator[None]:
    """Make many objects without looking for garbage among them: none is in a cycle, and looking costs a third."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def as_text(values: pd.Series) -> pa.Array | None:
    """Give a column of text as one array of Arrow, nulls where nothing is; None where the column is no text."""
    if not isinstance(values.dtype, pd.StringDtype):
        return None
    array = pa.array(values.array, from_pandas=True)
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def fold_text(text: pa.Array, missing: AbstractSet[str]) -> pa.Array:
    """Bring text to half width, without blanks around it; null where it is one of the words for nothing."""
    folded = pc.utf8_trim_whitespace(pc.utf8_normalize(text, form="NFKC"))
    nothing = pc.is_in(pc.utf8_lower(folded), value_set=pa.array(sorted(missing), folded.type))
    return pc.if_else(nothing, pa.scalar(None, folded.type), folded)


def as_objects(text: pa.Array) -> np.ndarray:
    """Give text as Python objects, None where there is nothing, shape (n,)."""
    objects: np.ndarray = text.to_numpy(zero_copy_only=False)
    return objects
