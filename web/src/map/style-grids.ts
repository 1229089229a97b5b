/** How do grids and divisions look: fill, borders, labels, selection? */
import type { ExpressionSpecification, LayerSpecification } from 'maplibre-gl'
import type { BaseColours } from './palette'
import { FONT, type MapView } from './style'

/** Feature state `c` of a grid: its class, or one of these (the service says -1 for zero, null for no data). */
export const ZERO = -1
export const NO_DATA = -2

const from = { source: 'grids', 'source-layer': 'grids' } as const

function fillColour(view: MapView): ExpressionSpecification {
  if (view.classes === null) {
    const pairs = view.tints.flatMap((colour, i) => [i, colour])
    return ['match', ['%', ['coalesce', ['get', 'colour'], 0], view.tints.length], ...pairs, view.tints[0]] as unknown as ExpressionSpecification
  }
  const pairs = view.classes.flatMap((colour, i) => [i, colour])
  return ['match', ['coalesce', ['feature-state', 'c'], -9], ...pairs, ZERO, view.zero, 'rgba(0,0,0,0)'] as unknown as ExpressionSpecification
}

export function gridFill(view: MapView): LayerSpecification[] {
  const o = view.opacity.grids
  const layers: LayerSpecification[] = [
    {
      id: 'grid-fill', ...from, type: 'fill',
      paint: {
        'fill-color': fillColour(view), 'fill-antialias': false,
        'fill-opacity': ['case', ['boolean', ['feature-state', 'out'], false], o * 0.22, o],
      },
    },
  ]
  if (view.classes !== null && view.noData.length) {
    layers.push({
      id: 'grid-no-data', ...from, type: 'fill', filter: ['in', ['id'], ['literal', view.noData]],
      paint: { 'fill-pattern': `hatch-${view.hatch}`, 'fill-opacity': o },
    })
  }
  return layers
}

export function gridLines(view: MapView, c: BaseColours): LayerSpecification[] {
  const hover = ['boolean', ['feature-state', 'hover'], false]
  return [
    {
      id: 'grid-line', ...from, type: 'line', layout: { 'line-join': 'round' },
      paint: {
        'line-color': ['case', hover, c.accent, c.grid] as unknown as ExpressionSpecification,
        'line-opacity': Math.min(1, view.opacity.grids + 0.2),
        'line-width': [
          'interpolate', ['linear'], ['zoom'], 11, ['case', hover, 1.6, 0.5], 14, ['case', hover, 2.2, 1.2],
        ] as unknown as ExpressionSpecification,
      },
    },
  ]
}

export function divisionLines(view: MapView, c: BaseColours): LayerSpecification[] {
  const o = view.opacity.divisions
  const line = (level: string, colour: string, width: number, dash?: number[]): LayerSpecification => ({
    id: `division-${level}`, source: 'divisions', 'source-layer': 'division_lines', type: 'line',
    filter: ['==', ['get', 'level'], level], layout: { 'line-join': 'round' },
    paint: {
      'line-color': colour, 'line-opacity': o,
      'line-width': ['interpolate', ['linear'], ['zoom'], 10, width * 0.45, 13, width * 0.8, 15, width],
      ...(dash ? { 'line-dasharray': dash } : {}),
    },
  })
  return [
    line('community', c.community, 2),
    line('subdistrict', c.division, 2.5, [4, 2]),
    line('district', c.district, 3),
  ]
}

export function selectionLines(view: MapView, c: BaseColours): LayerSpecification[] {
  const layers: LayerSpecification[] = []
  const outline = (name: string, source: string, layer: string, id: number, inner: number, outer: number): void => {
    const place = { source, 'source-layer': layer, filter: ['==', ['id'], id] as never, layout: { 'line-join': 'round' } as const }
    layers.push({ id: `${name}-halo`, type: 'line', ...place, paint: { 'line-color': c.selectHalo, 'line-width': outer, 'line-opacity': 0.95 } })
    layers.push({ id: name, type: 'line', ...place, paint: { 'line-color': c.accent, 'line-width': inner } })
  }
  if (view.area) {
    layers.push({
      id: 'area-line', type: 'line', source: 'divisions', 'source-layer': 'divisions', filter: ['==', ['id'], view.area.id],
      layout: { 'line-join': 'round' }, paint: { 'line-color': c.district, 'line-width': 3.5 },
    })
  }
  if (view.selectedGrid !== null) outline('selected-grid', 'grids', 'grids', view.selectedGrid, 3, 7)
  if (view.selectedBuilding !== null) outline('selected-building', 'base', 'buildings', view.selectedBuilding, 3, 6)
  return layers
}

export function gridLabels(view: MapView, c: BaseColours): LayerSpecification[] {
  const unit = view.lang === 'zh-CN' ? ' 户' : ' hh'
  const households = [
    'concat', ['case', ['in', ['id'], ['literal', view.estimated]], '≈', ''], ['to-string', ['coalesce', ['get', 'households'], 0]], unit,
  ]
  const small = { 'font-scale': 0.88, 'text-color': c.textQuiet }
  return [
    {
      id: 'grid-label', source: 'grids', 'source-layer': 'grid_labels', type: 'symbol', minzoom: 13.4,
      layout: {
        'text-field': [
          'step', ['zoom'],
          ['get', 'serial'],
          14.6, ['format', ['get', 'serial'], {}, '\n', {}, households, small],
          16.5, ['format', ['get', 'code'], {}, '\n', {}, households, small],
        ] as unknown as ExpressionSpecification,
        'text-font': FONT, 'text-size': ['interpolate', ['linear'], ['zoom'], 13, 10.5, 15, 12.5, 18, 14], 'text-padding': 2,
        'text-line-height': 1.25, 'symbol-sort-key': ['*', -1, ['coalesce', ['get', 'households'], 0]],
      },
      paint: { 'text-color': c.text, 'text-halo-color': c.halo, 'text-halo-width': 1.5, 'text-opacity': view.opacity.labels },
    },
  ]
}

export function divisionLabels(view: MapView, c: BaseColours): LayerSpecification[] {
  const name = (view.lang === 'en' ? ['coalesce', ['get', 'name_en'], ['get', 'name'], ''] : ['coalesce', ['get', 'name'], '']) as unknown as ExpressionSpecification
  const label = (level: string, minzoom: number, maxzoom: number, size: [number, number]): LayerSpecification => ({
    id: `division-label-${level}`, source: 'divisions', 'source-layer': 'division_labels', type: 'symbol', minzoom, maxzoom,
    filter: ['==', ['get', 'level'], level],
    layout: {
      'text-field': name, 'text-font': FONT, 'text-size': ['interpolate', ['linear'], ['zoom'], minzoom, size[0], maxzoom, size[1]],
      'text-padding': 4, 'text-max-width': 8, 'text-variable-anchor': ['center', 'top', 'bottom'],
    },
    paint: { 'text-color': c.district, 'text-halo-color': c.halo, 'text-halo-width': 2, 'text-opacity': view.opacity.labels },
  })
  return [
    label('community', 11.6, 16.2, [11, 15]),
    label('subdistrict', 10, 13.6, [12.5, 17]),
    label('district', 6, 10, [12, 15]),
  ]
}
