/** Along which lines do cells meet? Borders of grids are drawn from these lines, so that no polygon is ever dissolved here. */
import type { Shapes } from './shapes'

/** Lines between cells: each runs along the same pair of cells from end to end. */
export interface Arcs {
  /** Cell on either side; `b` is -1 where there is none: the outline of the draft. */
  a: Int32Array
  b: Int32Array
  /** Points of all arcs, lon and lat by turns; where each arc begins, in points. */
  coordinates: Float64Array
  starts: Int32Array
  /** Compressed rows: arcs of each cell. */
  offsets: Int32Array
  ofCell: Int32Array
}

/** Coordinates of noded cells are equal to the last digit where cells meet; 7 decimals name a vertex. */
const GRAIN = 1e7
const SPAN = 2 ** 26

interface Edges {
  from: number[]
  to: number[]
  a: number[]
  b: number[]
  x: number[]
  y: number[]
}

function readEdges(shapes: Shapes): Edges {
  const vertices = new Map<string, number>()
  const known = new Map<number, number>()
  const edges: Edges = { from: [], to: [], a: [], b: [], x: [], y: [] }
  const vertexOf = (p: number): number => {
    const [x, y] = [shapes.coordinates[2 * p]!, shapes.coordinates[2 * p + 1]!]
    const name = `${Math.round(x * GRAIN)},${Math.round(y * GRAIN)}`
    let v = vertices.get(name)
    if (v === undefined) {
      vertices.set(name, (v = vertices.size))
      edges.x.push(x)
      edges.y.push(y)
    }
    return v
  }
  for (let cell = 0; cell < shapes.cells.length - 1; cell += 1) {
    for (let r = shapes.cells[cell]!; r < shapes.cells[cell + 1]!; r += 1) {
      let v = vertexOf(shapes.rings[r]!)
      for (let p = shapes.rings[r]! + 1; p < shapes.rings[r + 1]!; p += 1) {
        const w = vertexOf(p)
        if (v === w) continue
        const name = Math.min(v, w) * SPAN + Math.max(v, w)
        const e = known.get(name)
        if (e === undefined) {
          known.set(name, edges.a.length)
          edges.from.push(v)
          edges.to.push(w)
          edges.a.push(cell)
          edges.b.push(-1)
        } else if (edges.a[e] !== cell) edges.b[e] = cell
        v = w
      }
    }
  }
  return edges
}

/** Joins edges of the same pair of cells, end to end, into lines as long as they go. */
export function buildArcs(shapes: Shapes): Arcs {
  const edges = readEdges(shapes)
  const count = edges.a.length
  const cells = shapes.cells.length - 1
  const pairOf = (e: number): number => (edges.b[e]! + 1) * (cells + 1) + edges.a[e]!
  const atVertex: number[][] = edges.x.map(() => [])
  for (let e = 0; e < count; e += 1) {
    atVertex[edges.from[e]!]!.push(e)
    atVertex[edges.to[e]!]!.push(e)
  }
  const used = new Uint8Array(count)
  const follow = (e: number, vertex: number, line: number[]): void => {
    for (let [edge, v] = [e, vertex]; ;) {
      line.push(v)
      const here = atVertex[v]!
      // A vertex where three or more edges meet ends every line.
      const on = here.length === 2 ? here[0] === edge ? here[1]! : here[0]! : -1
      if (on < 0 || used[on] || pairOf(on) !== pairOf(edge)) return
      used[on] = 1
      v = edges.from[on] === v ? edges.to[on]! : edges.from[on]!
      edge = on
    }
  }
  const [a, b, coordinates, starts]: number[][] = [[], [], [], [0]]
  for (let e = 0; e < count; e += 1) {
    if (used[e]) continue
    used[e] = 1
    const [forth, back]: [number[], number[]] = [[], []]
    follow(e, edges.to[e]!, forth)
    follow(e, edges.from[e]!, back)
    for (const v of [...back.reverse(), ...forth]) coordinates!.push(edges.x[v]!, edges.y[v]!)
    a!.push(edges.a[e]!)
    b!.push(edges.b[e]!)
    starts!.push(coordinates!.length / 2)
  }
  return {
    a: Int32Array.from(a!), b: Int32Array.from(b!), coordinates: Float64Array.from(coordinates!), starts: Int32Array.from(starts!),
    ...rowsOf(cells, a!, b!),
  }
}

function rowsOf(cells: number, a: readonly number[], b: readonly number[]): Pick<Arcs, 'offsets' | 'ofCell'> {
  const offsets = new Int32Array(cells + 1)
  for (const side of [a, b]) for (const cell of side) if (cell >= 0) offsets[cell + 1]! += 1
  for (let i = 0; i < cells; i += 1) offsets[i + 1]! += offsets[i]!
  const ofCell = new Int32Array(offsets[cells]!)
  const next = offsets.slice(0, cells)
  for (const side of [a, b]) side.forEach((cell, arc) => void (cell >= 0 && (ofCell[next[cell]!++] = arc)))
  return { offsets, ofCell }
}

/** What an arc is now: a line inside a grid, a border between two grids, or the outline of the draft. */
export const INNER = 0
export const BORDER = 1
export const OUTLINE = 2

export function kindOf(arcs: Arcs, arc: number, of: Int32Array): 0 | 1 | 2 {
  const b = arcs.b[arc]!
  return b < 0 ? OUTLINE : of[arcs.a[arc]!] === of[b] ? INNER : BORDER
}

/** The arcs round some cells, each once. */
export function arcsOf(arcs: Arcs, cells: Int32Array): Int32Array {
  const found = new Set<number>()
  for (const cell of cells) for (let i = arcs.offsets[cell]!; i < arcs.offsets[cell + 1]!; i += 1) found.add(arcs.ofCell[i]!)
  return Int32Array.from(found)
}
