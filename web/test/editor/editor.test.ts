import { describe, expect, it } from 'vitest'
import { Editor, type Delta, type DraftData } from '@/editor/editor'
import { dice, town } from './town'

const PLAN = ['AABB', 'AABB', 'CCDD', 'CCDD']
const [A, B, C, D] = [0, 1, 2, 3]
const open = (plan = PLAN, communityOf?: (letter: string) => number): { editor: Editor; data: DraftData } => {
  const { data, shapes } = town(plan, communityOf)
  return { editor: new Editor(data, shapes), data }
}
const households = (data: DraftData, of: Int32Array, grid: number): number =>
  data.cells.households.reduce((sum, n, i) => (of[i] === grid ? sum + n : sum), 0)
/** Connected parts by the simplest means: labels that spread until nothing changes. */
function partsBySpreading({ edges }: DraftData, of: Int32Array, grid: number): number {
  const label = [...of.keys()]
  for (let changed = true; changed; ) {
    changed = false
    edges.a.forEach((a, e) => {
      const b = edges.b[e]!
      if (of[a] !== grid || of[b] !== grid || label[a] === label[b]) return
      label[a] = label[b] = Math.min(label[a]!, label[b]!)
      changed = true
    })
  }
  return new Set(label.filter((_, i) => of[i] === grid)).size
}
const touched = (delta: Delta): number[] => delta.touched.map((g) => g.grid).sort()

describe('an edit', () => {
  it('moves cells and tells the two grids it touched', () => {
    const { editor, data } = open()
    const delta = editor.move(Int32Array.of(1, 5), B)
    expect([...editor.assignment]).toEqual([0, 1, 1, 1, 0, 1, 1, 1, 2, 2, 3, 3, 2, 2, 3, 3])
    expect(touched(delta)).toEqual([A, B])
    expect([...delta.cells]).toEqual([1, 5])
    expect([...delta.grids]).toEqual([B, B])
    for (const state of delta.touched) expect(state.households).toBe(households(data, editor.assignment, state.grid))
    expect(delta.touched.map((g) => g.cells).sort()).toEqual([2, 6])
  })
  it('says what is apart', () => {
    const { editor } = open()
    const delta = editor.move(Int32Array.of(3), C)
    const c = delta.touched.find((g) => g.grid === C)!
    expect(c.parts).toBe(2)
    expect([...c.apart]).toEqual([3])
    expect(delta.touched.find((g) => g.grid === B)!.parts).toBe(1)
  })
  it('leaves alone what is there already', () => {
    const { editor } = open()
    expect(editor.move(Int32Array.of(0, 1), A).cells).toHaveLength(0)
    expect(editor.undo()).toBeNull()
  })
  it('keeps a grid in its community', () => {
    const { editor } = open(PLAN, (letter) => (letter < 'C' ? 0 : 1))
    expect(() => editor.move(Int32Array.of(4), C)).toThrow('one community')
    expect(() => editor.newGrid(Int32Array.of(4, 8), 'new-1')).toThrow('one community')
  })
  it('makes a grid, and merges two', () => {
    const { editor, data } = open()
    const made = editor.newGrid(Int32Array.of(0, 4), 'new-1')
    expect(touched(made)).toEqual([A, 4])
    expect(made.touched.find((g) => g.key === 'new-1')!.cells).toBe(2)
    const merged = editor.merge(4, C)
    expect([...merged.cells].sort((a, b) => a - b)).toEqual([0, 4])
    const gone = merged.touched.find((g) => g.grid === 4)!
    expect([gone.cells, gone.households, gone.parts, gone.at]).toEqual([0, 0, 0, null])
    expect(editor.state(C).households).toBe(households(data, editor.assignment, C))
  })
  it('refuses a key that is taken', () => {
    const { editor } = open()
    expect(() => editor.newGrid(Int32Array.of(0), 'B')).toThrow('already')
  })
})

describe('undo and redo', () => {
  it('go back and forth over every kind of edit', () => {
    const { editor } = open()
    const seen = [[...editor.assignment]]
    const keep = (): void => void seen.push([...editor.assignment])
    editor.move(Int32Array.of(1, 2), C)
    keep()
    editor.newGrid(Int32Array.of(15), 'new-1')
    keep()
    editor.merge(A, C)
    keep()
    for (const before of seen.slice(0, -1).reverse()) {
      editor.undo()
      expect([...editor.assignment]).toEqual(before)
    }
    expect(editor.undo()).toBeNull()
    for (const after of seen.slice(1)) {
      editor.redo()
      expect([...editor.assignment]).toEqual(after)
    }
    expect(editor.redo()).toBeNull()
  })
  it('forget what was undone once something else is done', () => {
    const { editor } = open()
    editor.move(Int32Array.of(1), B)
    editor.undo()
    editor.move(Int32Array.of(4), C)
    expect(editor.redo()).toBeNull()
  })
})

describe('what the service says', () => {
  it('changes nothing where it agrees, and undo goes on', () => {
    const { editor, data } = open()
    editor.move(Int32Array.of(1), B)
    expect(editor.adopt([data.cells.cell_id[1]!], ['B']).cells).toHaveLength(0)
    expect([...editor.undo()!.cells]).toEqual([1])
  })
  it('counts where it does not, grids unknown until then too', () => {
    const { editor, data } = open()
    editor.move(Int32Array.of(1), B)
    const delta = editor.adopt([data.cells.cell_id[1]!, data.cells.cell_id[5]!], ['D', 'new-4'])
    expect(delta.touched.map((g) => g.key).sort()).toEqual(['A', 'B', 'D', 'new-4'])
    expect(editor.undo()).toBeNull()
    expect(() => editor.adopt([1], ['A'])).toThrow('no cell 1')
  })
})

describe('a preview', () => {
  it('says how to draw other grids and how to take them back, and changes nothing', () => {
    const { editor, data } = open()
    editor.move(Int32Array.of(1), B)
    const before = [...editor.assignment]
    const { show, hide } = editor.preview([data.cells.cell_id[1]!, data.cells.cell_id[5]!], ['D', 'new-4'])
    expect([...show.cells]).toEqual([1, 5])
    expect([...hide.grids]).toEqual([before[1], before[5]])
    expect(show.touched.map((g) => g.key).sort()).toEqual(['A', 'B', 'D', 'new-4'])
    expect([...editor.assignment]).toEqual(before)
    expect([...editor.undo()!.cells]).toEqual([1])
  })
})

describe('what may be done with a selection', () => {
  it('names the neighbours with what they would become, and changes nothing', () => {
    const { editor, data } = open()
    const before = [...editor.assignment]
    const cells = Int32Array.of(5)
    const { moves, fresh, households: chosen } = editor.options(cells)
    expect([...editor.assignment]).toEqual(before)
    expect(chosen).toBe(data.cells.households[5])
    expect(moves.map((m) => m.target.grid)).toEqual([B, C])
    const into = moves[0]!
    expect(into.target.after - into.target.now).toBe(chosen)
    expect(into.sources).toEqual([{ grid: A, now: into.sources[0]!.now, after: into.sources[0]!.now - chosen, cells: 3, parts: 1 }])
    expect(fresh!.target).toEqual({ grid: -1, now: 0, after: chosen, cells: 1, parts: 1 })
    expect(editor.whole().touched).toHaveLength(4)
  })
  it('foretells that a grid would fall apart', () => {
    const { editor } = open(['ABA', 'AAA'])
    const [move] = editor.options(Int32Array.of(4)).moves
    expect(move!.target.grid).toBe(1)
    expect(move!.sources[0]!.parts).toBe(2)
  })
  it('offers the grids of a selection that lies in several', () => {
    const { editor } = open()
    const { moves, grids } = editor.options(Int32Array.of(1, 2))
    expect(grids).toEqual([A, B])
    expect(moves.map((m) => m.target.grid)).toEqual([A, B])
  })
  it('offers nothing across communities, and no new name for a whole grid', () => {
    const { editor } = open(PLAN, (letter) => (letter < 'C' ? 0 : 1))
    expect(editor.options(Int32Array.of(4, 8))).toMatchObject({ communities: [0, 1], moves: [], fresh: null })
    expect(editor.options(Int32Array.of(5)).moves.map((m) => m.target.grid)).toEqual([B])
    expect(editor.options(editor.members(D)).fresh).toBeNull()
    expect(editor.options(new Int32Array()).moves).toEqual([])
  })
})

describe('what was there when the plan was begun', () => {
  it('is told beside what is now', () => {
    const { data, shapes } = town(PLAN)
    // Opened again after cell 3 went to the west and grid D was merged into C.
    data.cells.grid = [A, A, B, A, A, A, B, B, C, C, C, C, C, C, C, C]
    data.grids.pop()
    const editor = new Editor(data, shapes)
    const states = new Map(editor.whole().touched.map((g) => [g.key, g]))
    const then = (letters: string): number => data.cells.households.reduce((n, h, i) => n + (letters.includes(data.cells.base[i]!) ? h : 0), 0)
    expect(states.get('B')).toMatchObject({ before: then('B'), same: false, cells: 3 })
    expect(states.get('D')).toMatchObject({ before: then('D'), same: false, cells: 0, households: 0 })
    expect([...editor.base]).toEqual([0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 3, 3, 2, 2, 3, 3])
    const back = editor.adopt([2, 3].map((i) => data.cells.cell_id[i]!), ['B', 'B'])
    expect(back.touched.every((g) => g.same)).toBe(true)
    expect(editor.newGrid(Int32Array.of(0), 'new-1').touched.find((g) => g.key === 'new-1')).toMatchObject({ before: 0, same: false })
  })
  it('may be unknown', () => {
    const { data, shapes } = town(['AB'])
    data.cells.base = [null, null]
    const editor = new Editor(data, shapes)
    expect([...editor.base]).toEqual([-1, -1])
    expect(editor.state(A)).toMatchObject({ before: 0, same: false, cells: 1 })
  })
})

describe('a long sitting', () => {
  it('keeps sums, parts and borders as a count from scratch finds them', () => {
    const { data, shapes } = town(['AAABBB', 'AAABBB', 'CCCBDD', 'CCCDDD', 'EECDDD'])
    const editor = new Editor(data, shapes)
    const roll = dice(11)
    const kinds = new Map([...editor.whole().arcs].map((arc, i) => [arc, editor.whole().kinds[i]!]))
    let grids = 5
    for (let step = 0; step < 400; step += 1) {
      const some = Int32Array.from(new Set(Array.from({ length: 1 + roll(4) }, () => roll(editor.cells))))
      const choice = roll(10)
      const delta =
        choice < 6 ? editor.move(some, roll(grids)) : choice < 7 ? editor.newGrid(some, `new-${(grids += 1) - 5}`) : choice < 9 ? editor.undo() : editor.redo()
      for (const [i, arc] of (delta?.arcs ?? []).entries()) kinds.set(arc, delta!.kinds[i]!)
      if (step % 20) continue
      for (let g = 0; g < grids; g += 1) {
        if (!editor.whole().touched.some((s) => s.grid === g)) continue
        const state = editor.state(g)
        expect(state.households).toBeCloseTo(households(data, editor.assignment, g), 9)
        expect(state.cells).toBe(editor.assignment.filter((x) => x === g).length)
        expect(state.parts).toBe(partsBySpreading(data, editor.assignment, g))
      }
      const whole = editor.whole()
      for (const [i, arc] of whole.arcs.entries()) expect(kinds.get(arc)).toBe(whole.kinds[i])
    }
  })
})
