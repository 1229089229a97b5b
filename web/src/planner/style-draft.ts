/** How does a draft look on the map? The grids in force round it stay, pale; its own cells, borders and labels lie above. */
import type { ExpressionSpecification, FillLayerSpecification, GeoJSONSourceSpecification, LayerSpecification, StyleSpecification, SymbolLayerSpecification } from 'maplibre-gl'
import type { FeatureCollection } from 'geojson'
import { BORDER, OUTLINE } from '@/editor/topology'
import { BASE } from '@/map/palette'
import { buildStyle, FONT, type MapView } from '@/map/style'

type SymbolLayout = NonNullable<SymbolLayerSpecification['layout']>

export interface DraftLook {
  cells: FeatureCollection
  arcs: FeatureCollection
  labels: FeatureCollection
  /** What goes from grid to grid, and where locked grids have their sign. */
  flows: FeatureCollection
  locks: FeatureCollection
  /** Colours of the classes of deviation, as on every map. */
  classes: string[]
  noData: string
  bad: string
  /** Marks cells that changed their grid since the plan was begun. */
  moved: string
  /** Codes of the grids in force that the draft stands in for. */
  covered: string[]
  opacity: number
}

/** Feature state of a cell: class, selected, in the grid pointed at, moved, apart from the rest of its grid. */
export interface CellState {
  c: number
  s: boolean
  h: boolean
  /** In another grid than when the plan was begun. */
  d: boolean
  x: boolean
  /** Locked; out of scope of a rebalancing; about to move. */
  l: boolean
  o: boolean
  m: boolean
}

const state = (name: string, otherwise: unknown): unknown => ['coalesce', ['feature-state', name], otherwise]
const when = (name: keyof CellState, yes: number, no: number): ExpressionSpecification =>
  ['case', state(name, false), yes, no] as unknown as ExpressionSpecification

function cellLayers(look: DraftLook): LayerSpecification[] {
  const colours = look.classes.flatMap((colour, i) => [i, colour])
  const colour = colours.length ? ['match', state('c', -1), ...colours, look.noData] : look.noData
  return [
    {
      id: 'draft-fill', source: 'draft-cells', type: 'fill',
      paint: { 'fill-color': colour as unknown as ExpressionSpecification, 'fill-opacity': look.opacity, 'fill-antialias': false },
    },
  ]
}

function overLayers(look: DraftLook, view: MapView): LayerSpecification[] {
  const c = BASE[view.theme]
  const kind = state('k', 0)
  const byKind = (values: [number, number, number]): ExpressionSpecification =>
    ['match', kind, BORDER, values[1], OUTLINE, values[2], values[0]] as unknown as ExpressionSpecification
  const line = { 'line-join': 'round', 'line-cap': 'round' } as const
  return [
    { id: 'draft-apart', source: 'draft-cells', type: 'fill', paint: { 'fill-pattern': `hatch-${look.bad}`, 'fill-opacity': when('x', 1, 0) } },
    { id: 'draft-outside', source: 'draft-cells', type: 'fill', paint: { 'fill-color': c.land, 'fill-opacity': when('o', 0.62, 0), 'fill-antialias': false } },
    { id: 'draft-locked', source: 'draft-cells', type: 'fill', paint: { 'fill-pattern': `hatch-${c.district}`, 'fill-opacity': when('l', 0.9, 0) } },
    { id: 'draft-moving', source: 'draft-cells', type: 'fill', paint: { 'fill-color': c.event, 'fill-opacity': when('m', 0.5, 0) } },
    { id: 'draft-moved', source: 'draft-cells', type: 'fill', paint: { 'fill-pattern': `dots-${look.moved}`, 'fill-opacity': ['case', state('m', false), 0, state('d', false), 1, 0] as unknown as ExpressionSpecification } },
    { id: 'draft-hover', source: 'draft-cells', type: 'fill', paint: { 'fill-color': c.accent, 'fill-opacity': when('h', 0.16, 0) } },
    { id: 'draft-selected', source: 'draft-cells', type: 'fill', paint: { 'fill-color': c.accent, 'fill-opacity': when('s', 0.42, 0) } },
    {
      id: 'draft-inner', source: 'draft-arcs', type: 'line', minzoom: 13, layout: line,
      paint: { 'line-color': c.grid, 'line-opacity': byKind([0.5, 0, 0]), 'line-width': 0.7 },
    },
    {
      id: 'draft-border', source: 'draft-arcs', type: 'line', layout: line,
      paint: {
        'line-color': ['match', kind, OUTLINE, c.district, c.text] as unknown as ExpressionSpecification,
        'line-opacity': byKind([0, 0.85, 1]), 'line-width': byKind([0, 1.8, 3]),
      },
    },
    { id: 'draft-moving-halo', source: 'draft-cells', type: 'line', layout: line, paint: { 'line-color': c.selectHalo, 'line-width': 4, 'line-opacity': when('m', 0.9, 0) } },
    { id: 'draft-moving-line', source: 'draft-cells', type: 'line', layout: line, paint: { 'line-color': c.event, 'line-width': 1.8, 'line-opacity': when('m', 1, 0) } },
    {
      id: 'draft-barred-halo', source: 'draft-arcs', type: 'line', layout: line,
      paint: { 'line-color': c.selectHalo, 'line-width': 8, 'line-opacity': ['case', state('l', false), 0.95, 0] as unknown as ExpressionSpecification },
    },
    {
      id: 'draft-barred', source: 'draft-arcs', type: 'line', layout: { 'line-join': 'round', 'line-cap': 'butt' },
      paint: {
        'line-color': c.district, 'line-width': 5, 'line-dasharray': [0.9, 0.6],
        'line-opacity': ['case', state('l', false), 1, 0] as unknown as ExpressionSpecification,
      },
    },
    { id: 'draft-selected-halo', source: 'draft-cells', type: 'line', layout: line, paint: { 'line-color': c.selectHalo, 'line-width': 5, 'line-opacity': when('s', 0.9, 0) } },
    { id: 'draft-selected-line', source: 'draft-cells', type: 'line', layout: line, paint: { 'line-color': c.accent, 'line-width': 2, 'line-opacity': when('s', 1, 0) } },
  ]
}

function labelLayer(view: MapView): LayerSpecification {
  const c = BASE[view.theme]
  return {
    id: 'draft-label', source: 'draft-labels', type: 'symbol',
    layout: {
      'text-field': ['format', ['get', 'name'], {}, '\n', {}, ['get', 'load'], { 'font-scale': 0.88 }] as unknown as ExpressionSpecification,
      'text-font': FONT, 'text-size': ['interpolate', ['linear'], ['zoom'], 13, 11, 17, 14], 'text-line-height': 1.25, 'text-padding': 2,
      'text-variable-anchor': ['center', 'bottom', 'top', 'left', 'right'], 'text-radial-offset': 0.7, 'text-justify': 'center',
    },
    paint: { 'text-color': c.text, 'text-halo-color': c.halo, 'text-halo-width': 1.8 },
  }
}

/** Arrows from cells that move to their new grid, and locks on grids. */
function signLayers(view: MapView): LayerSpecification[] {
  const c = BASE[view.theme]
  const ink = view.theme === 'dark' ? '#ffd6ea' : '#6f1747'
  const head = { 'icon-image': `arrow-${ink}-${c.halo}`, 'icon-rotation-alignment': 'map', 'icon-rotate': ['get', 'turn'], 'icon-allow-overlap': true, 'icon-ignore-placement': true } as const
  return [
    { id: 'draft-flow-halo', source: 'draft-flows', type: 'line', filter: ['==', ['geometry-type'], 'LineString'], layout: { 'line-cap': 'round' }, paint: { 'line-color': c.halo, 'line-width': 5, 'line-opacity': 0.9 } },
    { id: 'draft-flow', source: 'draft-flows', type: 'line', filter: ['==', ['geometry-type'], 'LineString'], layout: { 'line-cap': 'round' }, paint: { 'line-color': ink, 'line-width': 2.4 } },
    { id: 'draft-flow-head', source: 'draft-flows', type: 'symbol', filter: ['==', ['geometry-type'], 'Point'], layout: head as unknown as SymbolLayout },
    {
      id: 'draft-lock', source: 'draft-locks', type: 'symbol',
      layout: { 'icon-image': `lock-${c.district}-${c.halo}`, 'icon-offset': [0, -26], 'icon-allow-overlap': true, 'icon-ignore-placement': true },
    },
  ]
}

const source = (data: FeatureCollection): GeoJSONSourceSpecification => ({ type: 'geojson', data, tolerance: 0 })

export function buildDraftStyle(view: MapView, look: DraftLook, origin: string): StyleSpecification {
  const quiet: MapView = {
    ...view, shown: ['labels', 'divisions', 'grids', 'buildings', 'base'], classes: null, selectedGrid: null, area: null, heat: null,
    opacity: { ...view.opacity, grids: 0.3, divisions: 1, labels: 1, buildings: 1, base: 1 },
  }
  const style = buildStyle(quiet, origin)
  const outside = ['!', ['in', ['get', 'code'], ['literal', look.covered]]]
  const layers = style.layers.map((layer) =>
    'source' in layer && layer.source === 'grids' ? ({ ...layer, filter: outside } as LayerSpecification) : layer,
  )
  // What lies round the draft steps back under a veil, so that the draft stands out.
  const fill = layers.splice(layers.findIndex((l) => l.id === 'grid-fill'), 1)[0] as FillLayerSpecification
  const veil: LayerSpecification = { ...fill, id: 'draft-veil', paint: { 'fill-color': BASE[view.theme].land, 'fill-opacity': 0.55, 'fill-antialias': false } }
  const { base, divisions, grids } = style.sources
  const put = (before: string, added: LayerSpecification[]): void => {
    const at = layers.findIndex((l) => l.id === before)
    layers.splice(at < 0 ? layers.length : at, 0, ...added)
  }
  put('water-line', cellLayers(look))
  put('grid-line', [veil])
  put('division-community', overLayers(look, view))
  layers.push(...signLayers(view), labelLayer(view))
  return {
    ...style, layers,
    sources: {
      base: base!, divisions: divisions!, grids: grids!,
      'draft-cells': source(look.cells), 'draft-arcs': source(look.arcs), 'draft-labels': source(look.labels),
      'draft-flows': source(look.flows), 'draft-locks': source(look.locks),
    },
  }
}
