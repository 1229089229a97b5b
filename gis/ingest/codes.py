"""By which code is a thing known again, and does each have its own?"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

if TYPE_CHECKING:
    from gis.ingest.sieve import Sieve

__all__ = ["check_codes"]

PARTIAL = "Correct the row, or take the others with --accept-partial."


def check_codes(kind: str, frame: pd.DataFrame, shapes: np.ndarray, sieve: Sieve) -> None:
    """Derive codes where the source has none, refuse those that come twice.

    A derived code is a hash of what the row says (place to 1e-7 degrees, class, name, time), so the same thing gets the
    same code from any file, in any order.
    """
    if "code" not in frame:
        frame["code"] = None
    codes = frame["code"].to_numpy(object).copy()
    empty = pd.isna(frame["code"]).to_numpy(bool) & sieve.kept
    some = (~pd.isna(frame["code"])).any()
    if some and kind in {"buildings", "events", "parts", "divisions"}:
        sieve.refuse(empty, "code_missing", "has no code, though others have", field="code", remedy=PARTIAL)
    elif empty.any():
        codes[empty] = _hashes(kind, frame[empty], shapes[empty])
        sieve.report.add(
            "note", "codes_derived", f"{int(empty.sum())} rows have no code; one was derived from place and content",
            amount=float(empty.sum()), unit="rows",
        )  # fmt: skip
    if kind in {"barriers", "landcover"}:  # each source numbers its own
        kinds = frame["kind"].to_numpy(object)
        own = ~empty & ~pd.isna(codes)
        codes[own] = [f"{k}:{c}" for k, c in zip(kinds[own], codes[own], strict=True)]
    frame["code"] = codes
    sieve.codes = codes
    keys = codes if kind != "divisions" else frame["level"].astype(str).to_numpy(object) + " " + codes.astype(str)
    numbers, _ = pd.factorize(keys)
    alive = sieve.kept & (numbers >= 0)
    rows = np.flatnonzero(alive)
    order = rows[np.argsort(numbers[rows], kind="stable")]
    same = np.concatenate([[False], numbers[order][1:] == numbers[order][:-1], [False]])
    twice = same[:-1] | same[1:]
    other: dict[int, int] = {}
    for place in np.flatnonzero(twice):
        row = int(order[place])
        other[row] = int(order[place - 1] if same[place] else order[place + 1])
    sieve.refuse(
        sorted(other), "code_duplicated", lambda i: f"code {codes[i]} is also that of {sieve.row_name(other[i])}",
        field="code", remedy="Give each its own code, or take the rows with single codes with --accept-partial.",
    )  # fmt: skip


def _hashes(kind: str, frame: pd.DataFrame, shapes: np.ndarray) -> np.ndarray:
    """Codes from content; of rows that are wholly alike the second gets ``-2``, and so on."""
    places = shapely.to_wkb(shapely.transform(shapes, lambda xy: np.round(xy, 7) + 0.0))
    said = [
        c for c in ("kind", "class", "class_name", "name", "phone", "address", "occurred_at", "level") if c in frame
    ]
    columns = [["" if v is None or v != v else str(v) for v in frame[c].to_numpy(object)] for c in said]  # noqa: PLR0124
    texts = ["\x1f".join(row) for row in zip(*columns, strict=True)] if said else [""] * len(frame)
    codes = [
        f"{kind[0]}-{hashlib.sha256((wkb or b'') + text.encode()).hexdigest()[:16]}"
        for wkb, text in zip(places, texts, strict=True)
    ]
    nth = pd.Series(codes).groupby(codes).cumcount()
    return np.asarray([c if n == 0 else f"{c}-{n + 1}" for c, n in zip(codes, nth, strict=True)], dtype=object)
