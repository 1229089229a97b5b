/** Which layers can a person switch, in which order do they lie, and which are on at first? */
import type { Key } from '@/i18n/messages'

export const LAYERS = ['labels', 'events', 'heat', 'parts', 'divisions', 'grids', 'streets', 'buildings', 'base'] as const
export type LayerKey = (typeof LAYERS)[number]

export const LAYER_NAME: Record<LayerKey, Key> = {
  labels: 'layerLabels',
  events: 'layerEvents',
  parts: 'layerParts',
  heat: 'layerHeat',
  divisions: 'layerDivisions',
  grids: 'layerGrids',
  streets: 'layerStreets',
  buildings: 'layerBuildings',
  base: 'layerBase',
}

export const SHOWN_AT_FIRST: readonly LayerKey[] = ['labels', 'divisions', 'grids', 'buildings', 'base']
export const OPACITY_AT_FIRST: Record<LayerKey, number> = {
  labels: 100, events: 100, parts: 100, heat: 85, divisions: 100, grids: 75, streets: 100, buildings: 100, base: 100,
}
