/** How do parts, events and their heat look? */
import type { ExpressionSpecification, LayerSpecification } from 'maplibre-gl'
import type { BaseColours } from './palette'
import { FONT, type MapView } from './style'

function bins(source: string, layer: string, colour: string, c: BaseColours, o: number): LayerSpecification[] {
  const from = { source, 'source-layer': layer } as const
  return [
    {
      id: `${source}-bin`, ...from, type: 'circle',
      paint: {
        'circle-color': colour, 'circle-opacity': 0.82 * o, 'circle-stroke-color': c.pointLine, 'circle-stroke-width': 1.2,
        'circle-stroke-opacity': o,
        'circle-radius': ['interpolate', ['linear'], ['sqrt', ['coalesce', ['get', 'count'], 1]], 1, 2.5, 4, 6.5, 8, 10, 20, 15, 60, 22],
      },
    },
    {
      id: `${source}-bin-count`, ...from, type: 'symbol', filter: ['>', ['coalesce', ['get', 'count'], 1], 9],
      layout: {
        'text-field': ['to-string', ['get', 'count']], 'text-font': FONT, 'text-size': 10.5, 'text-padding': 0,
        'symbol-sort-key': ['*', -1, ['coalesce', ['get', 'count'], 1]],
      },
      paint: { 'text-color': c.pointLine, 'text-opacity': o },
    },
  ]
}

export function partLayers(view: MapView, c: BaseColours): LayerSpecification[] {
  const o = view.opacity.parts
  return [
    ...bins('parts', 'parts_binned', c.part, c, o),
    {
      id: 'part', source: 'parts', 'source-layer': 'parts', type: 'circle',
      paint: {
        'circle-radius': ['interpolate', ['linear'], ['zoom'], 12, 1, 14, 1.8, 15, 2.6, 16, 4, 19, 7], 'circle-opacity': o,
        // A part that is not intact is a ring instead of a disc: told by its form, not by its colour alone.
        'circle-color': ['match', ['coalesce', ['get', 'state'], 'intact'], 'intact', c.part, c.pointLine],
        'circle-stroke-color': ['match', ['coalesce', ['get', 'state'], 'intact'], 'intact', c.pointLine, c.part],
        'circle-stroke-width': [
          'interpolate', ['linear'], ['zoom'], 14, ['match', ['coalesce', ['get', 'state'], 'intact'], 'intact', 0.3, 0.8],
          16, ['match', ['coalesce', ['get', 'state'], 'intact'], 'intact', 1, 2],
        ],
        'circle-stroke-opacity': o,
      },
    },
  ]
}

export function eventLayers(view: MapView, c: BaseColours): LayerSpecification[] {
  const o = view.opacity.events
  return [
    ...bins('events', 'events_binned', c.event, c, o),
    {
      id: 'event', source: 'events', 'source-layer': 'events', type: 'symbol',
      layout: {
        'icon-image': `diamond-${c.event}-${c.pointLine}`, 'icon-allow-overlap': true, 'icon-ignore-placement': true, 'icon-padding': 0,
        'icon-size': ['interpolate', ['linear'], ['zoom'], 12, 0.22, 14, 0.4, 16, 0.8, 19, 1.15],
      },
      paint: { 'icon-opacity': o },
    },
  ]
}

/** Metres around an event that its heat reaches; constant, so that zooming in does not move the hot spots. */
const HEAT_REACH_M = 75
/** So many times the mean density of the district is shown as the hottest. */
const HOTTEST = 11
/** Where there are few events, a single one stays pale. */
const FEW = 0.8
const EQUATOR_PX_M = 78_271.517

/**
 * Strength of one event, so that few events and many give a map of equal contrast.
 *
 * A point's kernel holds 0.2785 r² of its weight in all (MapLibre's Gaussian), spread over the ground of the district.
 */
function heatIntensity(view: MapView): number {
  const events = (view.heat?.features ?? []).reduce((sum, f) => sum + Number(f.properties?.['weight'] ?? 1), 0)
  const [west, south, east, north] = view.bbox
  const ground = (east - west) * Math.cos((south * Math.PI) / 180) * (north - south) * 111_320 ** 2
  return Math.min(FEW, ground / (Math.max(1, events) * 0.2785 * HEAT_REACH_M ** 2 * HOTTEST))
}

export function heatLayer(view: MapView): LayerSpecification[] {
  const pixels = (zoom: number): number => HEAT_REACH_M / ((EQUATOR_PX_M * Math.cos((view.bbox[1] * Math.PI) / 180)) / 2 ** zoom)
  const colours = [`${view.heatRamp[0]}00`, ...view.heatRamp]
  const stops = colours.flatMap((colour, i) => [i / (colours.length - 1), colour])
  return [
    {
      id: 'heat', source: 'heat', type: 'heatmap',
      paint: {
        'heatmap-weight': ['coalesce', ['get', 'weight'], 1],
        'heatmap-radius': ['interpolate', ['exponential', 2], ['zoom'], 8, Math.max(2, pixels(8)), 18, pixels(18)],
        'heatmap-intensity': heatIntensity(view),
        'heatmap-opacity': view.opacity.heat,
        'heatmap-color': ['interpolate', ['linear'], ['heatmap-density'], ...stops] as unknown as ExpressionSpecification,
      },
    },
  ]
}
