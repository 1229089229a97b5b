/** How does a street show who answers for it? */
import type { ExpressionSpecification, LayerSpecification } from 'maplibre-gl'
import type { BaseColours } from './palette'
import type { MapView } from './style'

const from = { source: 'streets', 'source-layer': 'streets' } as const

/** From afar nobody asks who answers for a street. */
export const STREETS_FROM = 13
/** Far off a street is a line, near by its carriageway, each side of a community border as its own. */
export const CARRIAGEWAYS_FROM = 15

export function streetHomes(view: MapView, c: BaseColours): LayerSpecification[] {
  const o = view.opacity.streets
  const tints = view.tints.flatMap((colour, i) => [i, colour])
  const colour = [
    'case', ['has', 'colour'], ['match', ['%', ['get', 'colour'], view.tints.length], ...tints, view.tints[0]], c.street,
  ] as unknown as ExpressionSpecification
  const selected = ['==', ['id'], view.selectedStreet ?? -1]
  const line = { 'line-join': 'round', 'line-cap': 'round' } as const
  return [
    {
      id: 'street-home-line', ...from, type: 'line', minzoom: STREETS_FROM, maxzoom: CARRIAGEWAYS_FROM, layout: line,
      paint: {
        'line-color': colour, 'line-opacity': o,
        'line-width': ['interpolate', ['linear'], ['zoom'], 13, 1.6, 15, ['+', 2, ['/', ['get', 'half_width_m'], 3]]],
      },
    },
    {
      id: 'street-home', ...from, type: 'fill', minzoom: CARRIAGEWAYS_FROM,
      paint: { 'fill-color': colour, 'fill-opacity': o },
    },
    {
      id: 'street-home-edge', ...from, type: 'line', minzoom: CARRIAGEWAYS_FROM, layout: { 'line-join': 'round' },
      paint: {
        // A home that a person chose has an edge of its own: told by form, not by colour alone.
        'line-color': ['case', selected, c.accent, ['get', 'chosen'], c.text, c.grid] as unknown as ExpressionSpecification,
        'line-opacity': o,
        'line-width': ['case', selected, 3, ['get', 'chosen'], 1.8, 0.6] as unknown as ExpressionSpecification,
      },
    },
  ]
}
