/** What lies under the pointer? The smallest thing answers first: event, part, building, street, grid. */
import type { Map as MapLibreMap, PointLike } from 'maplibre-gl'

export interface Hit {
  kind: 'event' | 'part' | 'building' | 'street' | 'grid' | 'bin'
  id: number
  properties: Record<string, unknown>
  lon: number
  lat: number
}

/** Buildings are picked once they are large enough to be meant. */
const BUILDINGS_FROM = 15.5
const REACH = 4

const LAYER_KINDS: [string, Hit['kind']][] = [
  ['event', 'event'], ['part', 'part'], ['events-bin', 'bin'], ['parts-bin', 'bin'], ['building', 'building'],
  ['building-point', 'building'], ['street-home', 'street'], ['street-home-line', 'street'], ['grid-fill', 'grid'],
]

export function hitAt(map: MapLibreMap, point: { x: number; y: number }): Hit | null {
  const near: [PointLike, PointLike] = [[point.x - REACH, point.y - REACH], [point.x + REACH, point.y + REACH]]
  for (const [layer, kind] of LAYER_KINDS) {
    if (!map.getLayer(layer) || (kind === 'building' && map.getZoom() < BUILDINGS_FROM)) continue
    const small = kind === 'event' || kind === 'part' || kind === 'bin' || layer === 'building-point' || layer === 'street-home-line'
    const [feature] = map.queryRenderedFeatures(small ? near : [point.x, point.y], { layers: [layer] })
    if (!feature) continue
    const where = feature.geometry.type === 'Point' ? feature.geometry.coordinates : map.unproject([point.x, point.y]).toArray()
    return { kind, id: Number(feature.id ?? -1), properties: { ...feature.properties, layer }, lon: where[0]!, lat: where[1]! }
  }
  return null
}
