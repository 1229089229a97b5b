"""How do columns become the rows of a binary COPY, without a loop over them?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["FIXED", "SENT_AS_BYTES", "pack"]

FIXED = {
    "bool": (pa.bool_(), ">u1", 0),
    "int2": (pa.int64(), ">i2", 0),
    "int4": (pa.int64(), ">i4", 0),
    "int8": (pa.int64(), ">i8", 0),
    "float8": (pa.float64(), ">f8", 0),
    "date": (pa.date32(), ">i4", 10_957),
    "timestamptz": (pa.timestamp("us", tz="UTC"), ">i8", 946_684_800_000_000),
}
"""Types of one width: what Arrow knows them by, how they are sent, and where PostgreSQL's 2000-01-01 lies."""
SENT_AS_BYTES = {"text", "geometry"}

SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
ROWS = 1 << 16
"""So many at a time: they stay near the processor."""

_BYTES = pa.large_binary()


def pack(rows: pa.Table, kinds: Mapping[str, str]) -> Iterator[memoryview | bytes]:
    """Give the bytes of ``COPY ... FROM STDIN (FORMAT binary)``, piece by piece.

    Parameters
    ----------
    rows : pyarrow.Table
        Text, bytes, and the types of `FIXED`; a column without any value may be of any type.
    kinds : mapping
        Column -> type of PostgreSQL, in the order in which COPY names them: keys of `FIXED`, or `SENT_AS_BYTES`.

    Notes
    -----
    A row is the number of its fields, and for each its length (-1: null) and its bytes, big endian (PostgreSQL, "COPY",
    Binary Format). Neighbours of one width without nulls are laid out together, so columns are best sorted that way.
    """
    yield SIGNATURE
    for start in range(0, rows.num_rows, ROWS):
        some = rows.slice(start, ROWS)
        layout = _Layout(some.num_rows)
        layout.add(np.broadcast_to(np.array(len(kinds), ">i2"), some.num_rows))
        for name, kind in kinds.items():
            column = some.column(name).combine_chunks()
            if kind in FIXED:
                _add_fixed(layout, column, *FIXED[kind][1:])
            else:
                _add_bytes(layout, column)
        yield layout.joined()
    yield TRAILER


class _Layout:
    """Fields of each row so far, in order: of one width as numpy knows them, others as bytes of Arrow."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self.open: list[np.ndarray] = []
        self.parts: list[pa.Array] = []

    def add(self, values: np.ndarray) -> None:
        self.open.append(values)

    def close(self) -> None:
        """Lay out together what has one width."""
        laid = np.empty(self.rows, [(str(i), v.dtype) for i, v in enumerate(self.open)])
        for i, values in enumerate(self.open):
            laid[str(i)] = values
        ends = np.arange(self.rows + 1, dtype=np.int64) * laid.itemsize
        self.parts.append(_bytes(ends, laid))
        self.open = []

    def joined(self) -> memoryview:
        if self.open:
            self.close()
        whole = pc.binary_join_element_wise(*self.parts, pa.scalar(b"", _BYTES))
        first, last = np.frombuffer(whole.buffers()[1], np.int64)[[0, len(whole)]]
        return memoryview(whole.buffers()[2])[first:last]


def _bytes(ends: np.ndarray, values: np.ndarray) -> pa.Array:
    return pa.Array.from_buffers(_BYTES, len(ends) - 1, [None, pa.py_buffer(ends), pa.py_buffer(values)])


def _add_fixed(layout: _Layout, column: pa.Array, sent: str, origin: int) -> None:
    width, number = np.dtype(sent).itemsize, np.dtype(sent).newbyteorder("=")
    there = np.asarray(column.is_valid())
    values = column.drop_null().cast(pa.from_numpy_dtype(number)).to_numpy(zero_copy_only=False)
    values = (values - number.type(origin)).astype(sent)
    layout.add(np.where(there, width, -1).astype(">i4"))
    if there.all():
        layout.add(values)
        return
    layout.close()
    ends = np.concatenate([[0], np.cumsum(there * width)])
    layout.parts.append(_bytes(ends, values))


def _add_bytes(layout: _Layout, column: pa.Array) -> None:
    found = column.cast(_BYTES)
    layout.add(pc.fill_null(pc.binary_length(found), -1).to_numpy(zero_copy_only=False).astype(">i4"))
    if found.null_count == len(found):
        return
    layout.close()
    layout.parts.append(pc.fill_null(found, b"") if found.null_count else found)
