/** Which cells are meant: under a point, in a box, in a lasso? By an index of our own, not by what is drawn. */
import Flatbush from 'flatbush'
import { boundsOf, type Shapes } from './shapes'

export type Point = [number, number]

/** Even-odd rule over the edges of one ring or several: holes count themselves out. */
function crossings(x: number, y: number, coordinates: ArrayLike<number>, from: number, to: number): boolean {
  let inside = false
  for (let p = from; p < to - 1; p += 1) {
    const [x1, y1, x2, y2] = [coordinates[2 * p]!, coordinates[2 * p + 1]!, coordinates[2 * p + 2]!, coordinates[2 * p + 3]!]
    if (y1 > y !== y2 > y && x < x1 + ((y - y1) / (y2 - y1)) * (x2 - x1)) inside = !inside
  }
  return inside
}

export function inRing(x: number, y: number, ring: readonly Point[]): boolean {
  const flat = [...ring, ring[0] ?? [0, 0]].flat()
  return crossings(x, y, flat, 0, flat.length / 2)
}

export class HitIndex {
  private readonly tree: Flatbush | null

  /** `x`, `y`: a point inside each cell, which decides for boxes and lassos. */
  constructor(private readonly shapes: Shapes, private readonly x: ArrayLike<number>, private readonly y: ArrayLike<number>) {
    const cells = shapes.cells.length - 1
    this.tree = cells ? new Flatbush(cells) : null
    for (let i = 0; i < cells; i += 1) {
      const [w, s, e, n] = boundsOf(shapes, i)
      if (w > e) this.tree!.add(x[i]!, y[i]!)
      else this.tree!.add(w, s, e, n)
    }
    this.tree?.finish()
  }

  /** The cell at a point, -1 outside. */
  at(lon: number, lat: number): number {
    for (const cell of this.tree?.search(lon, lat, lon, lat) ?? []) if (this.holds(cell, lon, lat)) return cell
    return -1
  }

  /** Cells whose inner point lies in the box, in order. */
  inBox([x1, y1]: Point, [x2, y2]: Point): Int32Array {
    const [w, e, s, n] = [Math.min(x1, x2), Math.max(x1, x2), Math.min(y1, y2), Math.max(y1, y2)]
    return this.near(w, s, e, n, (i) => this.x[i]! >= w && this.x[i]! <= e && this.y[i]! >= s && this.y[i]! <= n)
  }

  /** Cells whose inner point lies in the ring, in order; fewer than three points hold nothing. */
  inLasso(ring: readonly Point[]): Int32Array {
    if (ring.length < 3) return new Int32Array()
    const [xs, ys] = [ring.map((p) => p[0]), ring.map((p) => p[1])]
    const flat = [...ring, ring[0]!].flat()
    return this.near(Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys), (i) =>
      crossings(this.x[i]!, this.y[i]!, flat, 0, flat.length / 2),
    )
  }

  private near(w: number, s: number, e: number, n: number, keep: (cell: number) => boolean): Int32Array {
    return Int32Array.from(this.tree?.search(w, s, e, n, keep) ?? []).sort()
  }

  private holds(cell: number, lon: number, lat: number): boolean {
    const { coordinates, rings, cells } = this.shapes
    let inside = false
    for (let r = cells[cell]!; r < cells[cell + 1]!; r += 1) {
      if (crossings(lon, lat, coordinates, rings[r]!, rings[r + 1]!)) inside = !inside
    }
    return inside
  }
}
