/** How do ground, water, streets, rails and buildings look? */
import type { ExpressionSpecification, FilterSpecification, LayerSpecification } from 'maplibre-gl'
import type { BaseColours } from './palette'
import { FONT, type MapView } from './style'

/** Width of the carriageway in pixels at zoom 12, 15 and 18, by class. */
const STREET_PX: Record<string, [number, number, number]> = {
  expressway: [2.6, 8, 44],
  primary: [2.2, 7, 38],
  secondary: [1.6, 5.5, 28],
  tertiary: [1.1, 4.2, 20],
  residential: [0.6, 3, 14],
  service: [0.3, 1.6, 9],
  path: [0.2, 0.9, 4],
}
const OTHER_PX: [number, number, number] = [0.5, 2.6, 12]

/** Width by class and zoom, widened by `more` pixels (twice the casing). */
function streetWidth(more: [number, number, number]): ExpressionSpecification {
  const at = (i: 0 | 1 | 2): unknown => [
    'match', ['coalesce', ['get', 'class'], ''],
    ...Object.entries(STREET_PX).flatMap(([name, px]) => [name, px[i] + more[i]]),
    OTHER_PX[i] + more[i],
  ]
  return ['interpolate', ['exponential', 1.6], ['zoom'], 12, at(0), 15, at(1), 18, at(2)] as unknown as ExpressionSpecification
}

const street: FilterSpecification = ['==', ['get', 'kind'], 'street']
const isLine: FilterSpecification = ['==', ['geometry-type'], 'LineString']
const isPolygon: FilterSpecification = ['==', ['geometry-type'], 'Polygon']
const isPoint: FilterSpecification = ['==', ['geometry-type'], 'Point']
const both = (...filters: unknown[]): FilterSpecification => ['all', ...filters] as unknown as FilterSpecification
const isClass = (...names: string[]): FilterSpecification =>
  ['in', ['coalesce', ['get', 'class'], ''], ['literal', names]] as unknown as FilterSpecification
const not = (filter: unknown): FilterSpecification => ['!', filter] as unknown as FilterSpecification

const SMALL = ['service', 'path']

export function baseLayers(c: BaseColours, o: number): { ground: LayerSpecification[]; ways: LayerSpecification[] } {
  const base = { source: 'base' } as const
  const cover = (id: string, kind: string, colour: string): LayerSpecification => ({
    id: `cover-${id}`, ...base, 'source-layer': 'landcover', type: 'fill', filter: ['==', ['get', 'kind'], kind],
    paint: { 'fill-color': colour, 'fill-opacity': o, 'fill-antialias': false },
  })
  const ground: LayerSpecification[] = [
    cover('built', 'built_up', c.builtUp),
    cover('campus', 'campus', c.campus),
    cover('green', 'green', c.green),
    {
      id: 'compound', ...base, 'source-layer': 'compounds', type: 'fill', minzoom: 12,
      paint: { 'fill-color': c.compound, 'fill-opacity': o },
    },
    cover('water', 'water', c.water),
    {
      id: 'water-area', ...base, 'source-layer': 'barriers', type: 'fill', filter: both(isPolygon, ['==', ['get', 'kind'], 'water']),
      paint: { 'fill-color': c.water, 'fill-opacity': o },
    },
    {
      id: 'street-area', ...base, 'source-layer': 'barriers', type: 'fill', filter: both(isPolygon, street),
      paint: { 'fill-color': c.street, 'fill-opacity': o },
    },
  ]
  const line = { 'line-join': 'round', 'line-cap': 'round' } as const
  const ways: LayerSpecification[] = [
    {
      id: 'water-line', ...base, 'source-layer': 'barriers', type: 'line', filter: both(isLine, ['==', ['get', 'kind'], 'water']),
      layout: line,
      paint: { 'line-color': c.water, 'line-opacity': o, 'line-width': ['interpolate', ['exponential', 1.6], ['zoom'], 11, 1.2, 15, 4, 18, 20] },
    },
    {
      id: 'street-casing', ...base, 'source-layer': 'barriers', type: 'line', minzoom: 11.5,
      filter: both(isLine, street, not(isClass(...SMALL))), layout: line,
      paint: { 'line-color': c.casing, 'line-opacity': o, 'line-width': streetWidth([0.8, 1.8, 2.4]) },
    },
    {
      id: 'street-small', ...base, 'source-layer': 'barriers', type: 'line', minzoom: 14, filter: both(isLine, street, isClass('service')),
      layout: line, paint: { 'line-color': c.street, 'line-opacity': o, 'line-width': streetWidth([0, 0.4, 1]) },
    },
    {
      id: 'street-path', ...base, 'source-layer': 'barriers', type: 'line', minzoom: 15, filter: both(isLine, street, isClass('path')),
      paint: { 'line-color': c.casing, 'line-opacity': o, 'line-width': 1.2, 'line-dasharray': [3, 2] },
    },
    {
      id: 'street', ...base, 'source-layer': 'barriers', type: 'line', minzoom: 9, filter: both(isLine, street, not(isClass(...SMALL))),
      layout: line, paint: { 'line-color': c.street, 'line-opacity': o, 'line-width': streetWidth([0, 0, 0]) },
    },
    {
      id: 'rail', ...base, 'source-layer': 'barriers', type: 'line', minzoom: 10, filter: both(isLine, ['==', ['get', 'kind'], 'rail']),
      paint: { 'line-color': c.rail, 'line-opacity': o, 'line-width': ['interpolate', ['linear'], ['zoom'], 11, 1.4, 15, 3, 18, 6] },
    },
    {
      id: 'rail-gap', ...base, 'source-layer': 'barriers', type: 'line', minzoom: 13, filter: both(isLine, ['==', ['get', 'kind'], 'rail']),
      paint: {
        'line-color': c.railGap, 'line-opacity': o, 'line-dasharray': [4, 4],
        'line-width': ['interpolate', ['linear'], ['zoom'], 13, 1, 15, 1.8, 18, 4],
      },
    },
    {
      id: 'compound-wall', ...base, 'source-layer': 'compounds', type: 'line', minzoom: 14,
      paint: { 'line-color': c.wall, 'line-opacity': o * 0.8, 'line-width': ['interpolate', ['linear'], ['zoom'], 14, 0.6, 18, 1.6] },
    },
    {
      id: 'wall', ...base, 'source-layer': 'barriers', type: 'line', minzoom: 14, filter: both(isLine, ['==', ['get', 'kind'], 'wall']),
      paint: { 'line-color': c.wall, 'line-opacity': o, 'line-width': ['interpolate', ['linear'], ['zoom'], 14, 0.8, 18, 2] },
    },
  ]
  return { ground, ways }
}

export function buildingLayers(c: BaseColours, o: number): LayerSpecification[] {
  const from = { source: 'base', 'source-layer': 'buildings' } as const
  return [
    {
      id: 'building', ...from, type: 'fill', minzoom: 13, filter: isPolygon,
      paint: { 'fill-color': c.building, 'fill-opacity': ['interpolate', ['linear'], ['zoom'], 13, 0.45 * o, 15, 0.72 * o, 17, 0.9 * o] },
    },
    {
      id: 'building-line', ...from, type: 'line', minzoom: 14.5, filter: isPolygon,
      paint: { 'line-color': c.buildingLine, 'line-opacity': o, 'line-width': ['interpolate', ['linear'], ['zoom'], 14.5, 0.4, 18, 1] },
    },
    {
      id: 'building-point', ...from, type: 'circle', minzoom: 13, filter: isPoint,
      paint: {
        'circle-color': c.building, 'circle-opacity': o, 'circle-stroke-color': c.wall, 'circle-stroke-width': 0.8,
        'circle-radius': ['interpolate', ['linear'], ['zoom'], 13, 1.5, 18, 6],
      },
    },
  ]
}

export function streetLabels(view: MapView, c: BaseColours): LayerSpecification[] {
  const o = view.opacity.labels
  return [
    {
      id: 'building-label', source: 'base', 'source-layer': 'buildings', type: 'symbol', minzoom: 17,
      filter: ['has', 'name'],
      layout: { 'text-field': ['coalesce', ['get', 'name'], ''], 'text-font': FONT, 'text-size': 10.5, 'text-max-width': 6, 'text-padding': 6 },
      paint: { 'text-color': c.textQuiet, 'text-halo-color': c.halo, 'text-halo-width': 1, 'text-opacity': o },
    },
    {
      id: 'street-label', source: 'base', 'source-layer': 'barriers', type: 'symbol', minzoom: 14.5, filter: both(isLine, ['has', 'name']),
      layout: {
        'symbol-placement': 'line', 'symbol-spacing': 320, 'text-field': ['coalesce', ['get', 'name'], ''], 'text-font': FONT,
        'text-size': ['interpolate', ['linear'], ['zoom'], 14.5, 10.5, 18, 13], 'text-padding': 12, 'text-max-angle': 35,
      },
      paint: {
        'text-color': ['match', ['get', 'kind'], 'water', c.textWater, c.textQuiet], 'text-halo-color': c.halo, 'text-halo-width': 1.6,
        'text-opacity': o,
      },
    },
  ]
}
