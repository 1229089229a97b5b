"""How do grids become a map in one file that opens without a network?

folium writes the page and Leaflet draws it; Leaflet's own files are put into the page, and there are no tiles: what
lies under the grids comes from the district's own layers.
"""

from __future__ import annotations

import base64
from functools import cache
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import folium
import numpy as np
import shapely
from branca.element import Element, MacroElement, Template

from gis.errors import InputError
from gis.measures import GRID_FIGURES, grid_figure
from layers.classes import NO_DATA, classify
from layers.style import ACCENT, BASE, DIVERGING
from layers.style import NO_DATA as NO_DATA_SHADE
from layers.words import FLAGS, Pair, pair, word

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd

__all__ = ["Language", "save_web_map", "web_map"]

Language = Literal["zh", "en"]

WORDS: dict[str, Pair] = {
    "grids": pair("网格", "Grids"),
    "communities": pair("社区", "Communities"),
    "buildings": pair("楼栋", "Buildings"),
    "barriers": pair("道路", "Streets"),
    "landcover": pair("土地覆盖", "Land cover"),
    "code": pair("网格编码", "Grid code"),
    "community": pair("社区", "Community"),
    "households": pair("户数", "Households"),
    "estimated": pair("其中估算", "of these estimated"),
    "deviation": pair("偏差", "Deviation"),
    "built": pair("楼栋数", "Buildings"),
    "area": pair("面积", "Area"),
    "notes": pair("备注", "Notes"),
    "target": pair("目标户数", "Target"),
    "no_data": pair("无数据", "No data"),
    "within": pair("±10% 以内", "within ±10%"),
    "map": pair("网格地图", "Map of grids"),
}

STREET_PIXELS = {"expressway": 5.0, "primary": 4.0, "secondary": 3.0, "tertiary": 2.5, "residential": 1.6}
COVER_COLOURS = {"water": BASE["water"]["light"], "green": BASE["green"]["light"], "campus": BASE["campus"]["light"]}
LABELS_FROM_ZOOM = 14
DIGITS = 7
SCALE_AND_LABELS = """{% macro script(this, kwargs) %}
(function (map) {
    L.control.scale({imperial: false}).addTo(map);
    var near = function () { map.getContainer().classList.toggle('gk-far', map.getZoom() < LABELS_FROM_ZOOM); };
    map.on('zoomend', near);
    near();
})({{ this._parent.get_name() }});
{% endmacro %}""".replace("LABELS_FROM_ZOOM", str(LABELS_FROM_ZOOM))


def web_map(
    grids: gpd.GeoDataFrame,
    communities: gpd.GeoDataFrame | None = None,
    buildings: gpd.GeoDataFrame | None = None,
    *,
    barriers: gpd.GeoDataFrame | None = None,
    landcover: gpd.GeoDataFrame | None = None,
    target: float = 200.0,
    language: Language = "zh",
    title: str = "",
) -> folium.Map:
    """Draw grids by their deviation from the target, with a card for each, on a map that needs no network.

    Parameters
    ----------
    grids : GeoDataFrame
        Any CRS; ``grid_code``, ``households`` (NaN: unknown), and where they are there ``community_id``,
        ``community_name``, ``estimated_households``, ``buildings``, ``area_m2``, ``flags``.
    communities : GeoDataFrame, optional
        ``community_id`` or ``code``; ``name`` and ``name_en`` label them.
    buildings, barriers, landcover : GeoDataFrame, optional
        What lies under the grids; barriers by ``kind`` and ``class``, land cover by ``kind``.
    target : float
        Households wanted in a grid.
    language : {"zh", "en"}
    title : str
        Above the legend.

    Returns
    -------
    folium.Map
        Shows itself in a notebook; `save_web_map` writes it to one file.

    Raises
    ------
    InputError
        There are no grids, or a column is missing, or the CRS is not stated.

    Notes
    -----
    The figure is `gis.measures.GRID_FIGURES["deviation"]`, its classes are those of the map in the browser.
    """
    grids = _checked(grids)
    page = folium.Map(tiles=None, zoom_control="topleft", font_size="13px")
    page.default_js, page.default_css = [], []
    head = page.get_root().header
    head.add_child(Element(f"<style>{_stylesheet()}</style>"), name="leaflet_css")
    head.add_child(Element(f"<script>{_vendored('leaflet.js')}</script>"), name="leaflet_js")
    head.add_child(Element(f"<style>{_own_style()}</style>"), name="gridkeeper_css")
    page.get_root().title = title or WORDS["map"][language]
    for name, frame, style in (
        ("landcover", landcover, _cover_style),
        ("barriers", barriers, _barrier_style),
        ("buildings", buildings, _building_style),
    ):
        if frame is not None and len(frame):
            _ground(page, WORDS[name][language], frame, style)
    names = _names(communities, language)
    values = grid_figure("deviation", households=grids["households"].to_numpy(float), target=float(target))
    classes = classify(values, "diverging")
    _grids(page, grids, values, classes.of, names, language)
    if communities is not None and len(communities):
        _communities(page, communities, names, language)
    page.get_root().html.add_child(Element(_legend(grids, classes.counts, classes.of, target, language, title)))
    folium.LayerControl(collapsed=False, position="topright").add_to(page)
    _scale_and_labels(page)
    west, south, east, north = (float(v) for v in _lonlat(grids).total_bounds)
    page.fit_bounds([[south, west], [north, east]], padding=(12, 12))
    return page


def save_web_map(page: folium.Map, path: Path) -> Path:
    """Write a map to one HTML file.

    Raises
    ------
    InputError
        The folder does not exist.
    """
    path = Path(path)
    if not path.parent.is_dir():
        raise InputError(f"There is no folder {path.parent}.", "Make it, or name another file.")
    path.write_text(page.get_root().render(), encoding="utf-8")
    return path


# ---------------------------------------------------------------------------------------- Leaflet inside
@cache
def _vendored(name: str) -> str:
    text = files("layers").joinpath("vendor", "leaflet", name).read_text(encoding="utf-8").rstrip()
    return text.partition("//# sourceMappingURL=")[0]


@cache
def _own_style() -> str:
    colours = f":root {{ --gk-land: {BASE['land']['light']}; --gk-text: {BASE['label']['light']}; }}\n"
    return colours + files("layers").joinpath("webmap.css").read_text(encoding="utf-8")


@cache
def _stylesheet() -> str:
    """Leaflet's style with its images inside, so that nothing is asked for from outside."""
    style = _vendored("leaflet.css")
    for name in ("layers.png", "layers-2x.png", "marker-icon.png"):
        image = files("layers").joinpath("vendor", "leaflet", "images", name).read_bytes()
        inside = f"data:image/png;base64,{base64.b64encode(image).decode()}"
        style = style.replace(f"url(images/{name})", f"url({inside})")
    return style


# ---------------------------------------------------------------------------------------- frames
def _checked(grids: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    missing = [c for c in ("grid_code", "households") if c not in grids.columns]
    if missing:
        raise InputError(
            f"The grids have no column {' and no column '.join(missing)}.",
            "Take grids as `gridkeeper partition --out` or `grid_frame` give them.",
        )
    if not len(grids):
        raise InputError("There are no grids to draw.", "Divide the district first.")
    if grids.crs is None:
        raise InputError("The grids do not say in which CRS they are.", "Set it with `grids.set_crs(...)`.")
    return grids


def _lonlat(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return frame if frame.crs is not None and frame.crs.to_epsg() in {4326, 4490} else frame.to_crs(4326)


def _features(frame: gpd.GeoDataFrame, properties: Sequence[dict[str, Any]]) -> dict[str, Any]:
    shapes = np.asarray(_lonlat(frame).geometry.values, object)
    shapes = shapely.transform(shapes, lambda xy: np.round(xy, DIGITS))
    return {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "id": str(k), "properties": told, "geometry": shapely.geometry.mapping(shape)}
            for k, (shape, told) in enumerate(zip(shapes, properties, strict=True))
            if shape is not None and not shape.is_empty
        ],
    }


def _column(frame: gpd.GeoDataFrame, *names: str) -> list[Any]:
    """Values of the first column there is, None where it or the value is missing."""
    for name in names:
        if name in frame.columns:
            return [None if v is None or v != v else v for v in frame[name].tolist()]  # noqa: PLR0124  # NaN
    return [None] * len(frame)


def _names(communities: gpd.GeoDataFrame | None, language: Language) -> dict[str, str]:
    """Name of each community by its id."""
    if communities is None:
        return {}
    ids = _column(communities, "community_id", "code")
    first, second = ("name_en", "name") if language == "en" else ("name", "name_en")
    chosen = zip(ids, _column(communities, first), _column(communities, second), strict=True)
    return {str(i): str(a or b or i) for i, a, b in chosen}


# ---------------------------------------------------------------------------------------- layers
def _cover_style(properties: dict[str, Any]) -> dict[str, Any]:
    colour = COVER_COLOURS.get(properties["kind"], BASE["built_up"]["light"])
    return {"stroke": False, "fillColor": colour, "fillOpacity": 1}


def _barrier_style(properties: dict[str, Any]) -> dict[str, Any]:
    kind = properties["kind"]
    if kind == "street":
        return {
            "color": BASE["street_casing"]["light"],
            "weight": STREET_PIXELS.get(properties["class"], 1),
            "fill": False,
        }
    colour = {"water": BASE["water"], "rail": BASE["rail"], "wall": BASE["wall"]}.get(kind, BASE["wall"])["light"]
    dash = {"dashArray": "6 4"} if kind == "rail" else {}
    return {"color": colour, "weight": {"water": 3, "rail": 2}.get(kind, 0.8), "fill": False, **dash}


def _building_style(properties: dict[str, Any]) -> dict[str, Any]:
    del properties
    colours = BASE["building"]["light"], BASE["building_outline"]["light"]
    return {"fillColor": colours[0], "fillOpacity": 1, "color": colours[1], "weight": 0.8}


def _ground(page: folium.Map, name: str, frame: gpd.GeoDataFrame, style: Any) -> None:
    kinds, classes = _column(frame, "kind"), _column(frame, "class")
    told = [{"kind": str(k or ""), "class": str(c or "")} for k, c in zip(kinds, classes, strict=True)]
    folium.GeoJson(
        _features(frame, told),
        name=name,
        style_function=lambda feature: style(feature["properties"]),
        interactive=False,
        smooth_factor=0.5,
    ).add_to(page)


def _grids(
    page: folium.Map,
    grids: gpd.GeoDataFrame,
    values: np.ndarray,
    classes: np.ndarray,
    names: dict[str, str],
    language: Language,
) -> None:
    colours = [NO_DATA_SHADE["light"] if c == NO_DATA else DIVERGING["light"][c] for c in classes]
    codes, homes = _column(grids, "grid_code"), _column(grids, "households")
    estimated, built = _column(grids, "estimated_households"), _column(grids, "buildings")
    areas, flags = _column(grids, "area_m2"), _column(grids, "flags")
    own = _column(grids, "community_name")
    ids = _column(grids, "community_id", "community_code")
    told = []
    for k, code in enumerate(codes):
        place = own[k] or names.get(str(ids[k]), ids[k])
        deviation = "–" if np.isnan(values[k]) else f"{values[k]:+.1f}%".replace("-", "−")
        facts = {
            "code": code,
            "community": place,
            "households": _number(homes[k], language),
            "estimated": _number(estimated[k], language) if estimated[k] else None,
            "deviation": deviation,
            "built": _number(built[k], language) if built[k] is not None else None,
            "area": f"{_number(areas[k], language)} m²" if areas[k] is not None else None,
            "notes": "、".join(word(FLAGS, f)[language] for f in _listed(flags[k])) or None,
        }
        rows = "".join(
            f"<tr><th>{WORDS[key][language]}</th><td>{escape(str(fact))}</td></tr>"
            for key, fact in facts.items()
            if fact is not None
        )
        tip = f"{escape(str(code))}<br>{_number(homes[k], language)} {'户' if language == 'zh' else 'households'}"
        told.append({"fill": colours[k], "card": f'<table class="gk-card">{rows}</table>', "tip": tip})
    folium.GeoJson(
        _features(grids, told),
        name=WORDS["grids"][language],
        style_function=lambda feature: {
            "fillColor": feature["properties"]["fill"],
            "fillOpacity": 0.58,
            "color": BASE["grid_line"]["light"],
            "weight": 1.2,
        },
        highlight_function=lambda feature: {"color": ACCENT["light"], "weight": 3},  # noqa: ARG005
        smooth_factor=0,
        on_each_feature=folium.JsCode(
            "function (feature, layer) { layer.bindPopup(feature.properties.card, {maxWidth: 360});"
            " layer.bindTooltip(feature.properties.tip, {sticky: true}); }"
        ),
        className="gk-grid",
    ).add_to(page)


def _communities(page: folium.Map, communities: gpd.GeoDataFrame, names: dict[str, str], language: Language) -> None:
    ids = [str(i) for i in _column(communities, "community_id", "code")]
    told = [{"name": escape(names.get(i, i))} for i in ids]
    group = folium.FeatureGroup(name=WORDS["communities"][language]).add_to(page)
    folium.GeoJson(
        _features(communities, told),
        style_function=lambda feature: {"color": BASE["division_line"]["light"], "weight": 2, "fill": False},  # noqa: ARG005
        interactive=False,
        smooth_factor=0,
    ).add_to(group)
    points = communities.set_geometry(_lonlat(communities).representative_point())
    folium.GeoJson(
        _features(points, told),
        marker=folium.CircleMarker(radius=0, stroke=False, fill=False),
        interactive=False,
        on_each_feature=folium.JsCode(
            "function (feature, layer) { layer.bindTooltip(feature.properties.name,"
            " {permanent: true, direction: 'center', className: 'gk-label'}); }"
        ),
    ).add_to(group)


def _scale_and_labels(page: folium.Map) -> None:
    """Add a scale in metres, and show names only where there is room for them."""
    script = MacroElement()
    script._template = Template(SCALE_AND_LABELS)  # noqa: SLF001  # branca's way to add a script
    page.add_child(script)


# ---------------------------------------------------------------------------------------- words and numbers
def _listed(flags: Any) -> list[str]:
    """Flags as a list, also where a file keeps them as text."""
    if flags is None:
        return []
    if isinstance(flags, str):
        return [
            f for f in flags.replace("[", "").replace("]", "").replace('"', "").replace("'", "").split(",") if f.strip()
        ]
    return [str(f) for f in flags]


def _number(value: Any, language: Language) -> str:
    """Write a count as people read it: thousands apart, 万 above 99,999 in Chinese."""
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return "–"
    if language == "zh" and abs(value) > 99_999:
        return f"{value / 10_000:,.1f} 万"
    return f"{value:,.0f}"


def _bounds(lower: float | None, upper: float | None) -> str:
    low, high = (f"{v:+g}".replace("-", "−") if v is not None else "" for v in (lower, upper))
    if lower is None:
        return f"&lt; {high}%"
    return f"&gt; {low}%" if upper is None else f"{low} … {high}%"


def _legend(
    grids: gpd.GeoDataFrame, counts: list[int], classes: np.ndarray, target: float, language: Language, title: str
) -> str:
    figure = GRID_FIGURES["deviation"]
    bounds = classify(np.empty(0), "diverging").bounds
    rows = "".join(
        f'<tr><td><i style="background:{colour}"></i>{_bounds(*bound)}</td><td>{count}</td></tr>'
        for colour, bound, count in zip(DIVERGING["light"], bounds, counts, strict=True)
    )
    unknown = int((classes == NO_DATA).sum())
    if unknown:
        shade = f'<i style="background:{NO_DATA_SHADE["light"]}"></i>'
        rows += f"<tr><td>{shade}{WORDS['no_data'][language]}</td><td>{unknown}</td></tr>"
    middle = counts[len(counts) // 2]
    households = _number(float(np.nansum(grids["households"].to_numpy(float))), language)
    parts = [
        f"{WORDS['grids'][language]} {_number(len(grids), language)}",
        f"{WORDS['households'][language]} {households}",
        f"{WORDS['target'][language]} {target:g}",
        f"{WORDS['within'][language]} {middle / len(grids):.1%} ({middle})",
    ]
    return (
        f'<div class="gk-legend" lang="{"zh-CN" if language == "zh" else "en"}">'
        f"<h1>{escape(title or WORDS['map'][language])}</h1><p>{' · '.join(parts)}</p>"
        f"<h2>{figure.label[language]}</h2><table>{rows}</table><small>{escape(figure.definition[language])}</small></div>"
    )
