import { describe, expect, it } from 'vitest'
import { buildAdjacency } from '@/editor/adjacency'
import { HitIndex, inRing, type Point } from '@/editor/hit'
import { flatten } from '@/editor/shapes'
import { BORDER, buildArcs, INNER, kindOf, OUTLINE } from '@/editor/topology'
import { dice, town } from './town'

describe('neighbours', () => {
  it('stand in rows, each pair on both sides', () => {
    const { offsets, targets } = buildAdjacency(4, [0, 1, 2], [1, 2, 2])
    const row = (i: number): number[] => [...targets.slice(offsets[i], offsets[i + 1])]
    expect([row(0), row(1), row(2), row(3)]).toEqual([[1], [0, 2], [1], []])
  })
  it('are refused where there is no such cell', () => {
    expect(() => buildAdjacency(2, [0], [2])).toThrow('2 cells')
  })
})

describe('lines between cells', () => {
  it('know both sides: borders of grids, lines inside them, the outline', () => {
    const { data, shapes } = town(['AB', 'AB'])
    const arcs = buildArcs(shapes)
    const of = Int32Array.from(data.cells.grid)
    const length = (kind: number): number =>
      [...arcs.a.keys()].filter((i) => kindOf(arcs, i, of) === kind).reduce((n, i) => n + arcs.starts[i + 1]! - arcs.starts[i]! - 1, 0)
    expect([length(INNER), length(BORDER), length(OUTLINE)]).toEqual([2, 2, 8])
  })
  it('run as far as they go: one line round a cell inside another, one where two meet along many points', () => {
    const ring = (x: number, y: number, size: number): number[][] => [[x, y], [x + size, y], [x + size, y + size], [x, y + size], [x, y]]
    const feature = (id: number, coordinates: number[][][]) =>
      ({ type: 'Feature' as const, id, properties: {}, geometry: { type: 'Polygon' as const, coordinates } })
    const nested = flatten({ type: 'FeatureCollection', features: [feature(0, [ring(0, 0, 3), ring(1, 1, 1)]), feature(1, [ring(1, 1, 1)])] }, 2)
    const arcs = buildArcs(nested)
    expect([...arcs.b].sort()).toEqual([-1, 1])
    expect([...arcs.starts]).toEqual([0, 5, 10])
    const bent = flatten({ type: 'FeatureCollection', features: [
      feature(0, [[[0, 0], [1, 0], [1.2, 1], [0.9, 2], [1, 3], [0, 3], [0, 0]]]),
      feature(1, [[[1, 0], [2, 0], [2, 3], [1, 3], [0.9, 2], [1.2, 1], [1, 0]]]),
    ] }, 2)
    const shared = buildArcs(bent)
    const i = shared.b.indexOf(1)
    expect(shared.starts[i + 1]! - shared.starts[i]!).toBe(4)
    expect(shared.a).toHaveLength(3)
  })
  it('meet across a digit that rounding moved', () => {
    const { geojson } = town(['AB'])
    geojson.features[1]!.geometry.coordinates[0] = geojson.features[1]!.geometry.coordinates[0]!.map(([x, y]) => [x! + 1e-10, y!])
    expect(buildArcs(flatten(geojson, 2)).b.filter((b) => b >= 0)).toHaveLength(1)
  })
})

describe('which cells are meant', () => {
  const { data, shapes } = town(['AAAA', 'AAAA', 'AAAA'])
  const hits = new HitIndex(shapes, data.cells.x, data.cells.y)

  it('finds the cell under a point, as a search of all does', () => {
    const roll = dice(5)
    for (let n = 0; n < 200; n += 1) {
      const [lon, lat] = [112.9995 + roll(5000) / 1e6, 23.0005 - roll(4000) / 1e6]
      const [c, r] = [Math.floor((lon - 113) / 0.001), Math.floor((23 - lat) / 0.001)]
      expect(hits.at(lon, lat)).toBe(c >= 0 && c < 4 && r >= 0 && r < 3 ? r * 4 + c : -1)
    }
  })
  it('leaves the hole of a cell out', () => {
    const hole = [[1, 1], [2, 1], [2, 2], [1, 2], [1, 1]]
    const outer = [[0, 0], [3, 0], [3, 3], [0, 3], [0, 0]]
    const far = [[5, 5], [6, 5], [6, 6], [5, 6], [5, 5]]
    const shape = flatten({ type: 'FeatureCollection', features: [
      { type: 'Feature', id: 0, properties: {}, geometry: { type: 'MultiPolygon', coordinates: [[outer, hole], [far]] } },
    ] }, 1)
    const index = new HitIndex(shape, [0.5], [0.5])
    expect([index.at(0.5, 0.5), index.at(1.5, 1.5), index.at(5.5, 5.5), index.at(4, 4)]).toEqual([0, -1, 0, -1])
  })
  it('takes what has its inner point in the box, whichever corner comes first', () => {
    expect([...hits.inBox([113.0004, 22.9994], [113.0022, 23])]).toEqual([0, 1])
    expect([...hits.inBox([113.0022, 23], [113.0004, 22.9994])]).toEqual([0, 1])
  })
  it('takes what has its inner point in the lasso, as a test of each does', () => {
    const ring: Point[] = [[113.0002, 23.0001], [113.0039, 22.9991], [113.002, 22.9979], [113.0012, 22.999], [113.0001, 22.9971]]
    const each = data.cells.x.flatMap((x, i) => (inRing(x, data.cells.y[i]!, ring) ? [i] : []))
    expect(each.length).toBeGreaterThan(3)
    expect([...hits.inLasso(ring)]).toEqual(each)
    expect(hits.inLasso(ring.slice(0, 2))).toHaveLength(0)
  })
  it('finds nothing where there is nothing', () => {
    const empty = new HitIndex(flatten({ type: 'FeatureCollection', features: [] }, 0), [], [])
    expect([empty.at(1, 1), empty.inBox([0, 0], [2, 2]).length]).toEqual([-1, 0])
  })
})
