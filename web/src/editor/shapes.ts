/** How do the polygons of the cells lie in memory? All coordinates in one array, rings and cells by offsets. */
import type { FeatureCollection, Polygon, MultiPolygon } from 'geojson'

export interface Shapes {
  /** lon, lat, lon, lat …; rings are closed: the last point repeats the first. */
  coordinates: Float64Array
  /** Where each ring begins, in points; one more at the end. */
  rings: Int32Array
  /** Where each cell begins, in rings; one more at the end. */
  cells: Int32Array
}

/** Shapes in the order of the cells; the id of a feature is the index of its cell. */
export function flatten(collection: FeatureCollection<Polygon | MultiPolygon>, cells: number): Shapes {
  const byCell: (number[][][] | undefined)[] = new Array(cells)
  for (const { id, geometry } of collection.features) {
    const polygons = geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates
    byCell[Number(id)] = polygons.flat()
  }
  const points = byCell.reduce((n, rings) => n + (rings?.reduce((m, ring) => m + ring.length, 0) ?? 0), 0)
  const coordinates = new Float64Array(2 * points)
  const rings = [0]
  const starts = new Int32Array(cells + 1)
  let n = 0
  for (let i = 0; i < cells; i += 1) {
    for (const ring of byCell[i] ?? []) {
      for (const [lon, lat] of ring) {
        coordinates[n++] = lon!
        coordinates[n++] = lat!
      }
      rings.push(n / 2)
    }
    starts[i + 1] = rings.length - 1
  }
  return { coordinates, rings: Int32Array.from(rings), cells: starts }
}

/** Bounds of a cell; empty bounds (infinite the wrong way) where it has no shape. */
export function boundsOf(shapes: Shapes, cell: number): [number, number, number, number] {
  const from = shapes.rings[shapes.cells[cell]!]!
  const to = shapes.rings[shapes.cells[cell + 1]!]!
  let [w, s, e, n] = [Infinity, Infinity, -Infinity, -Infinity]
  for (let p = from; p < to; p += 1) {
    const [x, y] = [shapes.coordinates[2 * p]!, shapes.coordinates[2 * p + 1]!]
    if (x < w) w = x
    if (x > e) e = x
    if (y < s) s = y
    if (y > n) n = y
  }
  return [w, s, e, n]
}
