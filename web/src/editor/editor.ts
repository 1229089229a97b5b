/** The core of the editor: a draft in typed arrays. Knows no framework, no map and no network; runs in a Worker or in a test. */
import { buildAdjacency, type Adjacency } from './adjacency'
import { Contiguity } from './contiguity'
import { Grouping } from './grouping'
import { HitIndex, type Point } from './hit'
import { History, type Run } from './history'
import type { Shapes } from './shapes'
import { arcsOf, buildArcs, kindOf, type Arcs } from './topology'

/** A draft as it comes from the service: one entry for each cell, grid and pair of neighbours. */
export interface DraftData {
  cells: {
    cell_id: number[]
    community: number[]
    households: number[]
    people: number[]
    area_m2: number[]
    x: number[]
    y: number[]
    grid: number[]
    /** Key of the grid each cell was in when the plan was begun; null: in none. */
    base: (string | null)[]
  }
  grids: { key: string; community: number }[]
  edges: { a: number[]; b: number[] }
}

/** A grid as it is at this moment. */
export interface GridState {
  grid: number
  key: string
  community: number
  households: number
  people: number
  area: number
  cells: number
  /** Households of its cells when the plan was begun; 0 for a grid made since. */
  before: number
  /** Whether its cells are those of then. */
  same: boolean
  /** Connected parts; 1 is a grid in one piece, 0 one without cells. */
  parts: number
  /** Cells outside its largest part. */
  apart: Int32Array
  /** Where its label stands: a point inside one of its cells. */
  at: Point | null
}

/** What an edit changed, and nothing else. */
export interface Delta {
  cells: Int32Array
  /** The grid that each of them has now. */
  grids: Int32Array
  /** Lines whose kind may have changed, with the kind of each. */
  arcs: Int32Array
  kinds: Uint8Array
  touched: GridState[]
}

/** What a grid would become. */
export interface Outcome {
  grid: number
  now: number
  after: number
  cells: number
  parts: number
}

/** One thing to do with a selection: `target` gains (`grid` is -1 for a new grid), `sources` lose. */
export interface Option {
  target: Outcome
  sources: Outcome[]
}

/** What may be done with a selection. Nothing where its cells lie in several communities. */
export interface Options {
  households: number
  people: number
  area: number
  grids: number[]
  communities: number[]
  moves: Option[]
  fresh: Option | null
}

export class Editor {
  readonly cells: number
  private readonly grouping: Grouping
  private readonly adjacency: Adjacency
  private readonly contiguity: Contiguity
  private readonly history = new History()
  private readonly keys: string[]
  private readonly communityOfGrid: number[]
  private readonly gridOf: Map<string, number>
  private readonly hits: HitIndex
  readonly arcs: Arcs
  /** The grid of each cell when the plan was begun; -1: none. */
  readonly base: Int32Array
  private readonly start: Grouping

  constructor(private readonly data: DraftData, shapes: Shapes) {
    const { cells, grids, edges } = data
    this.cells = cells.cell_id.length
    this.keys = grids.map((g) => g.key)
    this.communityOfGrid = grids.map((g) => g.community)
    this.gridOf = new Map(this.keys.map((key, i) => [key, i]))
    const loads = { households: cells.households, people: cells.people, area: cells.area_m2 }
    this.grouping = new Grouping(cells.grid, grids.length, loads)
    // Grids that were given up since are grids still: an undo may bring them back.
    this.base = Int32Array.from(cells.base, (key, i) => (key === null ? -1 : this.gridFor(key, cells.community[i]!)))
    const known = cells.base.flatMap((key, i) => (key === null ? [] : [i]))
    const pick = (values: number[]): number[] => known.map((i) => values[i]!)
    this.start = new Grouping(known.map((i) => this.base[i]!), this.keys.length, {
      households: pick(loads.households), people: pick(loads.people), area: pick(loads.area),
    })
    this.adjacency = buildAdjacency(this.cells, edges.a, edges.b)
    this.contiguity = new Contiguity(this.adjacency)
    this.hits = new HitIndex(shapes, cells.x, cells.y)
    this.arcs = buildArcs(shapes)
  }

  get assignment(): Int32Array {
    return this.grouping.of
  }

  /** Everything, for the first drawing. */
  whole(): Delta {
    const all = Int32Array.from({ length: this.cells }, (_, i) => i)
    const arcs = Int32Array.from({ length: this.arcs.a.length }, (_, i) => i)
    return this.delta(all, arcs, this.keys.keys())
  }

  state(grid: number): GridState {
    const sum = this.grouping.sum(grid)
    const members = this.grouping.members(grid)
    const parts = this.contiguity.parts(members, this.grouping.of)
    const then = grid < this.start.grids ? this.start.sum(grid) : { households: 0, cells: 0 }
    const kept = members.reduce((n, cell) => n + (this.base[cell] === grid ? 1 : 0), 0)
    const apart = Int32Array.from(parts.slice(1).flatMap((part) => [...part]))
    return {
      grid, key: this.keys[grid]!, community: this.communityOfGrid[grid]!, households: sum.households, people: sum.people,
      area: sum.area, cells: sum.cells, before: then.households, same: kept === then.cells && kept === sum.cells, parts: parts.length, apart, at: this.middle(parts[0]),
    }
  }

  move(cells: Int32Array, to: number): Delta {
    this.requireCommunity(cells, this.communityOfGrid[to])
    const from = cells.map((cell) => this.grouping.of[cell]!)
    return this.run({ cells, from, to: cells.map(() => to) }, true)
  }

  newGrid(cells: Int32Array, key: string): Delta {
    const community = this.data.cells.community[cells[0] ?? -1]
    this.requireCommunity(cells, community)
    if (this.gridOf.has(key) && this.grouping.sum(this.gridOf.get(key)!).cells) throw new Error(`There is a grid ${key} already.`)
    return this.move(cells, this.gridFor(key, community!))
  }

  merge(from: number, into: number): Delta {
    return this.move(this.grouping.members(from), into)
  }

  /** Takes the last edit of this sitting back; null where the service must be asked. */
  undo(): Delta | null {
    const run = this.history.undo()
    return run && this.run(run, false)
  }

  redo(): Delta | null {
    const run = this.history.redo()
    return run && this.run(run, false)
  }

  /** Takes over what the service says; where that is news, the edits remembered here no longer fit and are forgotten. */
  adopt(cellIds: readonly number[], keys: readonly string[]): Delta {
    const run = this.runTo(cellIds, keys)
    if (run.cells.length) this.history.clear()
    return this.run(run, false)
  }

  /** What cells in other grids would look like, and how it is as before again; the draft stays what it is. */
  preview(cellIds: readonly number[], keys: readonly string[]): { show: Delta; hide: Delta } {
    const run = this.runTo(cellIds, keys)
    const show = this.run(run, false)
    return { show, hide: this.run({ cells: run.cells, from: run.to, to: run.from }, false) }
  }

  private runTo(cellIds: readonly number[], keys: readonly string[]): Run {
    const cells: number[] = []
    const to: number[] = []
    for (const [n, id] of cellIds.entries()) {
      const cell = this.indexOf(id)
      const grid = this.gridFor(keys[n]!, this.data.cells.community[cell]!)
      if (this.grouping.of[cell] === grid) continue
      cells.push(cell)
      to.push(grid)
    }
    const from = cells.map((cell) => this.grouping.of[cell]!)
    return { cells: Int32Array.from(cells), from: Int32Array.from(from), to: Int32Array.from(to) }
  }

  /** Grids that touch some cells, or hold some of them while others do not; what each would become. */
  options(cells: Int32Array): Options {
    const { of } = this.grouping
    const grids = [...new Set([...cells].map((cell) => of[cell]!))].sort((a, b) => a - b)
    const communities = [...new Set([...cells].map((cell) => this.data.cells.community[cell]!))]
    let [households, people, area] = [0, 0, 0]
    for (const cell of cells) {
      households += this.data.cells.households[cell]!
      people += this.data.cells.people[cell]!
      area += this.data.cells.area_m2[cell]!
    }
    const found: Options = { households, people, area, grids, communities, moves: [], fresh: null }
    if (communities.length !== 1) return found
    const targets = this.touching(cells, communities[0]!)
    if (grids.length > 1) for (const grid of grids) targets.add(grid)
    found.moves = [...targets].sort((a, b) => a - b).map((grid) => this.outcome(cells, grids, grid))
    // All of one grid as a new one is the same grid under another name.
    if (grids.length > 1 || this.grouping.sum(grids[0]!).cells > cells.length) found.fresh = this.freshOutcome(cells, grids, communities[0]!)
    return found
  }

  members(grid: number): Int32Array {
    return this.grouping.members(grid).sort()
  }

  at(lon: number, lat: number): number {
    return this.hits.at(lon, lat)
  }

  inBox(a: Point, b: Point): Int32Array {
    return this.hits.inBox(a, b)
  }

  inLasso(ring: Point[]): Int32Array {
    return this.hits.inLasso(ring)
  }

  private indexOf(id: number): number {
    this.index ??= new Map(this.data.cells.cell_id.map((cell, i) => [cell, i]))
    const found = this.index.get(id)
    if (found === undefined) throw new RangeError(`The draft has no cell ${id}.`)
    return found
  }

  private index: Map<number, number> | null = null

  private gridFor(key: string, community: number): number {
    const known = this.gridOf.get(key)
    if (known !== undefined) {
      // A grid that was only looked at, or is gone, may come anew elsewhere.
      if (!this.grouping.sum(known).cells) this.communityOfGrid[known] = community
      return known
    }
    const grid = this.grouping.add()
    this.keys.push(key)
    this.communityOfGrid.push(community)
    this.gridOf.set(key, grid)
    return grid
  }

  private requireCommunity(cells: Int32Array, community: number | undefined): void {
    if (!cells.length) throw new RangeError('No cells are named.')
    if (cells.some((cell) => this.data.cells.community[cell] !== community)) throw new RangeError('A grid lies in one community.')
  }

  private touching(cells: Int32Array, community: number): Set<number> {
    const { offsets, targets } = this.adjacency
    const chosen = new Set(cells)
    const found = new Set<number>()
    for (const cell of cells) {
      for (let e = offsets[cell]!; e < offsets[cell + 1]!; e += 1) {
        const other = targets[e]!
        if (!chosen.has(other) && this.data.cells.community[other] === community) found.add(this.grouping.of[other]!)
      }
    }
    // A selection inside one grid is moved out of it, never into it.
    for (const grid of new Set([...cells].map((cell) => this.grouping.of[cell]!))) found.delete(grid)
    return found
  }

  private outcome(cells: Int32Array, grids: readonly number[], to: number): Option {
    const before = [to, ...grids].map((grid) => this.grouping.sum(grid).households)
    const from = cells.map((cell) => this.grouping.of[cell]!)
    for (const cell of cells) this.grouping.move(cell, to)
    const [target, ...sources] = [to, ...grids].map((grid, i): Outcome => {
      const { households, cells: n } = this.grouping.sum(grid)
      const parts = this.contiguity.parts(this.grouping.members(grid), this.grouping.of).length
      return { grid, now: before[i]!, after: households, cells: n, parts }
    })
    cells.forEach((cell, i) => this.grouping.move(cell, from[i]!))
    return { target: target!, sources: sources.filter((s) => s.grid !== to) }
  }

  private freshOutcome(cells: Int32Array, grids: readonly number[], community: number): Option {
    const { target, sources } = this.outcome(cells, grids, this.gridFor(SCRATCH, community))
    return { target: { ...target, grid: -1 }, sources }
  }

  private run({ cells, from, to }: Run, remember: boolean): Delta {
    const moved = [...cells.keys()].filter((i) => this.grouping.move(cells[i]!, to[i]!))
    const pick = (values: Int32Array): Int32Array => Int32Array.from(moved, (i) => values[i]!)
    const run: Run = { cells: pick(cells), from: pick(from), to: pick(to) }
    if (remember && moved.length) this.history.push(run)
    return this.delta(run.cells, arcsOf(this.arcs, run.cells), new Set([...run.from, ...run.to]))
  }

  private delta(cells: Int32Array, arcs: Int32Array, grids: Iterable<number>): Delta {
    const { of } = this.grouping
    const kinds = Uint8Array.from(arcs, (arc) => kindOf(this.arcs, arc, of))
    const named = [...grids].filter((grid) => this.keys[grid] !== SCRATCH)
    return { cells, grids: cells.map((cell) => of[cell]!), arcs, kinds, touched: named.map((grid) => this.state(grid)) }
  }

  /** The inner point nearest to the mean of all: it never falls outside the grid. */
  private middle(part: Int32Array | undefined): Point | null {
    if (!part?.length) return null
    const { x, y } = this.data.cells
    let [mx, my] = [0, 0]
    for (const cell of part) {
      mx += x[cell]! / part.length
      my += y[cell]! / part.length
    }
    const off = (cell: number): number => (x[cell]! - mx) ** 2 + (y[cell]! - my) ** 2
    const best = part.reduce((p, q) => (off(q) < off(p) ? q : p))
    return [x[best]!, y[best]!]
  }
}

/** A grid that only answers "what if"; no key of a plan is empty. */
const SCRATCH = ''
