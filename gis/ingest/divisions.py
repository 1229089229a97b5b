"""Which level has each division, under whom does it stand, and of which district are they?"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from gis.errors import InputError
from gis.ingest.vocabulary import LEVELS, fold_word

if TYPE_CHECKING:
    import geopandas as gpd

    from gis.ingest.options import ReadOptions
    from gis.ingest.sieve import Sieve

__all__ = ["LEVEL_OF_LENGTH", "arrange", "district_code", "give_levels", "keep_properties", "name_district"]

LEVEL_OF_LENGTH = {6: "district", 9: "subdistrict", 12: "community"}
UPPER = {"community": ("subdistrict", "district"), "subdistrict": ("district",), "district": ()}
PREFIX = {"subdistrict": 9, "district": 6}


def give_levels(frame: pd.DataFrame, level: str | None, sieve: Sieve) -> None:
    """Fill the column ``level``: as said for the file, as its column says, by the code's length, else community.

    Raises
    ------
    InputError
        For an unknown level.
    """
    if level is not None:
        meant = LEVELS.get(fold_word(level))
        if meant is None:
            raise InputError(f"'{level}' is no level of divisions.", "Use district, subdistrict or community.")
        frame["level"] = meant
        return
    codes = frame["code"] if "code" in frame else pd.Series(None, index=frame.index, dtype=object)
    by_code = [LEVEL_OF_LENGTH.get(len(c)) if isinstance(c, str) and c.isdigit() else None for c in codes]
    said = frame["level"] if "level" in frame else pd.Series(None, index=frame.index, dtype=object)
    levels = [s if isinstance(s, str) else b for s, b in zip(said, by_code, strict=True)]
    guessed = np.asarray([v is None for v in levels], bool)
    if (guessed & sieve.kept).any():
        sieve.report.add(
            "note", "level_assumed", f"{int(guessed.sum())} divisions name no level; taken as communities",
            amount=float(guessed.sum()), unit="divisions", remedy="--level says it.",
        )  # fmt: skip
    frame["level"] = np.asarray([v or "community" for v in levels], dtype=object)


def name_district(frame: pd.DataFrame, options: ReadOptions) -> None:
    """Give a district that came as a mere outline its code and name: those said, or the others' six digits."""
    if "code" not in frame:
        frame["code"] = None
    bare = (frame["level"] == "district") & frame["code"].isna()
    if bare.sum() != 1:
        return
    digits = {c[:6] for c in frame["code"].dropna().astype(str) if c.isdigit() and len(c) in LEVEL_OF_LENGTH}
    code = options.district or (next(iter(digits)) if len(digits) == 1 else None)
    if code is not None:
        frame.loc[bare, "code"] = code
    if options.district_name is not None:
        frame["name"] = frame.get("name")
        frame.loc[bare & frame["name"].isna(), "name"] = options.district_name


def keep_properties(attributes: pd.DataFrame, used: set[str]) -> np.ndarray:
    """Give the columns that became no field as one dictionary a row, ready for JSON."""
    rest = attributes[[c for c in attributes.columns if c not in used]]
    if rest.shape[1] == 0:
        return np.asarray([{} for _ in range(len(attributes))], dtype=object)
    records = json.loads(rest.to_json(orient="records", date_format="iso", default_handler=str))
    return np.asarray([{k: v for k, v in r.items() if v is not None} for r in records], dtype=object)


def district_code(frame: pd.DataFrame, options: ReadOptions) -> str:
    """Derive the district's code: as said, else the six digits that all codes share or the one district itself has.

    Raises
    ------
    InputError
        When the codes belong to several districts, or to none.
    """
    if options.district:
        return options.district
    digits = [c[:6] for c in frame["code"].astype(str) if c.isdigit() and len(c) in LEVEL_OF_LENGTH]
    found = Counter(digits)
    own = set(frame["code"][frame["level"] == "district"]) & set(found)
    if len(found) == 1 and (own or len(digits) == len(frame)):
        return next(iter(found))
    if len(found) > 1:
        named = ", ".join(f"{code} ({n})" for code, n in found.most_common(5))
        raise InputError(f"The divisions belong to several districts: {named}.", "Name one with --district CODE.")
    raise InputError("The divisions' codes name no district (six digits).", "Name it with --district CODE.")


def arrange(frame: gpd.GeoDataFrame, sieve: Sieve) -> gpd.GeoDataFrame:
    """Name every division, and its parent: the one stated, else by the code's first digits, else by position.

    Levels that the data lack stay empty: a community without subdistrict stands under the district, if there is one.
    """
    names = frame["name"].to_numpy(object).copy() if "name" in frame else np.full(len(frame), None, dtype=object)
    nameless = pd.isna(names)
    names[nameless] = frame["code"].to_numpy(object)[nameless]
    frame["name"] = names
    codes = frame["code"].to_numpy(object)
    levels = frame["level"].to_numpy(object)
    stated = (
        frame["parent_code"].to_numpy(object) if "parent_code" in frame else np.full(len(frame), None, dtype=object)
    )
    shapes = np.asarray(frame.geometry.array)
    rows_of = {level: np.flatnonzero((levels == level) & sieve.kept) for level in UPPER}
    known: dict[str, dict[str, Any]] = {level: {str(codes[i]): i for i in rows} for level, rows in rows_of.items()}
    trees = {level: shapely.STRtree(shapes[rows]) for level, rows in rows_of.items()}
    parents = np.full(len(frame), None, dtype=object)
    for i in np.flatnonzero(sieve.kept):
        if stated[i] is not None and not pd.isna(stated[i]):
            parents[i] = stated[i]
            continue
        spot = shapely.point_on_surface(shapes[i])
        for level in UPPER[levels[i]]:
            prefix = str(codes[i])[: PREFIX[level]]
            if prefix in known[level] and str(codes[i]).isdigit():
                parents[i] = prefix
            elif len(rows_of[level]):
                inside = trees[level].query(spot, predicate="intersects")
                parents[i] = codes[rows_of[level][inside.min()]] if len(inside) else None
            if parents[i] is not None:
                break
    frame["parent_code"] = parents
    return frame
