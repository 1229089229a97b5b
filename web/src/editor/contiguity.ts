/** Is a grid in one piece, and if not, what is apart? A search among the cells of that grid alone. */
import type { Adjacency } from './adjacency'

/** The connected parts of a grid, the one with most cells first. */
export class Contiguity {
  private readonly seen: Uint32Array
  private round = 0

  constructor(private readonly adjacency: Adjacency) {
    this.seen = new Uint32Array(adjacency.offsets.length - 1)
  }

  parts(members: Int32Array, of: Int32Array): Int32Array[] {
    const { offsets, targets } = this.adjacency
    this.round += 1
    const queue = new Int32Array(members.length)
    const parts: Int32Array[] = []
    let filled = 0
    for (const start of members) {
      if (this.seen[start] === this.round) continue
      const grid = of[start]
      const from = filled
      let at = filled
      queue[filled++] = start
      this.seen[start] = this.round
      while (at < filled) {
        const cell = queue[at++]!
        for (let e = offsets[cell]!; e < offsets[cell + 1]!; e += 1) {
          const other = targets[e]!
          if (of[other] !== grid || this.seen[other] === this.round) continue
          this.seen[other] = this.round
          queue[filled++] = other
        }
      }
      parts.push(queue.slice(from, filled))
    }
    return parts.sort((a, b) => b.length - a.length)
  }
}
