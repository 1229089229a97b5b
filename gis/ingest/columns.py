"""Which column became which field, and what do its values mean?"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from gis.bulk import as_objects, as_text, fold_text
from gis.errors import InputError
from gis.ingest.kinds import fold_name
from gis.ingest.vocabulary import MISSING, fold_word

if TYPE_CHECKING:
    import datetime as dt

    from gis.ingest.kinds import Field, Kind
    from gis.ingest.sieve import Sieve
    from gis.ingest.specs import FileSpec

__all__ = ["as_time", "convert", "match_columns"]

PLACE_ROLES = {"lon", "lat", "wkt"}
DBF_NAME = 10
LONG_CODE = 1e14
"""From 15 digits on a spreadsheet shows a code as 1.10101E+14, and from 16 on it forgets the last ones."""
MISSING_CODES = frozenset({"", "null", "<null>", "none", "nan", "nat"})
_MEASURED = re.compile(r"^\s*([+-]?\d+(?:\.\d+)?)\s*(?:层|楼|户|人|米|m|f|floors?|storeys?)?\s*$", re.IGNORECASE)
_MANGLED = r"^\s*\d\.\d+[eE]\+?\d+\s*$"


def match_columns(kind: Kind, columns: list[str], spec: FileSpec) -> dict[str, str]:
    """Find the column of each field.

    Parameters
    ----------
    kind : Kind
    columns : list of str
        Of the file, place columns left out.
    spec : FileSpec
        Its map wins over everything; its ``class`` option may name a column; then come the fields' names and aliases,
        best first. A column serves one field. Names that a shapefile cut at ten bytes are recognised.

    Returns
    -------
    dict
        Field -> column.

    Raises
    ------
    InputError
        When the map names a column or a field that does not exist.
    """
    found: dict[str, str] = {}
    by_fold = {fold_name(c): c for c in columns}
    for column, name in spec.map.items():
        if name in PLACE_ROLES:
            continue
        entry = kind.field(name)
        if entry is None:
            known = ", ".join(f.name for f in kind.fields)
            raise InputError(f"{kind.name} have no field '{name}' (--map {column}={name}).", f"Fields are {known}.")
        real = column if column in columns else by_fold.get(fold_name(column))
        if real is None:
            raise InputError(
                f"{spec.path.name} has no column '{column}' (--map {column}={name}).", f"It has {', '.join(columns)}."
            )
        found[entry.name] = real
    wanted = spec.option("class")
    if wanted and kind.field("class") is not None and wanted in columns:
        found.setdefault("class", wanted)
    for entry in kind.fields:
        if entry.name in found:
            continue
        free = {f: c for f, c in by_fold.items() if c not in found.values()}
        column_ = next((free[name] for name in entry.names if name in free), None)
        if column_ is not None:
            found[entry.name] = column_
    for column, name in _cut_names(kind, [c for c in columns if c not in found.values()]).items():
        found.setdefault(name, column)
    return found


def _cut_names(kind: Kind, columns: list[str]) -> dict[str, str]:
    """Fields of columns whose names a shapefile cut at ten bytes, of several the one with the shortest name.

    Cut are English names, Chinese ones at five characters (GBK) or at three (UTF-8).
    """
    found: dict[str, tuple[int, str]] = {}
    for entry in kind.fields:
        for alias in (entry.name, *entry.aliases.split()):
            for encoding in ("utf-8", "gb18030"):
                data = alias.casefold().encode(encoding)
                if len(data) > DBF_NAME:
                    cut = data[:DBF_NAME].decode(encoding, "ignore")
                    if cut not in found or len(data) < found[cut][0]:
                        found[cut] = (len(data), entry.name)
    names = {c: found[k][1] for c in columns if (k := c.casefold().rstrip("�")) in found}
    return {c: n for c, n in names.items() if list(names.values()).index(n) == list(names).index(c)}


def convert(frame: pd.DataFrame, matched: dict[str, str], kind: Kind, sieve: Sieve) -> pd.DataFrame:
    """Give every matched field its type; what cannot be read is told to `sieve`.

    Returns
    -------
    DataFrame
        One column a field: text and flags as object with None, numbers as float64 with NaN, dates as datetime.date;
        times stay as they are until the time zone is known (`as_time`).
    """
    result: dict[str, Any] = {}
    code = matched.get(kind.key)
    if code is not None:  # first, so that every later remark can name the thing
        result[kind.key] = sieve.codes = _codes(frame[code], code, sieve)
    for entry in kind.fields:
        column = matched.get(entry.name)
        if column is None or entry.name == kind.key:
            continue
        values = frame[column]
        if entry.type == "code":
            result[entry.name] = _codes(values, column, sieve)
        elif entry.type in {"integer", "number"}:
            result[entry.name] = _numbers(values, entry, column, sieve)
        elif entry.type == "date":
            result[entry.name] = _dates(values, column, sieve)
        elif entry.type == "time":
            result[entry.name] = values
        elif entry.type in {"word", "flag"}:
            result[entry.name] = _words(values, entry, column, sieve)
        else:
            result[entry.name] = _text(values)
    # objects stay objects: text would go to and fro between two forms
    typed = {n: pd.Series(v, frame.index, object) if _is_objects(v) else v for n, v in result.items()}
    return pd.DataFrame(typed, index=frame.index)


def _is_objects(values: pd.Series | np.ndarray) -> bool:
    return isinstance(values, np.ndarray) and values.dtype == object


# ------------------------------------------------------------------------------------------ by type
def _each_once(values: pd.Series, meaning: Any) -> np.ndarray:
    """Apply a function to every different value once."""
    numbers, uniques = pd.factorize(values)
    meanings = np.empty(len(uniques) + 1, dtype=object)
    meanings[:-1] = [meaning(v) for v in np.asarray(uniques, dtype=object)]
    meanings[-1] = None
    result: np.ndarray = meanings[numbers]
    return result


def _plain(value: object) -> str:
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    return unicodedata.normalize("NFKC", str(value)).strip() if not isinstance(value, str) else value.strip()


def _text(values: pd.Series) -> np.ndarray:
    def mean(value: object) -> str | None:
        text = _plain(value)
        return None if text.casefold() in MISSING else text

    return _each_once(values, mean)


def _codes(values: pd.Series, column: str, sieve: Sieve) -> np.ndarray:
    def mean(value: object) -> str | None:
        text = unicodedata.normalize("NFKC", _plain(value)).strip()
        return None if text.casefold() in MISSING_CODES else text

    text = as_text(values)
    if text is None:
        codes, mangled = _each_once(values, mean), _each_once(values, _mangled).astype(bool)
    else:
        codes = as_objects(fold_text(text, MISSING_CODES))
        mangled = as_objects(pc.match_substring_regex(text, _MANGLED).fill_null(False))
    sieve.refuse(
        mangled, "code_mangled",
        lambda i: f"'{codes[i]}' is what a spreadsheet makes of a long code",
        field=column, remedy="Format the column as text, enter the codes again and save.",
    )  # fmt: skip
    return codes


def _mangled(value: object) -> bool:
    """Tell codes that went through a number: 1.10101E+14 as text, or as a number whose last digits are lost."""
    if isinstance(value, str):
        return bool(re.match(_MANGLED, value))
    if not isinstance(value, (int, float, np.number)) or value < LONG_CODE:
        return False
    rounded = float(value) == float(f"{value:.5e}")
    return rounded or (isinstance(value, (float, np.floating)) and float(value) >= 10 * LONG_CODE)


def _numbers(values: pd.Series, entry: Field, column: str, sieve: Sieve) -> np.ndarray:
    """Numbers >= 0. A count that cannot be one refuses its row; another number is taken as unknown, and told."""
    if pd.api.types.is_numeric_dtype(values.dtype):
        numbers = np.array(pd.to_numeric(values).to_numpy(np.float64, na_value=np.nan))
        wrong = np.zeros(len(numbers), bool)
    else:

        def mean(value: object) -> float | None:
            text = unicodedata.normalize("NFKC", str(value)).strip()
            if text.casefold() in MISSING:
                return None
            match = _MEASURED.match(text)
            return float(match[1]) if match else np.inf

        numbers = np.asarray([np.nan if v is None else v for v in _each_once(values, mean)], np.float64)
        wrong = np.isinf(numbers)
    wrong |= np.isinf(numbers)
    below = numbers < 0
    if entry.type == "integer":
        said = np.full(len(values), "…", object) if entry.private else values.to_numpy(object)
        name = entry.name
        remedy = "Correct the row, or take the others with --accept-partial."
        sieve.refuse(wrong, f"{name}_not_a_number", lambda i: f"'{said[i]}' is no number", field=column, remedy=remedy)
        sieve.refuse(below, f"{name}_negative", lambda i: f"{name} are {said[i]}, below 0", field=column, remedy=remedy)
        broken = ~wrong & ~below & np.isfinite(numbers) & (numbers != np.floor(numbers))
        sieve.refuse(
            broken, f"{name}_not_whole", lambda i: f"{name} are {said[i]}, no whole number", field=column, remedy=remedy
        )
        big = ~wrong & (numbers > 1_000_000)
        sieve.refuse(big, f"{name}_too_many", lambda i: f"{name} are {said[i]}, too many", field=column, remedy=remedy)
        numbers[wrong | below | broken | big] = np.nan
    elif (wrong | below).any():
        said = values.to_numpy(object)
        sieve.mend(
            wrong | below, f"{entry.name}_unreadable", lambda i: f"'{said[i]}' is no {entry.name}; taken as unknown",
            field=column,
        )  # fmt: skip
        numbers[wrong | below] = np.nan
    return numbers


def _dates(values: pd.Series, column: str, sieve: Sieve) -> np.ndarray:
    times, unreadable = as_time(values, "UTC")
    said = values.to_numpy(object)
    sieve.refuse(
        unreadable, "date_unreadable", lambda i: f"'{said[i]}' is no date", field=column,
        remedy="Write dates as 2026-03-31.",
    )  # fmt: skip
    days: list[dt.date | None] = [None if t is pd.NaT else t.date() for t in times]
    return np.asarray(days, dtype=object)


def _words(values: pd.Series, entry: Field, column: str, sieve: Sieve) -> np.ndarray:
    """Look values up; None in the vocabulary leaves the row out, a word it does not hold refuses it."""
    table = entry.by_column.get(fold_name(column), entry.words or {})
    skip, unknown = object(), object()

    def mean(value: object) -> object:
        folded = fold_word(value)
        if folded in table:
            found = table[folded]
            return skip if found is None else found
        if folded in MISSING:
            return None
        return folded if entry.open_words else unknown

    found = _each_once(values, mean)
    if "" in table:  # what it means that nothing is written
        found[values.isna().to_numpy(bool)] = table[""]
    said = values.to_numpy(object)
    skipped = np.asarray([v is skip for v in found], bool)
    strange = np.asarray([v is unknown for v in found], bool)
    if entry.type == "flag":
        sieve.mend(
            strange, f"{entry.name}_unknown", lambda i: f"'{said[i]}' is neither yes nor no; taken as no", field=column
        )
        return np.asarray([None if v in {None, unknown, skip} else v == "true" for v in found], dtype=object)
    allowed = ", ".join(sorted({v for v in table.values() if v is not None}))
    sieve.refuse(
        strange, f"{entry.name}_unknown", lambda i: f"'{said[i]}' is no known {entry.name}", field=column,
        remedy=f"Use one of {allowed}, or name another column with --map.",
    )  # fmt: skip
    sieve.leave_out(
        skipped, f"{entry.name}_not_on_the_ground", lambda i: f"left out: {column} is '{said[i]}'", field=column
    )
    return np.asarray([None if v in (skip, unknown) else v for v in found], dtype=object)


_CHINESE_TIME = re.compile(r"^(\d{4})年(\d{1,2})月(\d{1,2})日?\s*(?:(\d{1,2})[时点:](\d{1,2})?分?:?(\d{1,2})?秒?)?$")
_FORMATS = (
    "%Y%m%d%H%M%S",
    "%Y%m%d",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%Y/%m/%d",
    "%Y.%m.%d %H:%M:%S",
    "%Y.%m.%d",
)


def as_time(values: pd.Series, time_zone: str) -> tuple[pd.Series, np.ndarray]:
    """Read moments; those without a zone are local to `time_zone`.

    Parameters
    ----------
    values : Series
        Timestamps, or text: ISO 8601, ``2026/3/5 14:30``, ``20260305143000``, ``2026年3月5日 14时30分``.
    time_zone : str
        IANA name.

    Returns
    -------
    times : Series of datetime64[us, UTC]
        NaT where missing or unreadable. In the hour that is there twice the second (standard) one is meant; in the one
        that is skipped the time moves forward.
    unreadable : ndarray of bool
        Something was written, but no time (nor one between 1900 and 2200).
    """
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        times = values.dt.as_unit("us")
        if times.dt.tz is None:
            times = _localised(times, time_zone)
        return times.dt.tz_convert("UTC"), np.zeros(len(values), bool)
    plain = _plain_times(values)
    if plain is not None:
        return _localised(plain, time_zone).dt.tz_convert("UTC"), np.zeros(len(values), bool)
    text = values.astype("str").str.strip()
    empty = (values.isna() | text.str.casefold().isin(MISSING)).to_numpy(bool)
    text = text.where(~empty)
    zoned = text.str.contains(r"(?:Z|[+-]\d{2}:?\d{2})$", na=False, case=False).to_numpy(bool) & text.str.contains(
        ":", na=False
    ).to_numpy(bool)
    times = pd.Series(pd.NaT, index=values.index, dtype="datetime64[us, UTC]")
    times[zoned] = pd.to_datetime(text[zoned], format="ISO8601", utc=True, errors="coerce").dt.as_unit("us")
    local = pd.to_datetime(text.where(~zoned), format="ISO8601", errors="coerce").dt.as_unit("us")
    for form in _FORMATS:
        open_ = local.isna().to_numpy(bool) & ~zoned & ~empty
        if not open_.any():
            break
        local[open_] = pd.to_datetime(text[open_], format=form, errors="coerce").dt.as_unit("us")
    open_ = local.isna().to_numpy(bool) & ~zoned & ~empty
    if open_.any():
        parts = text[open_].str.extract(_CHINESE_TIME).fillna("0")
        parts.columns = pd.Index(["year", "month", "day", "hour", "minute", "second"])
        local[open_] = pd.to_datetime(parts.astype(int), errors="coerce").dt.as_unit("us")
    sane = (local.dt.year >= 1900) & (local.dt.year <= 2200)
    local = local.where(sane)
    times = times.where(zoned, _localised(local, time_zone).dt.tz_convert("UTC"))
    return times, (times.isna().to_numpy(bool) & ~empty)


def _plain_times(values: pd.Series) -> pd.Series | None:
    """Read ISO 8601 without zones at once; None where anything else is among it."""
    text = as_text(values)
    if text is None:
        return None
    try:
        times = pc.cast(text, pa.timestamp("us"))
    except pa.ArrowInvalid:
        return None
    years = pc.min_max(pc.year(times)).as_py()
    if times.null_count or not len(times) or years["min"] < 1900 or years["max"] > 2200:
        return None
    return pd.Series(times.to_numpy(zero_copy_only=False), index=values.index)


def _localised(times: pd.Series, time_zone: str) -> pd.Series:
    zoned: pd.Series = times.dt.tz_localize(
        time_zone, ambiguous=np.zeros(len(times), bool), nonexistent="shift_forward"
    )
    return zoned
