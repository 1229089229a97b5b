/** Which map is drawn for this view? A pure function: the same view gives the same style. */
import type { LayerSpecification, SourceSpecification, StyleSpecification } from 'maplibre-gl'
import type { FeatureCollection } from 'geojson'
import type { Lang } from '@/i18n/messages'
import type { LayerKey } from '@/lib/layers'
import { baseLayers, buildingLayers, streetLabels } from './style-base'
import { gridFill, gridLabels, gridLines, divisionLabels, divisionLines, selectionLines } from './style-grids'
import { streetHomes } from './style-streets'
import { eventLayers, heatLayer, partLayers } from './style-points'
import { BASE, type Theme } from './palette'

export interface MapView {
  district: string
  bbox: [number, number, number, number]
  versions: { base: number; divisions: number; grids: number }
  /** The moment, network and level of the tiles, where they are not now and the first. */
  asked: Record<string, string>
  theme: Theme
  lang: Lang
  attribution: string
  shown: LayerKey[]
  /** 0..1 */
  opacity: Record<LayerKey, number>
  /** Colours of the classes of the figure; null paints grids apart by their own colour. */
  classes: string[] | null
  /** Colours that map, legend and export share. */
  zero: string
  hatch: string
  tints: string[]
  heatRamp: string[]
  noData: number[]
  estimated: number[]
  selectedGrid: number | null
  selectedBuilding: number | null
  selectedStreet: number | null
  /** Homes of streets changed from here: their tiles are other ones then. */
  homes: number
  area: { id: number; level: string } | null
  eventClass: string | null
  partClass: string | null
  period: [string, string] | null
  heat: FeatureCollection | null
}

export const FONT = ['Noto Sans SC', 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', 'sans-serif']

/** Beyond this zoom tiles are stretched: at 16 their lattice is 15 cm. */
export const DEEPEST_TILE = 16

/** MapLibre shows an attribution as HTML. */
const escape = (text: string): string => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`)

function query(values: Record<string, string | null | undefined>): string {
  const pairs = Object.entries(values).filter(([, v]) => v !== null && v !== undefined)
  return pairs.length ? '?' + pairs.map(([k, v]) => `${k}=${encodeURIComponent(v!)}`).join('&') : ''
}

function sources(view: MapView, origin: string): Record<string, SourceSpecification> {
  const root = `${origin}/tiles/${encodeURIComponent(view.district)}`
  const tiles = (path: string, rest = ''): SourceSpecification => ({
    type: 'vector', tiles: [`${root}/${path}/{z}/{x}/{y}.mvt${rest}`], minzoom: 0, maxzoom: DEEPEST_TILE, bounds: view.bbox,
  })
  const { base, divisions, grids } = view.versions
  const time = { from: view.period?.[0], to: view.period?.[1] }
  return {
    base: { ...tiles(`base/${base}`, query(view.asked)), attribution: escape(view.attribution) } as SourceSpecification,
    divisions: tiles(`divisions/${divisions}`, query(view.asked)),
    grids: tiles(`grids/${grids}`, query(view.asked)),
    parts: tiles('parts', query({ class: view.partClass, ...view.asked })),
    streets: tiles('streets', query({ ...view.asked, v: view.homes ? String(view.homes) : null })),
    events: tiles('events', query({ class: view.eventClass, ...time, ...view.asked })),
    heat: { type: 'geojson', data: view.heat ?? { type: 'FeatureCollection', features: [] } },
  }
}

export function buildStyle(view: MapView, origin: string): StyleSpecification {
  const c = BASE[view.theme]
  const on = (key: LayerKey, layers: LayerSpecification[]): LayerSpecification[] => (view.shown.includes(key) ? layers : [])
  const under = baseLayers(c, view.opacity.base)
  return {
    version: 8,
    sources: sources(view, origin),
    layers: [
      { id: 'land', type: 'background', paint: { 'background-color': c.land } },
      ...on('base', under.ground),
      ...on('grids', gridFill(view)),
      ...on('base', under.ways),
      ...on('buildings', buildingLayers(c, view.opacity.buildings)),
      ...on('streets', streetHomes(view, c)),
      ...on('grids', gridLines(view, c)),
      ...on('divisions', divisionLines(view, c)),
      ...selectionLines(view, c),
      ...on('heat', heatLayer(view)),
      ...on('parts', partLayers(view, c)),
      ...on('events', eventLayers(view, c)),
      ...on('labels', [...streetLabels(view, c), ...gridLabels(view, c), ...divisionLabels(view, c)]),
    ],
  }
}

/** Which part of the style holds feature state: when it changes, the states are to be set anew. */
export function gridSource(view: MapView): string {
  return `${view.district}/${view.versions.grids}${query(view.asked)}`
}
