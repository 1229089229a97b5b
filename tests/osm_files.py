"""How does a test make an OpenStreetMap extract, as XML or as PBF?"""

import struct
import zlib
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET


@dataclass
class Extract:
    """Nodes (lon, lat, tags), ways (nodes, tags) and relations (members, tags) by their numbers."""

    nodes: dict[int, tuple[float, float, dict]] = field(default_factory=dict)
    ways: dict[int, tuple[list[int], dict]] = field(default_factory=dict)
    relations: dict[int, tuple[list[tuple[int, str]], dict]] = field(default_factory=dict)
    missing: set[int] = field(default_factory=set)

    def node(self, lon, lat, **tags):
        number = len(self.nodes) + 1
        self.nodes[number] = (lon, lat, tags)
        return number

    def way(self, nodes, tags=None):
        number = 1000 + len(self.ways)
        self.ways[number] = (nodes, tags or {})
        return number

    def box(self, west, south, east, north, tags=None):
        corners = [self.node(x, y) for x, y in ((west, south), (east, south), (east, north), (west, north))]
        return self.way([*corners, corners[0]], tags)

    def relation(self, members, tags):
        number = 5000 + len(self.relations)
        self.relations[number] = (members, tags)
        return number

    def save(self, path):
        return _xml(self, path) if path.suffix == ".osm" else _pbf(self, path)


X, Y = 116.40, 39.90
STEP = 0.01
OUTER = {"type": "boundary", "boundary": "administrative"}


def town() -> Extract:
    """Two communities side by side in a district, a third whose border the extract cuts off, and what is in them."""
    made = Extract()
    a, b, c, d, e, f = (made.node(X + i * STEP, Y + j * STEP) for j in (0, 1) for i in (0, 1, 2))
    left, middle, right = made.way([b, a, d, e]), made.way([b, e]), made.way([b, c, f, e])
    gone = made.way([c, f])
    made.relation([(left, "outer"), (middle, "outer")], OUTER | {"admin_level": "10", "name": "甲社区", "name:en": "A"})
    made.relation(
        [(right, "outer"), (middle, "outer")], OUTER | {"admin_level": "10", "name": "乙社区", "ref": "110101001002"}
    )
    made.relation([(right, "outer"), (gone, "outer")], OUTER | {"admin_level": "10", "name": "丙社区"})
    made.relation([(left, "outer"), (right, "outer")], OUTER | {"admin_level": "6", "name": "某区"})
    made.missing.add(gone)
    for i in range(4):
        x = X + 0.001 + i * 0.004
        made.box(
            x,
            Y + 0.001,
            x + 0.0005,
            Y + 0.0012,
            {"building": "apartments", "building:levels": "6", "addr:street": "春晖路", "addr:housenumber": str(i)},
        )
    made.box(
        X + 0.002,
        Y + 0.005,
        X + 0.0025,
        Y + 0.0052,
        {"building": "yes", "amenity": "school", "name": "小学", "height": "12 m"},
    )
    made.box(X + 0.5, Y + 0.5, X + 0.501, Y + 0.501, {"building": "yes"})
    yard = made.box(X + 0.012, Y + 0.005, X + 0.014, Y + 0.007)
    hole = made.box(X + 0.0125, Y + 0.0055, X + 0.0135, Y + 0.0065)
    made.relation([(yard, "outer"), (hole, "inner")], {"type": "multipolygon", "building": "apartments"})
    made.way([a, e], {"highway": "residential", "name": "春晖路", "width": "9"})
    made.way([a, b], {"highway": "motorway", "bridge": "viaduct"})
    made.way([d, e], {"railway": "subway", "tunnel": "yes"})
    made.way([e, f], {"waterway": "river", "name": "清河"})
    made.way([b, e], {"barrier": "wall"})
    made.way([c, e], {"highway": "proposed"})
    made.way([c, d], {"highway": "emergency_bay"})
    made.box(X + 0.003, Y + 0.007, X + 0.004, Y + 0.008, {"natural": "water", "name": "镜湖"})
    made.box(X + 0.005, Y + 0.007, X + 0.006, Y + 0.008, {"leisure": "park"})
    made.box(X + 0.007, Y + 0.007, X + 0.008, Y + 0.008, {"landuse": "residential", "barrier": "fence"})
    made.node(X + 0.003, Y + 0.003, highway="street_lamp")
    made.node(X + 0.004, Y + 0.003, amenity="bench")
    made.node(X + 0.004, Y + 0.004, amenity="cafe")
    return made


def _xml(extract, path):
    root = ET.Element("osm", version="0.6")

    def tagged(element, tags):
        for key, value in tags.items():
            ET.SubElement(element, "tag", k=key, v=value)

    for number, (lon, lat, tags) in extract.nodes.items():
        tagged(ET.SubElement(root, "node", id=str(number), lon=str(lon), lat=str(lat)), tags)
    for number, (nodes, tags) in extract.ways.items():
        if number not in extract.missing:
            element = ET.SubElement(root, "way", id=str(number))
            for node in nodes:
                ET.SubElement(element, "nd", ref=str(node))
            tagged(element, tags)
    for number, (members, tags) in extract.relations.items():
        element = ET.SubElement(root, "relation", id=str(number))
        for way, role in members:
            ET.SubElement(element, "member", type="way", ref=str(way), role=role)
        tagged(element, tags)
    ET.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)
    return path


# the wiki of OpenStreetMap, "PBF Format"
def _varint(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _zigzag(value):
    return _varint(value << 1 if value >= 0 else (-value << 1) - 1)


def _bytes(number, data):
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _int(number, value):
    return _varint(number << 3) + _varint(value)


def _deltas(values):
    return b"".join(_zigzag(b - a) for a, b in zip([0, *values], values, strict=False))


def _blob(kind, content):
    body = _int(2, len(content)) + _bytes(3, zlib.compress(content))
    header = _bytes(1, kind) + _int(3, len(body))
    return struct.pack(">I", len(header)) + header + body


def _pbf(extract, path):
    strings = [""]

    def text(value):
        if value not in strings:
            strings.append(value)
        return strings.index(value)

    def tags(pairs):
        if not pairs:
            return b""
        keys = b"".join(_varint(text(k)) for k in pairs)
        return _bytes(2, keys) + _bytes(3, b"".join(_varint(text(v)) for v in pairs.values()))

    nodes = sorted(extract.nodes.items())
    said = b"".join(
        b"".join(_varint(text(k)) + _varint(text(v)) for k, v in own.items()) + _varint(0) for _, (_, _, own) in nodes
    )
    dense = (
        _bytes(1, _deltas([n for n, _ in nodes]))
        + _bytes(8, _deltas([round(lat * 1e7) for _, (_, lat, _) in nodes]))
        + _bytes(9, _deltas([round(lon * 1e7) for _, (lon, _, _) in nodes]))
        + _bytes(10, said)
    )
    ways = b"".join(
        _bytes(3, _int(1, n) + tags(own) + _bytes(8, _deltas(refs)))
        for n, (refs, own) in sorted(extract.ways.items())
        if n not in extract.missing
    )
    relations = b"".join(
        _bytes(
            4,
            _int(1, n)
            + tags(own)
            + _bytes(8, b"".join(_varint(text(role)) for _, role in members))
            + _bytes(9, _deltas([way for way, _ in members]))
            + _bytes(10, b"\x01" * len(members)),
        )
        for n, (members, own) in sorted(extract.relations.items())
    )
    groups = _bytes(2, _bytes(2, dense)) + _bytes(2, ways) + _bytes(2, relations)
    table = b"".join(_bytes(1, s.encode()) for s in strings)
    header = _bytes(4, b"OsmSchema-V0.6") + _bytes(4, b"DenseNodes")
    path.write_bytes(_blob(b"OSMHeader", header) + _blob(b"OSMData", _bytes(1, table) + groups))
    return path
