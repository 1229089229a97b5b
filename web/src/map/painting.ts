/** Which grid gets which class? Written as feature state, so that no tile is fetched again for a new figure. */
import type { Map as MapLibreMap } from 'maplibre-gl'
import type { FigureValues } from '@/api/types'
import { NO_DATA } from './style-grids'

const GRIDS = { source: 'grids', sourceLayer: 'grids' } as const

/** The class of every grid by id: an index into the classes, ZERO or NO_DATA. */
export function gridClasses(figure: FigureValues): Map<number, number> {
  return new Map(Object.entries(figure.class_of).map(([id, c]) => [Number(id), c ?? NO_DATA]))
}

export function paintGrids(map: MapLibreMap, figure: FigureValues | null, outside: ReadonlySet<number>): void {
  if (!map.getSource('grids')) return
  map.removeFeatureState(GRIDS)
  if (figure) for (const [id, c] of gridClasses(figure)) map.setFeatureState({ ...GRIDS, id }, { c })
  for (const id of outside) map.setFeatureState({ ...GRIDS, id }, { out: true })
}

export function hoverGrid(map: MapLibreMap, before: number | null, after: number | null): void {
  if (!map.getSource('grids')) return
  if (before !== null) map.removeFeatureState({ ...GRIDS, id: before }, 'hover')
  if (after !== null) map.setFeatureState({ ...GRIDS, id: after }, { hover: true })
}
