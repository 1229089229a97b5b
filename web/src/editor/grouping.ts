/** Which cells has each grid, and what do they add up to? Sums follow each move; only the two grids of a move change. */

const NONE = -1

/** What a grid adds up to. */
export interface Sum {
  households: number
  people: number
  area: number
  cells: number
}

export interface Loads {
  households: ArrayLike<number>
  people: ArrayLike<number>
  area: ArrayLike<number>
}

/**
 * An assignment of cells to grids with its members and sums. The members of a grid are a doubly linked list through three
 * typed arrays, so that a move costs the same in a community of 300 cells and in a district of 50,000.
 */
export class Grouping {
  readonly of: Int32Array
  private readonly next: Int32Array
  private readonly before: Int32Array
  private readonly first: number[] = []
  private readonly sums: Sum[] = []

  constructor(assignment: ArrayLike<number>, grids: number, private readonly loads: Loads) {
    const cells = assignment.length
    this.of = new Int32Array(cells).fill(NONE)
    this.next = new Int32Array(cells).fill(NONE)
    this.before = new Int32Array(cells).fill(NONE)
    for (let g = 0; g < grids; g += 1) this.add()
    // From the last to the first, so that the members of a grid come in the order of the cells.
    for (let i = cells - 1; i >= 0; i -= 1) this.put(i, assignment[i]!)
  }

  get grids(): number {
    return this.sums.length
  }

  /** A grid without cells; its number. */
  add(): number {
    this.first.push(NONE)
    this.sums.push({ households: 0, people: 0, area: 0, cells: 0 })
    return this.sums.length - 1
  }

  sum(grid: number): Readonly<Sum> {
    const sum = this.sums[grid]
    if (!sum) throw new RangeError(`There is no grid ${grid}.`)
    return sum
  }

  members(grid: number): Int32Array {
    const found = new Int32Array(this.sum(grid).cells)
    let n = 0
    for (let i = this.first[grid]!; i !== NONE; i = this.next[i]!) found[n++] = i
    return found
  }

  /** Gives a cell to a grid; whether that changed anything. */
  move(cell: number, to: number): boolean {
    this.sum(to)
    if (this.of[cell] === to) return false
    this.take(cell)
    this.put(cell, to)
    return true
  }

  private put(cell: number, grid: number): void {
    const head = this.first[grid]
    if (head === undefined) throw new RangeError(`There is no grid ${grid}.`)
    this.next[cell] = head
    this.before[cell] = NONE
    if (head !== NONE) this.before[head] = cell
    this.first[grid] = cell
    this.of[cell] = grid
    this.count(cell, grid, 1)
  }

  private take(cell: number): void {
    const grid = this.of[cell]!
    const [p, n] = [this.before[cell]!, this.next[cell]!]
    if (p === NONE) this.first[grid] = n
    else this.next[p] = n
    if (n !== NONE) this.before[n] = p
    this.count(cell, grid, -1)
  }

  private count(cell: number, grid: number, sign: 1 | -1): void {
    const sum = this.sums[grid]!
    sum.cells += sign
    // An emptied grid is exactly empty, whatever the rounding of the moves before.
    if (sum.cells === 0) return void Object.assign(sum, { households: 0, people: 0, area: 0 })
    sum.households += sign * (this.loads.households[cell] ?? 0)
    sum.people += sign * (this.loads.people[cell] ?? 0)
    sum.area += sign * (this.loads.area[cell] ?? 0)
  }
}
