"""How does a file of any format an office sends become rows with geometry, text and a declared reference system?"""

from __future__ import annotations

import gzip
import tempfile
import warnings
import zipfile
import zlib
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyogrio
import shapely
from pyarrow import ArrowException
from pyarrow import csv as pa_csv
from pyarrow import parquet as pq
from pyogrio.errors import DataLayerError, DataSourceError

from gis.errors import InputError
from gis.ingest.excel import read_excel
from gis.ingest.osm import read_osm
from gis.ingest.raw import RawTable, nothing, split, with_place

if TYPE_CHECKING:
    from gis.ingest.specs import FileSpec

__all__ = ["FORMATS", "read_file"]

FORMATS = {
    ".geojson": "GeoJSON", ".json": "GeoJSON", ".gpkg": "GeoPackage", ".shp": "Shapefile", ".zip": "zip",
    ".parquet": "GeoParquet", ".geoparquet": "GeoParquet", ".csv": "CSV", ".csv.gz": "CSV", ".tsv": "CSV",
    ".xlsx": "Excel", ".xlsm": "Excel", ".xls": "Excel", ".kml": "KML", ".kmz": "KML", ".tab": "MapInfo",
    ".mif": "MapInfo", ".gdb": "FileGDB", ".osm.pbf": "OpenStreetMap", ".osm": "OpenStreetMap",
}  # fmt: skip
"""Formats by the end of the file's name."""

LARGEST_UNPACKED = 8 * 2**30


def read_file(spec: FileSpec, *, hint: str = "") -> RawTable:
    """Read one file.

    Parameters
    ----------
    spec : FileSpec
        Path and options; ``layer`` picks one of several, ``lon``, ``lat`` and ``wkt`` in its map the place columns.
    hint : str
        Name of a layer to prefer where a file holds several (the kind's name).

    Raises
    ------
    InputError
        When the file is missing, empty, damaged, of an unknown format, or leaves open which layer is meant.
    """
    path = spec.path
    if not (path.is_file() or (path.is_dir() and path.suffix.lower() == ".gdb")):
        raise InputError(f"There is no file {path}.", "Check the path.")
    if path.is_file() and path.stat().st_size == 0:
        raise InputError(f"{path.name} is empty (0 bytes).", "Export it again; nothing was imported.")
    name = path.name.lower()
    suffix = next((s for s in sorted(FORMATS, key=len, reverse=True) if name.endswith(s)), None)
    if suffix is None:
        raise InputError(
            f"{path.name} has no known format.",
            "Known are .shp, .zip (a zipped shapefile), .xlsx, .csv, .geojson, .gpkg, .parquet, .kml, .tab, .gdb, "
            ".osm.pbf and .osm.",
        )
    kind = FORMATS[suffix]
    if kind == "zip":
        return _read_zip(spec, hint)
    if kind == "CSV":
        table = _read_csv(spec)
    elif kind == "Excel":
        table = read_excel(spec, hint=hint)
    elif kind == "OpenStreetMap":
        table = read_osm(spec, hint=hint)
    elif kind == "GeoParquet":
        table = _read_parquet(spec)
    else:
        table = _read_ogr(spec, kind, hint)
    if len(table.frame) == 0:
        raise InputError(f"{path.name} has no rows.", "Export it again; nothing was imported.")
    return table


# ------------------------------------------------------------------------------------------ by format
def _read_zip(spec: FileSpec, hint: str) -> RawTable:
    """Unpack a zip beside nothing else and read the one layer in it (or the one named)."""
    name = spec.path.name
    broken = f"{name} is not a readable zip file"
    try:
        with zipfile.ZipFile(spec.path) as archive, tempfile.TemporaryDirectory() as folder:
            members = [m for m in archive.infolist() if not m.is_dir() and "__MACOSX" not in m.filename]
            if sum(m.file_size for m in members) > LARGEST_UNPACKED:
                raise InputError(f"{spec.path.name} unpacks to more than 8 GiB.", "Send it in parts.")
            bad = archive.testzip()
            if bad:
                raise InputError(f"{broken}: '{bad}' in it is damaged.", "Transfer or zip it again.")
            stems: dict[str, str] = {}
            for member in members:  # names may be hostile: only the ending is kept
                inner = Path(_name_in_zip(member))
                stem = stems.setdefault(str(inner.with_suffix("")).lower(), f"layer{len(stems)}")
                target = Path(folder) / (stem + "".join(inner.suffixes[-1:]).lower())
                target.write_bytes(archive.read(member))
            found = {
                original.rsplit("/", 1)[-1]: file
                for original, stem in stems.items()
                for file in sorted(Path(folder).glob(f"{stem}.*"))
                if file.suffix in FORMATS and file.suffix != ".zip"
            }
            wanted = spec.option("layer") or hint
            chosen = found.get(str(wanted).lower()) if len(found) > 1 else next(iter(found.values()), None)
            if chosen is None:
                holds = ", ".join(sorted(found)) or "no known format"
                raise InputError(
                    f"{spec.path.name} holds {holds}.",
                    "Say which with FILE:layer=NAME." if found else "Zip a shapefile.",
                )
            if len(found) > 1:  # it named the file
                spec = replace(spec, options={k: v for k, v in spec.options.items() if k != "layer"})
            table = read_file(spec.at(chosen), hint=hint)
            table.source = name
            return table
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError) as fault:
        raise InputError(f"{broken} ({fault}).", "Transfer or zip it again.") from fault


def _name_in_zip(member: zipfile.ZipInfo) -> str:
    """A name as it was meant: Windows writes Chinese ones in GBK and does not say so."""
    if member.flag_bits & 0x800:
        return member.filename
    try:
        return member.filename.encode("cp437").decode("gb18030")
    except UnicodeError:
        return member.filename


def _read_ogr(spec: FileSpec, kind: str, hint: str) -> RawTable:
    """GeoJSON, GeoPackage and Shapefile through GDAL."""
    path, notes = spec.path, []
    options: dict[str, Any] = {}
    encoding = "ISO-8859-1"
    if kind == "Shapefile":
        lost = [
            s for s in (".shx", ".dbf") if not path.with_suffix(s).exists() and not path.with_suffix(s.upper()).exists()
        ]
        if lost:
            raise InputError(
                f"{path.name} came without its {' and '.join(lost)} file.", "Send all files of the shapefile."
            )
        encoding = _dbf_encoding(path)
        options["encoding"] = "ISO-8859-1"  # byte by byte: names and values may be cut within a character
        notes.append(f"text read as {encoding}")
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            layers = [str(row[0]) for row in pyogrio.list_layers(path)]
            if len(layers) > 1 or spec.option("layer"):
                options["layer"] = _choose_layer(path, layers, spec.option("layer") or "", hint)
                notes.append(f"layer {options['layer']}")
            frame = _decoded(pyogrio.read_dataframe(path, **options), encoding)
        notes += sorted({str(w.message) for w in said})
    except (DataSourceError, DataLayerError, UnicodeDecodeError, ValueError, shapely.errors.ShapelyError) as fault:
        raise InputError(f"{path.name} cannot be read as {kind} ({fault}).", "Export it again.") from fault
    if not isinstance(frame, gpd.GeoDataFrame):
        return with_place(RawTable(frame, nothing(len(frame)), None, path.name, notes=notes), spec)
    return split(frame, path.name, notes)


def _decoded(frame: pd.DataFrame, encoding: str) -> pd.DataFrame:
    """Names and values of a shapefile as text; a character that was cut is left away."""
    if encoding == "ISO-8859-1":
        return frame

    def mean(text: str) -> str:
        return text.encode("latin-1").decode(encoding, "ignore")

    texts = [c for c in frame.columns if pd.api.types.is_string_dtype(frame[c].dtype) or frame[c].dtype == object]
    for column in texts:
        frame[column] = frame[column].map(lambda v: mean(v) if isinstance(v, str) else v)
    return frame.rename(columns={c: mean(c) for c in frame.columns})


def _choose_layer(path: Path, layers: list[str], wanted: str, hint: str) -> str:
    for name in (wanted, hint):
        if name in layers:
            return name
        if name == wanted and name:
            break
    raise InputError(
        f"{path.name} has the layers {', '.join(layers)}" + (f" but no {wanted}." if wanted else "."),
        "Say which with FILE:layer=NAME.",
    )


def _dbf_encoding(shp: Path) -> str:
    """Encoding of a shapefile's text, by its bytes first: a wrong .cpg is as common as a missing one."""
    dbf = next(p for p in (shp.with_suffix(".dbf"), shp.with_suffix(".DBF")) if p.exists())
    with dbf.open("rb") as file:
        data = file.read(8 * 2**20)
    body = data[32:]  # the header's numbers are no text
    wide = sum(b > 127 for b in body)
    if wide == 0:
        return "UTF-8"
    # DBF cuts text at a field's width, within a character too: a few broken ones are still UTF-8
    if body.decode("utf-8", errors="replace").count("�") <= 0.04 * wide:
        return "UTF-8"
    cpg = next((p for p in (shp.with_suffix(".cpg"), shp.with_suffix(".CPG")) if p.exists()), None)
    said = cpg.read_text("ascii", errors="ignore").strip().lower() if cpg else ""
    if "8859" in said or "1252" in said or said in {"latin1", "ansi 1252"}:
        return "ISO-8859-1"
    if body.decode("gb18030", errors="replace").count("�") <= 0.04 * wide:
        return "GB18030"
    return "ISO-8859-1"


def _read_parquet(spec: FileSpec) -> RawTable:
    """GeoParquet, or Parquet with place columns."""
    path = spec.path
    try:
        if b"geo" in (pq.read_schema(path).metadata or {}):
            return split(gpd.read_parquet(path), path.name, [])
        frame = pd.read_parquet(path)
    except (ArrowException, OSError, ValueError, KeyError) as fault:
        raise InputError(f"{path.name} cannot be read as GeoParquet ({fault}).", "Export it again.") from fault
    frame = frame.reset_index(drop=True)
    return with_place(RawTable(frame, nothing(len(frame)), None, path.name), spec)


def _read_csv(spec: FileSpec) -> RawTable:
    """CSV as text (codes keep their zeros), UTF-8 or GB18030, the place in lon/lat columns or WKT."""
    path = spec.path
    try:
        opener = gzip.open if path.suffix.lower() == ".gz" else open
        with opener(path, "rb") as file:
            data = file.read()
    except (OSError, EOFError, zlib.error) as fault:
        raise InputError(f"{path.name} is damaged ({fault}).", "Transfer it again.") from fault
    if not data.strip():
        raise InputError(f"{path.name} is empty.", "Export it again; nothing was imported.")
    encoding = "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "gb18030"
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError as fault:
            raise InputError(
                f"{path.name} is neither UTF-8 nor GB18030 text (byte {fault.start}).", "Save it as CSV UTF-8."
            ) from fault
    first = text.lstrip("\r\n").split("\n", 1)[0]
    mark = max(",;\t", key=first.count)
    try:
        frame = _plain_csv(text, first, mark)
        if frame is None:
            frame = pd.read_csv(StringIO(text), sep=mark, dtype=str, keep_default_na=False, skipinitialspace=True)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, ValueError) as fault:
        said = str(fault).replace("Error tokenizing data. C error: ", "").strip()
        raise InputError(
            f"{path.name} is no regular table ({said}).", "Each row needs as many fields as the head."
        ) from fault
    if not isinstance(frame.index, pd.RangeIndex):
        raise InputError(f"{path.name} has rows with more fields than the head.", "Each row needs as many as the head.")
    table = RawTable(
        frame, nothing(len(frame)), None, path.name, notes=[f"text read as {encoding.removesuffix('-sig')}"]
    )
    return with_place(table, spec)


def _plain_csv(text: str, head: str, mark: str) -> pd.DataFrame | None:
    """Read a regular table without quotes and stray blanks at once; None where it is anything else."""
    names = head.rstrip("\r").split(mark)
    if len(set(names)) < len(names) or not all(names) or len(names) < 2 or '"' in text:
        return None
    if any(blank in text for blank in (f"{mark} ", "\n ", "\r ")) or text.startswith(" "):
        return None
    try:
        table = pa_csv.read_csv(
            pa.py_buffer(text.encode()),
            pa_csv.ReadOptions(use_threads=False),
            pa_csv.ParseOptions(delimiter=mark, quote_char=False),
            pa_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False),
        )
    except pa.ArrowInvalid:
        return None
    return pd.DataFrame(table.to_pandas())
