"""Which relations of an OpenStreetMap file should make an area?

GDAL makes the geometries and says nothing of the relations it cannot close; only their tags are looked at here. The
format: the wiki of OpenStreetMap, "PBF Format" (blobs of zlib-packed protocol buffers).
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from gis.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["area_relations"]

AREAS = {"multipolygon", "boundary"}
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


def area_relations(path: Path) -> dict[int, dict[str, str]]:
    """Give the tags of the relations of type multipolygon or boundary by their number.

    Raises
    ------
    InputError
        When the file is damaged.
    """
    read = _from_pbf if path.name.lower().endswith(".pbf") else _from_xml
    try:
        return {number: tags for number, tags in read(path) if tags.get("type") in AREAS}
    except (zlib.error, struct.error, IndexError, UnicodeDecodeError, ET.ParseError) as fault:
        raise InputError(f"{path.name} cannot be read as OpenStreetMap ({fault}).", "Fetch it again.") from fault


def _from_xml(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    for _, element in ET.iterparse(path):  # noqa: S314 - the user's own file; entities are not resolved
        if element.tag == "relation":
            yield int(element.get("id", 0)), {t.get("k", ""): t.get("v", "") for t in element.iter("tag")}
        if element.tag in {"node", "way", "relation"}:
            element.clear()


def _from_pbf(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    with path.open("rb") as file:
        while head := file.read(4):
            header = dict(_fields(file.read(struct.unpack(">I", head)[0])))
            blob = dict(_fields(file.read(_number(header[3]))))
            if header[1] == b"OSMData":
                yield from _relations(_data(blob[1]) if 1 in blob else zlib.decompress(_data(blob[3])))


def _relations(block: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    """Field 1 of a block is its table of strings, 2 its groups; field 4 of a group are relations."""
    strings: list[bytes] = []
    for field, value in _fields(block):
        if field == 1:
            strings = [_data(v) for _, v in _fields(_data(value))]
        elif field == 2:
            for kind, relation in _fields(_data(value)):
                if kind == 4:
                    parts = dict(_fields(_data(relation)))
                    keys, values = (_packed(_data(parts.get(n, b""))) for n in (2, 3))
                    tags = {strings[k].decode(): strings[v].decode() for k, v in zip(keys, values, strict=True)}
                    yield _number(parts[1]), tags


def _data(value: int | bytes) -> bytes:
    return value if isinstance(value, bytes) else b""


def _number(value: int | bytes) -> int:
    return value if isinstance(value, int) else 0


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Number and value of each field of a message."""
    at, end = 0, len(data)
    while at < end:
        key, at = _varint(data, at)
        wire = key & 7
        if wire == VARINT:
            value, at = _varint(data, at)
            yield key >> 3, value
            continue
        size = 8 if wire == FIXED64 else 4
        if wire == BYTES:
            size, at = _varint(data, at)
        yield key >> 3, data[at : at + size]
        at += size


def _packed(data: bytes) -> Iterator[int]:
    at = 0
    while at < len(data):
        value, at = _varint(data, at)
        yield value


def _varint(data: bytes, at: int) -> tuple[int, int]:
    result = shift = 0
    while True:
        byte = data[at]
        at += 1
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return result, at
        shift += 7
