/** Which cells touch which? Compressed rows: the neighbours of cell `i` are `targets[offsets[i] … offsets[i + 1]]`. */

export interface Adjacency {
  offsets: Int32Array
  targets: Int32Array
}

/** Rows from pairs, each pair given once; a pair of a cell with itself is none. */
export function buildAdjacency(cells: number, a: ArrayLike<number>, b: ArrayLike<number>): Adjacency {
  const offsets = new Int32Array(cells + 1)
  for (let e = 0; e < a.length; e += 1) {
    const [p, q] = [a[e]!, b[e]!]
    if (p < 0 || q < 0 || p >= cells || q >= cells) throw new RangeError(`Edge ${e} joins ${p} and ${q}, but there are ${cells} cells.`)
    if (p === q) continue
    offsets[p + 1]! += 1
    offsets[q + 1]! += 1
  }
  for (let i = 0; i < cells; i += 1) offsets[i + 1]! += offsets[i]!
  const targets = new Int32Array(offsets[cells]!)
  const next = offsets.slice(0, cells)
  for (let e = 0; e < a.length; e += 1) {
    const [p, q] = [a[e]!, b[e]!]
    if (p === q) continue
    targets[next[p]!++] = q
    targets[next[q]!++] = p
  }
  return { offsets, targets }
}
