"""What must hold for the rows of each kind, and what is derived for them?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gis.addresses import fold_address
from gis.crs import metric_crs
from gis.errors import InputError
from gis.graph import STREET_CLASSES
from gis.ingest.columns import as_time
from gis.ingest.households import EstimateSettings, estimate_households
from gis.ingest.vocabulary import BARRIER_KIND, LANDCOVER, OTHER_KIND, PART_CLASS, fold_word

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd

    from gis.ingest.bounds import DistrictBounds
    from gis.ingest.options import ReadOptions
    from gis.ingest.sieve import Sieve
    from gis.ingest.specs import FileSpec

__all__ = ["RULES", "Context", "fix_by_spec", "prepare_match"]


@dataclass(frozen=True)
class Context:
    """What a rule may look at beside the rows.

    Parameters
    ----------
    sieve : Sieve
    options : ReadOptions
    district : DistrictBounds, optional
        What the district holds so far.
    """

    sieve: Sieve
    options: ReadOptions
    district: DistrictBounds | None


PARTIAL = "Correct the row, or take the others with --accept-partial."
DIGITS_2013, DIGITS_2026 = 16, 17
PERSONS = ("people", "key_persons")
"""What may be counted in a building beside its households."""


# ------------------------------------------------------------------------------------------ what the caller said
def prepare_match(kind: str, matched: dict[str, str], spec: FileSpec) -> dict[str, str]:
    """Let the columns of rails and waters speak their own language, though they are called ``class`` or ``type``."""
    if kind != "barriers":
        return matched
    said = BARRIER_KIND.get(fold_word(spec.option("kind") or ""))
    own = {"rail": "railway", "water": "waterway"}.get(said or "")
    if own and own not in matched:
        source = next((f for f in ("class", "type") if f in matched), None)
        if source:
            matched[own] = matched.pop(source)
    return matched


def fix_by_spec(kind: str, frame: pd.DataFrame, spec: FileSpec, sieve: Sieve) -> None:
    """Fill in what was said about the whole file: the kind of a barrier or of land cover, a class, a level.

    Raises
    ------
    InputError
        When a word is unknown, or nothing tells what kind of barriers the file holds.
    """
    if kind == "landcover" and spec.option("kind"):
        frame["kind"] = LANDCOVER.get(fold_word(spec.option("kind")), fold_word(spec.option("kind")))
    if kind != "barriers":
        return
    said = spec.option("kind")
    if said:
        meant = BARRIER_KIND.get(fold_word(said))
        if meant is None:
            raise InputError(f"'{said}' is no kind of barrier ({spec.path.name}).", "Use street, water, rail or wall.")
        frame["kind"] = meant
    elif "kind" not in frame:
        by_column = {"class": "street", "railway": "rail", "waterway": "water"}
        there = [column for column in by_column if column in frame and frame[column].notna().any()]
        found = pd.Series(by_column[there[0]] if len(there) == 1 else None, index=frame.index, dtype=object)
        for column in there:
            found = found.where(found.notna() | frame[column].isna(), by_column[column])
        if found.isna().all():
            stem = fold_word(spec.path.name.split(".")[0])
            guess = BARRIER_KIND.get(stem) or BARRIER_KIND.get(stem.removesuffix("s")) if stem else None
            if guess is None:
                raise InputError(
                    f"Nothing tells what kind of barriers {spec.path.name} holds.",
                    f"Write {spec.path.name}:kind=street (or water, rail, wall).",
                )
            found[:] = guess
        frame["kind"] = found
    if "class" in frame:  # a river or a railway among the streets is what it is
        other = frame["class"].isin(set(OTHER_KIND.values()))
        frame.loc[other, "kind"] = frame.loc[other, "class"]
        frame.loc[other, "class"] = None
    fixed = spec.option("class")
    if fixed and "class" not in frame:
        if fixed not in STREET_CLASSES:
            raise InputError(
                f"{spec.path.name} has no column '{fixed}', and it is no class of streets either.",
                f"Name a column, or one of {', '.join(STREET_CLASSES)}.",
            )
        frame["class"] = fixed
    sieve.refuse(
        frame["kind"].isna().to_numpy(bool) & sieve.kept, "kind_missing", "has no kind of barrier", remedy=PARTIAL
    )


# ------------------------------------------------------------------------------------------ by kind
def _buildings(frame: gpd.GeoDataFrame, context: Context) -> gpd.GeoDataFrame:
    floors = _numbers(frame, "floors")
    half = np.isfinite(floors) & (floors != np.floor(floors))
    if half.any():
        context.sieve.report.add(
            "mended", "floors_rounded", f"{int(half.sum())} buildings have broken floors; rounded",
            amount=float(half.sum()), unit="buildings",
        )  # fmt: skip
    frame["floors"] = pd.array(np.where(floors > 300, np.nan, np.floor(floors + 0.5)), dtype="Float64").astype("Int64")
    if "address" not in frame:
        frame["address"] = _addresses(frame)
    keys = [fold_address(a or n) or None for a, n in zip(_texts(frame, "address"), _texts(frame, "name"), strict=True)]
    frame["address_key"] = np.asarray(keys, dtype=object)
    households, stated = _numbers(frame, "households"), _numbers(frame, "households_estimated")
    flags = np.asarray([v is True for v in _texts(frame, "estimated")], bool)
    from_estimate = np.isnan(households) & np.isfinite(stated)
    households = np.where(from_estimate, np.floor(stated + 0.5), households)
    flags |= from_estimate
    unknown = np.isnan(households) & context.sieve.kept
    if unknown.any() and context.options.estimate_households:
        guess = estimate_households(frame.to_crs(metric_crs(frame)))
        households = np.where(unknown, guess, households)
        flags |= unknown & np.isfinite(guess)
        context.sieve.report.add(
            "note", "households_estimated",
            f"{int((unknown & np.isfinite(guess)).sum())} buildings had no households; estimated: {EstimateSettings()}",
            amount=float(np.nansum(guess[unknown])), unit="households",
        )  # fmt: skip
        unknown &= np.isnan(guess)
    if unknown.any():
        context.sieve.report.add(
            "left_over", "households_unknown",
            f"{int(unknown.sum())} buildings have no households; they stay unknown and count as 0",
            amount=float(unknown.sum()), unit="buildings",
            remedy="--estimate-households estimates them from footprint and floors, kept apart from counts."
            if not context.options.estimate_households else "Points have no footprint to estimate from.",
        )  # fmt: skip
    frame["households"] = pd.array(households, dtype="Float64").astype("Int64")
    for name in PERSONS:
        frame[name] = pd.array(_numbers(frame, name), dtype="Float64").astype("Int64")
    frame["estimated"] = flags & np.isfinite(households)
    days = _texts(frame, "as_of")
    days[pd.isna(days)] = context.options.as_of
    frame["as_of"] = days
    frame["state"] = _states(frame, "existing", ("existing", "demolished"), context)
    _name_communities(frame, context)
    return frame


def _states(frame: pd.DataFrame, usual: str, known: tuple[str, ...], context: Context) -> np.ndarray:
    """The state of each row, the usual one where none is written; words nobody knows are told."""
    states = _texts(frame, "state")
    strange = ~(pd.isna(states) | np.isin(states, known))
    context.sieve.mend(
        strange & context.sieve.kept, "state_unknown", lambda i: f"'{states[i]}' is no known state; taken as {usual}",
        field="state", remedy=f"Use {' or '.join(known)}, or name another column with --map COLUMN=state.",
    )  # fmt: skip
    return np.where(strange | pd.isna(states), usual, states)


def _counts(frame: gpd.GeoDataFrame, context: Context) -> gpd.GeoDataFrame:
    """Counts by building and date: the same twice is one, two for one date is a fault."""
    sieve = context.sieve
    days = _texts(frame, "as_of")
    days[pd.isna(days)] = context.options.as_of
    frame["as_of"] = days
    numbers = ["households", *PERSONS]
    for name in numbers:
        frame[name] = pd.array(_numbers(frame, name), dtype="Float64").astype("Int64")
    frame["estimated"] = np.asarray([v is True for v in _texts(frame, "estimated")], bool)
    codes = sieve.codes = _texts(frame, "building_code")
    district = context.district
    if district is not None and district.buildings is not None and "code" in district.buildings:
        known = set(district.buildings["code"])
        sieve.refuse(
            np.asarray([v is not None and v not in known for v in codes], bool) & sieve.kept, "building_unknown",
            lambda i: f"there is no building {codes[i]}", field="building_code",
            remedy="Correct the code, or import the building first.",
        )  # fmt: skip
    counts = frame[numbers].astype(object).where(frame[numbers].notna(), None)
    said = list(zip(*(counts[name] for name in numbers), frame["estimated"], strict=True))
    first: dict[tuple[object, object], int] = {}
    other: dict[int, int] = {}
    again: list[int] = []
    for row in np.flatnonzero(sieve.kept & ~pd.isna(codes)).tolist():
        earlier = first.setdefault((codes[row], days[row]), row)
        if said[earlier] != said[row]:
            other |= {row: earlier, earlier: other.get(earlier, row)}
        elif earlier != row:
            again.append(row)
    sieve.refuse(
        sorted(other), "count_contradicts",
        lambda i: f"building {codes[i]} has another count for {days[i] or 'the same date'} in "
        f"{sieve.row_name(other[i])}",
        field="households", remedy="Keep the right one, or take the other rows with --accept-partial.",
    )  # fmt: skip
    sieve.leave_out(
        again, "count_repeated", lambda i: f"the same count as in {sieve.row_name(first[codes[i], days[i]])}"
    )
    return frame


def _name_communities(frame: pd.DataFrame, context: Context) -> None:
    """Turn names of communities into codes, and tell codes that the district does not have."""
    district = context.district
    if district is None or "community_code" not in frame or "code" not in district.communities.columns:
        return
    known = {str(c): str(c) for c in district.communities["code"]}
    if "name" in district.communities.columns:
        names = district.communities["name"].astype(str)
        known = (
            dict(zip(names[~names.duplicated(keep=False)], district.communities["code"].astype(str), strict=False))
            | known
        )
    said = frame["community_code"].to_numpy(object)
    filled = frame["community_code"].notna().to_numpy()  # blank fields of Excel are NaN
    meant = np.asarray([known.get(str(v)) if f else None for v, f in zip(said, filled, strict=True)], dtype=object)
    strange = filled & np.asarray([m is None for m in meant], bool)
    context.sieve.note(
        strange & context.sieve.kept,
        "community_unknown",
        lambda i: f"names community {said[i]}, which the district does not have",
        remedy="Check the community's code or name.",
    )
    frame["community_code"] = np.where(strange, said, meant)


def _addresses(frame: pd.DataFrame) -> np.ndarray:
    """Street and number as one, in the order of the language."""
    joined: list[str | None] = []
    for street, number in zip(_texts(frame, "street"), _texts(frame, "house_number"), strict=True):
        if street is None:
            joined.append(None)
        elif number is None:
            joined.append(street)
        else:
            joined.append(f"{street}{number}" if any(c > "⺀" for c in street) else f"{number} {street}")
    return np.asarray(joined, dtype=object)


def _barriers(frame: gpd.GeoDataFrame, context: Context) -> gpd.GeoDataFrame:
    street: np.ndarray = (frame["kind"] == "street").to_numpy(bool)
    classes = _texts(frame, "class")
    classes[~street] = None
    frame["class"] = classes
    grade = _texts(frame, "grade")
    elevated = _texts(frame, "railway") == "elevated"
    bridge, tunnel = (np.asarray([v is True for v in _texts(frame, c)], bool) for c in ("bridge", "tunnel"))
    frame["bridge"] = bridge | (grade == "above") | elevated
    frame["tunnel"] = tunnel | (grade == "below")
    frame["width_m"] = _numbers(frame, "width_m")
    unknown = street & pd.isna(classes) & context.sieve.kept
    if unknown.any():
        context.sieve.report.add(
            "note", "class_missing", f"{int(unknown.sum())} streets have no class",
            amount=float(unknown.sum()), unit="rows",
            remedy="FILE:kind=street,class=COLUMN names the column that has it.",
        )  # fmt: skip
    return frame


def _landcover(frame: gpd.GeoDataFrame, context: Context) -> gpd.GeoDataFrame:
    strange = sorted({str(k) for k in frame["kind"].dropna()} - set(LANDCOVER.values()) - {"None"})
    if strange:
        context.sieve.report.add("note", "kind_kept", f"kinds kept as they are: {', '.join(strange[:20])}")
    return frame


def _parts(frame: gpd.GeoDataFrame, context: Context) -> gpd.GeoDataFrame:
    names = _texts(frame, "class_name")
    classes = _texts(frame, "class")
    codes = _texts(frame, "code")
    by_name = {n: PART_CLASS.get(fold_word(n)) for n in set(names[~pd.isna(names)])}
    for row in np.flatnonzero(pd.isna(classes)):
        code = codes[row]
        if code is not None and code.isdigit() and len(code) in {DIGITS_2013, DIGITS_2026}:
            classes[row] = code[6 : len(code) - 6]
        elif names[row] is not None:
            classes[row] = by_name[names[row]]
    frame["class"] = classes
    nameless = pd.isna(names)
    frame["class_name"] = np.where(nameless, classes, names)
    context.sieve.refuse(
        pd.isna(frame["class_name"]).to_numpy(bool) & context.sieve.kept,
        "class_missing", "has neither class nor class name",
        field="class_name", remedy="Name the column with --map COLUMN=class_name.",
    )  # fmt: skip
    states = _texts(frame, "state")
    frame["state"] = np.where(pd.isna(states), "intact", states)
    return frame


def _events(frame: gpd.GeoDataFrame, context: Context) -> gpd.GeoDataFrame:
    classes, names = (_texts(frame, c) for c in ("class", "class_name"))
    frame["class"] = classes
    frame["class_name"] = np.where(pd.isna(names), classes, names)
    context.sieve.refuse(
        pd.isna(frame["class_name"]).to_numpy(bool) & context.sieve.kept,
        "class_missing", "has neither class nor class name",
        field="class_name", remedy="Name the column with --map COLUMN=class_name.",
    )  # fmt: skip
    zone = context.options.time_zone or (context.district.zone if context.district else "UTC")
    said = frame["occurred_at"] if "occurred_at" in frame else pd.Series(pd.NaT, index=frame.index)
    times, unreadable = as_time(said, zone)
    told = said.to_numpy(object)
    context.sieve.refuse(
        unreadable, "time_unreadable", lambda i: f"'{told[i]}' is no date and time", field="occurred_at",
        remedy="Write times as 2026-03-31 14:05 (local), or with a zone: 2026-03-31T14:05:00+08:00.",
    )  # fmt: skip
    context.sieve.refuse(
        times.isna().to_numpy(bool) & ~unreadable & context.sieve.kept,
        "time_missing",
        "has no time",
        field="occurred_at",
        remedy=PARTIAL,
    )
    frame["occurred_at"] = times
    frame["state"] = _states(frame, "closed", ("open", "closed"), context)
    frame["closed_at"] = _closing(frame, zone, context)
    context.sieve.report.add("note", "time_zone", f"times without a zone are local to {zone}")
    lost = frame.geometry.isna().to_numpy(bool) & context.sieve.kept
    if lost.any():
        context.sieve.report.add(
            "note", "events_unlocated", f"{int(lost.sum())} events have no coordinates; kept as unlocated",
            amount=float(lost.sum()), unit="events",
        )  # fmt: skip
    return frame


def _closing(frame: pd.DataFrame, zone: str, context: Context) -> pd.Series:
    """When each event was closed; a time that cannot be is left away and told, the event stays."""
    if "closed_at" not in frame:
        return pd.Series(pd.NaT, index=frame.index, dtype="datetime64[us, UTC]")
    told = frame["closed_at"].to_numpy(object)
    times, unreadable = as_time(frame["closed_at"], zone)
    early = (times < frame["occurred_at"]).to_numpy(bool)
    still_open = (frame["state"] == "open").to_numpy(bool) & times.notna().to_numpy(bool)

    def tell(wrong: np.ndarray, rule: str, text: str) -> None:
        context.sieve.mend(
            wrong & context.sieve.kept, rule, lambda i: f"'{told[i]}' {text}; taken as unknown", field="closed_at"
        )

    tell(unreadable, "closed_at_unreadable", "is no date and time")
    tell(early, "closed_before_occurred", "is before the event")
    tell(still_open & ~early, "closed_though_open", "is a time of closing, though the event is open")
    return times.where(~(unreadable | early | still_open))


def _grids(frame: gpd.GeoDataFrame, context: Context) -> gpd.GeoDataFrame:
    _name_communities(frame, context)
    return frame


def _workers(frame: gpd.GeoDataFrame, context: Context) -> gpd.GeoDataFrame:
    lost = np.asarray(
        [
            g is None and c is None
            for g, c in zip(_texts(frame, "grid_code"), _texts(frame, "community_code"), strict=True)
        ],
        bool,
    )
    context.sieve.refuse(
        lost & context.sieve.kept,
        "place_missing",
        "names neither a grid code nor a community",
        field="grid_code",
        remedy=PARTIAL,
    )
    _name_communities(frame, context)
    return frame


def _texts(frame: pd.DataFrame, name: str) -> np.ndarray:
    """A column as objects, None where there is nothing or no such column."""
    if name not in frame:
        return np.full(len(frame), None, dtype=object)
    values = frame[name].to_numpy(object).copy()
    values[pd.isna(frame[name]).to_numpy(bool)] = None
    return values


def _numbers(frame: pd.DataFrame, name: str) -> np.ndarray:
    if name not in frame:
        return np.full(len(frame), np.nan)
    return np.array(pd.to_numeric(frame[name]), dtype=np.float64)


RULES: dict[str, Callable[[gpd.GeoDataFrame, Context], gpd.GeoDataFrame]] = {
    "buildings": _buildings,
    "households": _counts,
    "barriers": _barriers,
    "landcover": _landcover,
    "parts": _parts,
    "events": _events,
    "grids": _grids,
    "workers": _workers,
}
"""The rules of the kinds that have more than their fields' own (divisions: `gis.ingest.divisions`)."""
