/** A small made-up draft: square cells in rows, one unit of 0.001° each, two communities side by side. */
import type { Feature, FeatureCollection, Polygon } from 'geojson'
import type { DraftData } from '@/editor/editor'
import { flatten, type Shapes } from '@/editor/shapes'

const STEP = 0.001

export interface Town {
  data: DraftData
  geojson: FeatureCollection<Polygon>
  shapes: Shapes
}

/** `plan` is a drawing: one letter for the grid of each cell, one string for each row, the north first. */
export function town(plan: string[], communityOf: (letter: string) => number = () => 0): Town {
  const [rows, columns] = [plan.length, plan[0]!.length]
  const letters = [...new Set(plan.join(''))].sort()
  const index = (r: number, c: number): number => r * columns + c
  const cells: DraftData['cells'] = { cell_id: [], community: [], households: [], people: [], area_m2: [], x: [], y: [], grid: [], base: [] }
  const edges: DraftData['edges'] = { a: [], b: [] }
  const features: Feature<Polygon>[] = []
  for (let r = 0; r < rows; r += 1) {
    for (let c = 0; c < columns; c += 1) {
      const letter = plan[r]![c]!
      const [w, n] = [113 + c * STEP, 23 - r * STEP]
      const [e, s] = [w + STEP, n - STEP]
      cells.cell_id.push(9000 + 7 * index(r, c))
      cells.community.push(communityOf(letter))
      cells.households.push(1 + ((3 * r + 5 * c) % 11))
      cells.people.push(2)
      cells.area_m2.push(100)
      cells.x.push(w + STEP / 2)
      cells.y.push(n - STEP / 2)
      cells.grid.push(letters.indexOf(letter))
      cells.base.push(letter)
      features.push({
        type: 'Feature', id: index(r, c), properties: {},
        geometry: { type: 'Polygon', coordinates: [[[w, n], [w, s], [e, s], [e, n], [w, n]]] },
      })
      if (c + 1 < columns) (edges.a.push(index(r, c)), edges.b.push(index(r, c + 1)))
      if (r + 1 < rows) (edges.a.push(index(r, c)), edges.b.push(index(r + 1, c)))
    }
  }
  const geojson: FeatureCollection<Polygon> = { type: 'FeatureCollection', features }
  const grids = letters.map((key) => ({ key, community: communityOf(key) }))
  return { data: { cells, grids, edges }, geojson, shapes: flatten(geojson, rows * columns) }
}

/** Numbers 0 ≤ n < below, always the same ones. */
export function dice(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}
