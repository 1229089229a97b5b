/** What does an edit change on the map? Only the states of the cells and lines it touched; no shape is sent again. */
import type { Map as MapLibreMap } from 'maplibre-gl'
import type { FeatureCollection } from 'geojson'
import type { Delta, GridState } from '@/editor/editor'

/** Selected, locked, out of scope, about to move. */
export type Sign = 's' | 'l' | 'o' | 'm'

export interface Painter {
  /** Draws an edit; `classOf` names the class of a grid, `gridOf` the grid of a cell as it is now. */
  draw: (delta: Delta, classOf: (state: GridState) => number) => void
  /** Puts a sign on these cells and takes it from all others. */
  mark: (sign: Sign, cells: Iterable<number>) => void
  /** The same for lines between cells: nothing goes over them. */
  bar: (arcs: Iterable<number>) => void
  hover: (grid: number | null) => void
}

const CELLS = 'draft-cells'
const ARCS = 'draft-arcs'

export function painter(map: MapLibreMap, base: Int32Array, gridOf: (cell: number) => number): Painter {
  const cells = base.length
  const signed: Record<Sign, Set<number>> = { s: new Set(), l: new Set(), o: new Set(), m: new Set() }
  let barred = new Set<number>()
  let hovered: number | null = null
  const classes = new Map<number, number>()
  const apart = new Map<number, Int32Array>()
  const cell = (id: number, state: Record<string, unknown>): void => void map.setFeatureState({ source: CELLS, id }, state)

  function members(wanted: ReadonlySet<number>, each: (cell: number) => void): void {
    for (let i = 0; i < cells; i += 1) if (wanted.has(gridOf(i))) each(i)
  }

  return {
    draw(delta, classOf) {
      const recoloured = new Set<number>()
      for (const grid of delta.touched) {
        const c = classOf(grid)
        if (classes.get(grid.grid) !== c) recoloured.add(grid.grid)
        classes.set(grid.grid, c)
        for (const i of apart.get(grid.grid) ?? []) cell(i, { x: false })
      }
      for (const grid of delta.touched) {
        apart.set(grid.grid, grid.apart)
        for (const i of grid.apart) cell(i, { x: true })
      }
      if (recoloured.size) members(recoloured, (i) => cell(i, { c: classes.get(gridOf(i)) }))
      for (const i of delta.cells) cell(i, { c: classes.get(gridOf(i)), d: base[i]! >= 0 && base[i] !== gridOf(i), h: hovered !== null && gridOf(i) === hovered })
      delta.arcs.forEach((id, i) => void map.setFeatureState({ source: ARCS, id }, { k: delta.kinds[i] }))
    },
    mark(sign, chosen) {
      const next = new Set(chosen)
      for (const i of signed[sign]) if (!next.has(i)) cell(i, { [sign]: false })
      for (const i of next) if (!signed[sign].has(i)) cell(i, { [sign]: true })
      signed[sign] = next
    },
    bar(arcs) {
      const next = new Set(arcs)
      for (const id of barred) if (!next.has(id)) map.setFeatureState({ source: ARCS, id }, { l: false })
      for (const id of next) if (!barred.has(id)) map.setFeatureState({ source: ARCS, id }, { l: true })
      barred = next
    },
    hover(grid) {
      if (grid === hovered) return
      members(new Set([hovered, grid].filter((g) => g !== null)), (i) => cell(i, { h: gridOf(i) === grid }))
      hovered = grid
    },
  }
}

/** Points that carry the names of the grids. */
export function labelPoints(states: Iterable<GridState>, words: (state: GridState) => { name: string; load: string }): FeatureCollection {
  const features = [...states].flatMap((state) =>
    state.at ? [{ type: 'Feature' as const, id: state.grid, properties: words(state), geometry: { type: 'Point' as const, coordinates: state.at } }] : [],
  )
  return { type: 'FeatureCollection', features }
}
