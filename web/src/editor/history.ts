/** What was done, and what was undone? Lists of runs: which cells went from which grid to which. */

/** Cells with the grid each had and the grid each has. */
export interface Run {
  cells: Int32Array
  from: Int32Array
  to: Int32Array
}

export function reversed(run: Run): Run {
  return { cells: run.cells, from: run.to, to: run.from }
}

/**
 * The edits of this sitting. After a reload the lists are empty while the service still remembers: then it says what
 * an undo changes (see `Editor.adopt`).
 */
export class History {
  private readonly done: Run[] = []
  private readonly undone: Run[] = []

  /** A new edit: what was undone before it cannot come back. */
  push(run: Run): void {
    this.done.push(run)
    this.undone.length = 0
  }

  /** The run that takes the last edit back, or null where none is known. */
  undo(): Run | null {
    const run = this.done.pop()
    if (!run) return null
    this.undone.push(run)
    return reversed(run)
  }

  redo(): Run | null {
    const run = this.undone.pop()
    if (!run) return null
    this.done.push(run)
    return run
  }

  clear(): void {
    this.done.length = 0
    this.undone.length = 0
  }
}
