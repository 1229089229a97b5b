/** The plan that is open: its cells in the editor, what is selected, and the way of each edit to the service. */
import type { FeatureCollection, MultiPolygon, Polygon } from 'geojson'
import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'
import { answer, client, ServiceError } from '@/api/client'
import type { EditRequest, EditResult, Job, JobRequest, PlanCells, PlanDetail, Words } from '@/api/types'
import { RemoteEditor, startWorker } from '@/editor/remote'
import type { Delta, GridState, Options } from '@/editor/editor'
import type { Opening } from '@/editor/calls'
import { ended, useJobs } from '@/jobs/jobs'
import { useAtlas } from '@/state/atlas'
import { useConnection } from '@/state/connection'
import { loadable } from '@/state/loadable'
import { useView } from '@/state/view'

export type CellShapes = FeatureCollection<Polygon | MultiPolygon>

/** A plan with its cells, as one thing: either all of it is here or none. */
export interface Sheet {
  detail: PlanDetail
  columns: PlanCells
  shapes: CellShapes
  opening: Opening
}

/** What is to be told about the draft; `stale`: somebody else had changed it. */
export type Note = { kind: 'stale' } | { kind: 'job'; job: Job } | { kind: 'refused'; error: ServiceError } | { kind: 'unconfirmed'; error: ServiceError }

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never

/** Jobs that tell something and change nothing. */
const TELLING = ['proposals', 'rebalance']

const NOTHING: Int32Array = new Int32Array()

/** So many cells of one community at most are worked on while one waits; more are left to a job. */
const AT_ONCE = 1_500

export const useDraft = defineStore('draft', () => {
  const view = useView()
  const jobs = useJobs()
  const sheet = loadable<Sheet>()
  const detail = shallowRef<PlanDetail | null>(null)
  const grids = shallowRef<ReadonlyMap<number, GridState>>(new Map())
  const selection = shallowRef<Int32Array>(NOTHING)
  const options = shallowRef<Options | null>(null)
  /** Grids that the last edit touched, with what they held before it. */
  const touched = shallowRef<{ grid: number; before: number }[]>([])
  const hovered = ref<number | null>(null)
  const note = shallowRef<Note | null>(null)
  const pending = ref(0)
  const revision = ref(0)
  const canUndo = ref(false)
  const canRedo = ref(false)
  const nextKey = ref('')
  /** A proposal is shown, not the draft. */
  const previewing = ref(false)
  /** What it was made for, by community. */
  const aims = shallowRef<Record<string, number> | null>(null)
  /** Work on whole communities that the service is at. */
  const working = ref<EditRequest['kind'] | null>(null)

  let editor: RemoteEditor | null = null
  let queue: Promise<void> = Promise.resolve()
  /** An undo of which only the service knows what it changes: edits wait until it has said so. */
  let unknown: Promise<void> = Promise.resolve()
  let turns: Promise<void> = Promise.resolve()
  /** Counts openings: an edit of an earlier one must not reach a later one. */
  let sitting = 0
  /** What ends the preview that is shown; counts previews, so that a late one is dropped. */
  let hiding: Delta | null = null
  let previews = 0
  let of = NOTHING
  let ours: ReadonlySet<number> = new Set()
  let kinds = new Uint8Array()
  const listeners = new Set<(delta: Delta) => void>()

  /** What the grids are balanced in; a preview may be in something else. */
  const previewUnit = shallowRef<Words | null>(null)
  const unit = computed<Words>(() => previewUnit.value ?? detail.value?.unit ?? { zh: '户', en: 'households' })

  /** What may not have arrived must be cleared up first: until then nothing is built on it. */
  const editable = computed(() => detail.value?.status === 'draft' && note.value?.kind !== 'unconfirmed')
  const path = (plan: number): { d: string; plan: number } => ({ d: view.district!, plan })

  async function read(plan: number, signal: AbortSignal): Promise<Sheet> {
    const params = { path: path(plan) }
    const [told, columns, shapes] = await Promise.all([
      answer<PlanDetail>(client.GET('/api/districts/{d}/plans/{plan}', { params, signal })),
      answer<PlanCells>(client.GET('/api/districts/{d}/plans/{plan}/cells', { params, signal })),
      answer<object>(client.GET('/api/districts/{d}/plans/{plan}/cells.geojson', { params, signal })) as Promise<CellShapes>,
    ])
    // What is weighed is what is balanced.
    if (columns.load) columns.cells.households = columns.load
    const mine = new RemoteEditor(startWorker())
    signal.addEventListener('abort', () => mine.close())
    const opening = await mine.open(columns, shapes)
    if (!signal.aborted) begin(mine, told, columns, opening.whole)
    return { detail: told, columns, shapes, opening }
  }

  /** All that changes with the edits stands ready before anybody is told that the sheet is here. */
  function begin(mine: RemoteEditor, told: PlanDetail, columns: PlanCells, first: Delta): void {
    previews += 1
    hiding = null
    previewing.value = false
    aims.value = null
    previewUnit.value = null
    editor = mine
    of = Int32Array.from(first.grids)
    ours = new Set(columns.cells.cell_id)
    kinds = Uint8Array.from(first.kinds)
    detail.value = told
    grids.value = new Map(first.touched.map((g) => [g.grid, g]))
    revision.value = columns.revision
    nextKey.value = columns.next_key
    canUndo.value = told.can_undo
    canRedo.value = told.can_redo
    touched.value = []
    queue = Promise.resolve()
    unknown = Promise.resolve()
    select(NOTHING)
  }

  /** Reads the plan from the service, which holds the truth, and starts over from there. */
  async function open(plan: number): Promise<void> {
    sitting += 1
    pending.value = 0
    editor?.close()
    editor = null
    await sheet.load((signal) => read(plan, signal))
  }

  function close(): void {
    sitting += 1
    editor?.close()
    editor = null
    sheet.clear()
    detail.value = null
    grids.value = new Map()
    note.value = null
    of = NOTHING
    select(NOTHING)
  }

  async function reload(why: Note | null): Promise<void> {
    const plan = detail.value?.id
    if (plan === undefined) return
    await open(plan)
    note.value = why
  }

  function select(cells: Int32Array): void {
    selection.value = cells
    options.value = null
    if (!cells.length || !editor) return
    void editor.call('options', cells).then((found) => {
      if (selection.value === cells) options.value = found
    })
  }

  /** Adds to the selection, takes from it, or starts it anew. */
  function pick(cells: Int32Array, how: 'only' | 'add' | 'remove'): void {
    unpreview()
    const chosen = new Set(how === 'only' ? [] : selection.value)
    for (const cell of cells) chosen[how === 'remove' ? 'delete' : 'add'](cell)
    select(Int32Array.from(chosen).sort())
  }

  async function pickGrid(grid: number, how: 'only' | 'add' | 'remove' = 'only'): Promise<void> {
    if (editor) pick(await editor.call('members', grid), how)
  }

  function draw(delta: Delta): void {
    touched.value = delta.touched.map((g) => ({ grid: g.grid, before: grids.value.get(g.grid)?.households ?? 0 }))
    redraw(delta)
  }

  function redraw(delta: Delta): void {
    delta.cells.forEach((cell, i) => void (of[cell] = delta.grids[i]!))
    delta.arcs.forEach((arc, i) => void (kinds[arc] = delta.kinds[i]!))
    const next = new Map(grids.value)
    for (const g of delta.touched) next.set(g.grid, g)
    grids.value = next
    for (const listener of listeners) listener(delta)
  }

  /** Shows grids that the draft does not have, until `unpreview` or an edit; only on this screen. */
  async function preview(assignment: Record<string, number[]>, target: number, communities: string[], balanced?: { loads: Record<string, number>; unit: Words }): Promise<void> {
    unpreview()
    const mine = previews
    const entries = Object.entries(assignment)
    const keys = entries.flatMap(([key, cells]) => cells.map(() => key))
    const found = await editor?.call('preview', entries.flatMap(([, cells]) => cells), keys)
    if (!found || mine !== previews) return
    select(NOTHING)
    touched.value = []
    hiding = found.hide
    previewing.value = true
    aims.value = Object.fromEntries(communities.map((code) => [code, target]))
    if (balanced) {
      previewUnit.value = balanced.unit
      for (const g of found.show.touched) g.households = balanced.loads[g.key] ?? g.households
    }
    redraw(found.show)
  }

  function unpreview(): void {
    previews += 1
    const delta = hiding
    hiding = null
    previewing.value = false
    aims.value = null
    previewUnit.value = null
    if (delta) redraw(delta)
  }

  /** All of the draft as it is now, for a map that is drawn anew. */
  function whole(): Delta {
    const each = (n: number): Int32Array => Int32Array.from({ length: n }, (_, i) => i)
    return { cells: each(of.length), grids: of, arcs: each(kinds.length), kinds, touched: [...grids.value.values()] }
  }

  /** Shows an edit at once and sends it; edits reach the service in the order in which they were made. */
  async function edit(local: () => Promise<Delta | null>, send: (revision: number) => Promise<EditResult>): Promise<void> {
    if (!editor || !editable.value) return
    unpreview()
    const mine = sitting
    note.value = null
    pending.value += 1
    try {
      await unknown
      const delta = await local()
      if (mine !== sitting) return
      if (delta && !delta.cells.length) return void (pending.value -= 1)
      if (delta) draw(delta)
      select(NOTHING)
      const turn = queue.then(async () => {
        if (mine !== sitting) return
        const result = await send(revision.value)
        if (mine === sitting) await settle(result, delta !== null)
      })
      queue = turn.catch(() => undefined)
      if (!delta) unknown = queue
      await turn
    } catch (fault) {
      if (mine !== sitting) return
      await fail(fault)
    }
  }

  async function settle(result: EditResult, known: boolean): Promise<void> {
    pending.value -= 1
    revision.value = result.revision
    canUndo.value = result.can_undo
    canRedo.value = result.can_redo
    nextKey.value = result.next_key
    if (result.remade) return reload(null)
    if (known && pending.value > 0) return
    const { cell_id: cells, grid: keys } = result.changed
    // Other numbers, or other cells: these are not in the editor.
    if (!known && (!cells.length || cells.some((id) => !ours.has(id)))) return reload(null)
    const delta = await editor!.call('adopt', cells, keys)
    if (delta.cells.length) draw(delta)
    const byKey = new Map([...grids.value.values()].map((g) => [g.key, g]))
    const differs = result.grids.some((g) => {
      const mine = byKey.get(g.key)
      return (mine?.cells ?? 0) !== g.cells || (!sheet.data.value?.columns.load && Math.abs((mine?.households ?? 0) - g.households) > 0.5)
    })
    if (differs) await reload(null)
  }

  async function fail(fault: unknown): Promise<void> {
    const error = fault instanceof ServiceError ? fault : new ServiceError(-1, String(fault), '')
    if (error.unreachable) {
      // What is shown may or may not have arrived: the service tells once it is back.
      sitting += 1
      pending.value = 0
      note.value = { kind: 'unconfirmed', error }
      useConnection().lose()
      return
    }
    await reload(error.revision !== null ? { kind: 'stale' } : { kind: 'refused', error })
  }

  const ids = (cells: Int32Array): number[] => Array.from(cells, (cell) => sheet.data.value!.columns.cells.cell_id[cell]!)

  function operate(plan: number, asked: DistributiveOmit<EditRequest, 'revision'>): (revision: number) => Promise<EditResult> {
    const params = { path: path(plan) }
    return (last) =>
      answer<EditResult>(client.POST('/api/districts/{d}/plans/{plan}/operations', { params, body: { ...asked, revision: last } as EditRequest }))
  }

  function moveTo(grid: number): Promise<void> {
    const cells = selection.value
    const payload = { cells: ids(cells), to: grids.value.get(grid)!.key }
    return edit(() => editor!.call('move', cells, grid), operate(detail.value!.id, { kind: 'move', payload }))
  }

  async function makeGrid(): Promise<void> {
    const cells = selection.value
    await queue
    const payload = { cells: ids(cells), key: nextKey.value }
    return edit(() => editor!.call('newGrid', cells, payload.key), operate(detail.value!.id, { kind: 'new_grid', payload }))
  }

  function merge(from: number, into: number): Promise<void> {
    const payload = { from: grids.value.get(from)!.key, into: grids.value.get(into)!.key }
    return edit(() => editor!.call('merge', from, into), operate(detail.value!.id, { kind: 'merge', payload }))
  }

  /** The job that works on this plan: of this page or of somebody else. */
  const job = computed(() => jobs.list.data?.jobs.find((j) => belongs(j) && !ended(j)) ?? null)
  const belongs = (j: Job): boolean =>
    ['edit', ...TELLING, 'plan_publish'].includes(j.kind) && j.district === view.district && j.title === String(detail.value?.id)

  /** Whether so much takes long: all of the plan by default. */
  function isLarge(communities?: string[]): boolean {
    const columns = sheet.data.value?.columns
    if (!columns) return false
    const wanted = columns.communities.map((c) => !communities || communities.includes(c.code))
    return wanted.filter(Boolean).length > 1 || columns.cells.community.filter((c) => wanted[c]).length > AT_ONCE
  }

  /** Leaves work on the plan to a job. */
  async function delegate(asked: JobRequest): Promise<void> {
    note.value = null
    if (!(await jobs.queue(view.district!, asked)) && jobs.refused) note.value = { kind: 'refused', error: jobs.refused }
  }

  // What comes of a job is read anew; a draft that was changed meanwhile stays as it is.
  watch(job, (now, was) => {
    if (!was || now?.id === was.id || was.title !== String(detail.value?.id)) return
    const done = jobs.list.data?.jobs.find((j) => j.id === was.id)
    if (done?.state === 'failed') void queue.then(() => reload({ kind: 'job', job: done })) // the newest, which it gave way to
    else if (done?.state === 'succeeded' && !TELLING.includes(done.kind)) {
      void reload(null)
      if (done.kind === 'plan_publish') void useAtlas().reread()
    }
  })

  /** Hears what a job of this plan told, once it is done. */
  function onTold<T extends { revision: number }>(kind: string, hear: (plan: number, ask: () => Promise<T>) => void): void {
    watch(job, (now, was) => {
      const plan = detail.value?.id
      if (was?.kind !== kind || now?.id === was.id || plan === undefined || was.title !== String(plan)) return
      if (jobs.list.data?.jobs.find((j) => j.id === was.id)?.state !== 'succeeded') return
      const params = { path: { number: was.id } }
      hear(plan, async () => (await answer<Job>(client.GET('/api/jobs/{number}', { params }))).result as unknown as T)
    })
  }

  /** Lets the service work on whole communities: what comes of it is read anew. */
  async function rework(asked: DistributiveOmit<EditRequest, 'revision'>, communities: string[]): Promise<void> {
    const plan = detail.value?.id
    if (plan === undefined || !editable.value || working.value || job.value) return
    const mine = sitting
    unpreview()
    if (isLarge(communities)) {
      await queue
      return delegate({ kind: 'edit', plan, revision: revision.value, edit: asked.kind, payload: asked.payload } as JobRequest)
    }
    working.value = asked.kind
    note.value = null
    try {
      await queue
      await operate(plan, asked)(revision.value)
      if (mine === sitting) await reload(null)
    } catch (fault) {
      if (mine === sitting) await fail(fault)
    } finally {
      working.value = null
    }
  }

  /** One step back or forth; quick strokes of the keys wait for each other, since the service says whether there is more. */
  function back(which: 'undo' | 'redo'): Promise<void> {
    return (turns = turns.then(() => queue).then(() => step(which)))
  }

  function step(which: 'undo' | 'redo'): Promise<void> {
    const plan = detail.value?.id
    if (plan === undefined || !(which === 'undo' ? canUndo : canRedo).value) return Promise.resolve()
    const params = { path: path(plan) }
    const address = which === 'undo' ? '/api/districts/{d}/plans/{plan}/undo' : '/api/districts/{d}/plans/{plan}/redo'
    return edit(
      () => editor!.call(which),
      (last) => answer<EditResult>(client.POST(address, { params, body: { revision: last } })),
    )
  }

  /** The plan after a step of its life; the cells are read again only where they may differ. */
  function became(next: PlanDetail): void {
    detail.value = next
    canUndo.value = next.can_undo
    canRedo.value = next.can_redo
    if (!editable.value) select(NOTHING)
  }

  return {
    sheet, detail, grids, selection, options, touched, hovered, note, pending, working, revision, canUndo, canRedo, editable, open, close,
    reload, select, preview, unpreview, previewing, aims, unit, pick, pickGrid, whole, moveTo, makeGrid, merge, rework, delegate, isLarge, onTold, ids, job, back, became,
    gridOf: (cell: number): number => of[cell] ?? -1,
    ask: (): RemoteEditor | null => editor,
    listen: (hear: (delta: Delta) => void): (() => void) => {
      listeners.add(hear)
      return () => listeners.delete(hear)
    },
  }
})
