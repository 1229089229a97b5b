/** How could the grids of the draft be made even again with few moves? What is asked, what is locked, and the answers. */
import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'
import { aborted, answer, client, ServiceError } from '@/api/client'
import type { JobRequest, PlanAnswer, PlanMove, PlanMoves, PlanRebalancings, RebalancingsRequest } from '@/api/types'
import { useView } from '@/state/view'
import { useDraft } from './draft'
import { STYLES } from './proposals'

export const SCOPES = ['all', 'communities', 'grids'] as const
export type ScopeKind = (typeof SCOPES)[number]
export type Border = [string, string]

/** Cells that go from one grid to another: from their middle to a cell that stays there. */
export interface Flow {
  from: string
  to: string
  cells: number[]
  households: number
  start: [number, number]
  end: [number, number] | null
}

/** Rows of the list of moves that are fetched at a time. */
const PAGE = 100

export const useRebalancing = defineStore('rebalancing', () => {
  const view = useView()
  const draft = useDraft()
  /** The page of it is open: its locks and scope are drawn. */
  const active = ref(false)
  const scope = ref<ScopeKind>('all')
  const communities = ref<string[]>([])
  const grids = ref<string[]>([])
  const neighbours = ref(true)
  const lockGrids = ref<string[]>([])
  /** Sets of cells, as they were locked. */
  const lockCells = shallowRef<number[][]>([])
  const lockBorders = shallowRef<Border[]>([])
  const target = ref(200)
  const minimum = ref(150)
  const maximum = ref(300)
  const style = ref<(typeof STYLES)[number]>('balanced')
  const maxMoved = ref<number | null>(null)
  const maxGrids = ref<number | null>(null)
  const found = shallowRef<PlanRebalancings | null>(null)
  /** Which answer is drawn on the map and listed. */
  const shown = ref<number | null>(null)
  const flows = shallowRef<Flow[]>([])
  const moves = shallowRef<PlanMoves | null>(null)
  /** The row that was chosen: its building is marked. */
  const marked = shallowRef<PlanMove | null>(null)
  const busy = ref(false)
  const refused = shallowRef<ServiceError | null>(null)
  const taken = shallowRef<{ name: PlanAnswer['name']; moved: number; revision: number } | null>(null)
  let going: AbortController | null = null

  const locks = computed(() => lockGrids.value.length + lockCells.value.length + lockBorders.value.length)
  const limitsHold = computed(() => minimum.value <= target.value && target.value <= maximum.value)
  const scoped = computed(() => scope.value === 'all' || (scope.value === 'grids' ? grids.value : communities.value).length > 0)
  const asked = computed<RebalancingsRequest>(() => ({
    communities: scope.value === 'communities' ? communities.value : [],
    grids: scope.value === 'grids' ? grids.value : [],
    neighbours: scope.value === 'grids' && neighbours.value,
    lock_grids: lockGrids.value, lock_cells: lockCells.value.flat(), lock_borders: lockBorders.value,
    max_moved: maxMoved.value, max_grids: maxGrids.value,
    target: target.value, minimum: minimum.value, maximum: maximum.value, style: style.value, seed: 1,
  }))
  const chosen = computed(() => (shown.value === null ? null : (found.value?.answers[shown.value] ?? null)))
  /** Keys of the grids that hold the selected cells. */
  const selected = computed(() => draft.options?.grids.map((g) => draft.grids.get(g)!.key) ?? [])
  /** Keys of the grids that may change; null: all. */
  const open = computed<Set<string> | null>(() => {
    if (scope.value === 'all') return null
    const known = draft.sheet.data?.columns
    const wanted = new Set(scope.value === 'grids' ? grids.value : [])
    if (!known) return wanted
    if (scope.value === 'communities') {
      for (const g of draft.grids.values()) if (communities.value.includes(known.communities[g.community]!.code)) wanted.add(g.key)
      return wanted
    }
    if (!neighbours.value) return wanted
    const beside = new Set(wanted)
    known.edges.a.forEach((a, i) => {
      const [one, other] = [keyOf(a), keyOf(known.edges.b[i]!)]
      if (wanted.has(one)) beside.add(other)
      if (wanted.has(other)) beside.add(one)
    })
    return beside
  })

  const keyOf = (cell: number): string => draft.grids.get(draft.gridOf(cell))?.key ?? ''

  watch(() => draft.detail?.id, () => {
    const plan = draft.detail
    if (!plan) return
    stop()
    scope.value = 'all'
    communities.value = plan.scope.map((c) => c.code)
    ;[grids.value, lockGrids.value, lockCells.value, lockBorders.value] = [[], [], [], []]
    neighbours.value = true
    measure()
    ;[style.value, maxMoved.value, maxGrids.value, refused.value, taken.value] = ['balanced', null, null, null, null]
    drop()
  }, { immediate: true })
  // An edit, or its undoing, may have another target.
  watch(() => [draft.detail?.target, draft.detail?.load, Object.values(draft.detail?.targets ?? {}).join()].join(), () => {
    if (draft.detail) measure()
  })
  // They are for the draft as it was.
  watch(() => draft.revision, () => {
    if (found.value && found.value.revision !== draft.revision) drop()
    if (taken.value && taken.value.revision !== draft.revision) taken.value = null
  })
  watch(() => draft.previewing, (on) => {
    if (!on) hide()
  })
  // A grid that is gone can be neither locked nor asked for.
  watch(() => draft.grids, (now) => {
    if (draft.previewing) return
    const there = new Set([...now.values()].filter((g) => g.cells > 0).map((g) => g.key))
    const kept = (keys: string[]): string[] => (keys.every((key) => there.has(key)) ? keys : keys.filter((key) => there.has(key)))
    grids.value = kept(grids.value)
    lockGrids.value = kept(lockGrids.value)
    if (lockBorders.value.some((pair) => !pair.every((key) => there.has(key)))) {
      lockBorders.value = lockBorders.value.filter((pair) => pair.every((key) => there.has(key)))
    }
  })
  // Other conditions, other answers.
  watch(asked, () => {
    if (found.value) drop()
    refused.value = null
  })

  function hide(): void {
    shown.value = null
    moves.value = null
    marked.value = null
    flows.value = []
  }

  /** What goes from one grid to another, as the draft is now; each points to the middle of what stays there. */
  function flowsOf(changes: Record<string, number[]>): Flow[] {
    const { cell_id: ids, households, x, y } = draft.sheet.data!.columns.cells
    const at = new Map(ids.map((id, i) => [id, i]))
    const mean = (values: number[], cells: number[]): number => cells.reduce((sum, i) => sum + values[i]!, 0) / cells.length
    const moving = new Set(Object.values(changes).flat())
    return Object.entries(changes).flatMap(([to, coming]) => {
      const stay = [...ids.keys()].filter((i) => !moving.has(ids[i]!) && keyOf(i) === to)
      const [mx, my] = [mean(x, stay), mean(y, stay)]
      const far = (i: number): number => (x[i]! - mx) ** 2 + (y[i]! - my) ** 2
      const heart = stay.length ? stay.reduce((a, b) => (far(b) < far(a) ? b : a)) : null
      const come = coming.map((id) => at.get(id)!)
      return [...new Set(come.map(keyOf))].map((from): Flow => {
        const cells = come.filter((i) => keyOf(i) === from)
        return {
          from, to, cells, households: cells.reduce((sum, i) => sum + households[i]!, 0), start: [mean(x, cells), mean(y, cells)],
          end: heart === null ? null : [x[heart]!, y[heart]!],
        }
      })
    })
  }

  function drop(): void {
    if (shown.value !== null) draft.unpreview()
    found.value = null
    hide()
  }

  /** Asks for what the draft was divided for, where that is one target. */
  function measure(): void {
    const plan = draft.detail!
    const own = [...new Set(plan.scope.map((c) => plan.targets[c.code] ?? plan.target))]
    if (own.length === 1 && own[0] !== plan.target) aim(own[0]!)
    else [target.value, minimum.value, maximum.value] = [plan.target, plan.minimum, plan.maximum]
  }

  /** With another target the limits follow it. */
  function aim(next: number): void {
    target.value = next
    minimum.value = Math.round(0.75 * next)
    maximum.value = Math.round(1.5 * next)
  }

  function scopeSelection(): void {
    scope.value = 'grids'
    grids.value = [...new Set(selected.value)]
    draft.select(new Int32Array())
  }

  function lock(what: 'grids' | 'cells' | 'border'): void {
    const keys = selected.value
    if (what === 'grids') lockGrids.value = [...new Set([...lockGrids.value, ...keys])]
    else if (what === 'cells') lockCells.value = [...lockCells.value, draft.ids(draft.selection)]
    else if (keys.length === 2 && !lockBorders.value.some((pair) => keys.every((key) => pair.includes(key)))) {
      lockBorders.value = [...lockBorders.value, [keys[0]!, keys[1]!]]
    }
    draft.select(new Int32Array())
  }

  function unlockAll(): void {
    ;[lockGrids.value, lockCells.value, lockBorders.value] = [[], [], []]
  }

  function stop(): void {
    going?.abort()
    going = null
    busy.value = false
  }

  /** Communities that hold what may change. */
  function within(): string[] | undefined {
    if (scope.value === 'all') return undefined
    if (scope.value === 'communities') return communities.value
    const known = draft.sheet.data!.columns.communities
    return [...draft.grids.values()].filter((g) => grids.value.includes(g.key)).map((g) => known[g.community]!.code)
  }

  async function run(): Promise<void> {
    const plan = draft.detail?.id
    if (plan === undefined || busy.value) return
    drop()
    draft.select(new Int32Array())
    ;[refused.value, taken.value] = [null, null]
    if (draft.isLarge(within())) return draft.delegate({ kind: 'rebalance', plan, ...asked.value } as JobRequest)
    going = new AbortController()
    const mine = going
    busy.value = true
    const params = { path: { d: view.district!, plan } }
    const request = { params, body: asked.value, signal: mine.signal }
    await hear(plan, () => answer<PlanRebalancings>(client.POST('/api/districts/{d}/plans/{plan}/rebalancings', request)))
    if (going === mine) stop()
  }

  async function hear(plan: number, ask: () => Promise<PlanRebalancings>): Promise<void> {
    try {
      const made = await ask()
      if (draft.detail?.id !== plan || made.revision !== draft.revision) return
      found.value = made
      const first = made.answers.findIndex((one) => one.taking)
      if (active.value && first >= 0) await show(first)
    } catch (fault) {
      if (aborted(fault)) return
      refused.value = fault instanceof ServiceError ? fault : new ServiceError(-1, String(fault), '')
    }
  }

  draft.onTold<PlanRebalancings>('rebalance', (plan, ask) => void hear(plan, ask))

  async function show(n: number): Promise<void> {
    const taking = found.value?.answers[n]?.taking
    if (!taking?.changes || shown.value === n) return
    draft.unpreview()
    const planned = flowsOf(taking.changes)
    await draft.preview(taking.changes, taking.target ?? target.value, taking.communities)
    if (!draft.previewing) return
    hide()
    shown.value = n
    flows.value = planned
    await more()
  }

  /** Fetches the next rows of what the answer shown moves. */
  async function more(): Promise<void> {
    const plan = draft.detail?.id
    const [n, known] = [shown.value, moves.value]
    if (plan === undefined || n === null) return
    const params = { path: { d: view.district!, plan }, query: { limit: PAGE, offset: known?.moves.length ?? 0 } }
    try {
      // As JSON: a file is asked for by its format only.
      const asJson = client.POST('/api/districts/{d}/plans/{plan}/moves', { params, body: changesOf(n) }) as Parameters<typeof answer<PlanMoves>>[0]
      const page = await answer<PlanMoves>(asJson)
      if (shown.value === n && moves.value === known) moves.value = { ...page, moves: [...(known?.moves ?? []), ...page.moves] }
    } catch (fault) {
      refused.value = fault instanceof ServiceError ? fault : new ServiceError(-1, String(fault), '')
    }
  }

  const changesOf = (n: number): { revision: number; changes: Record<string, number[]> } =>
    ({ revision: found.value!.revision, changes: found.value!.answers[n]!.taking!.changes! })

  /** Hands the whole list to the browser as a file. */
  async function save(form: 'csv' | 'xlsx'): Promise<void> {
    const plan = draft.detail?.id
    if (plan === undefined || shown.value === null) return
    const address = `/api/districts/${encodeURIComponent(view.district!)}/plans/${plan}/moves?format=${form}&lang=${view.lang}`
    const headers = { 'Content-Type': 'application/json' }
    const reply = await fetch(address, { method: 'POST', headers, body: JSON.stringify(changesOf(shown.value)) }).catch(() => null)
    if (!reply?.ok) return void (refused.value = new ServiceError(reply?.status ?? 0, reply ? `HTTP ${reply.status}` : '', ''))
    const link = document.createElement('a')
    link.href = URL.createObjectURL(await reply.blob())
    link.download = `moves-${plan}.${form}`
    link.click()
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
  }

  /** Flies to the building of a row. */
  function visit(row: PlanMove): void {
    marked.value = row
    view.flight = { center: [row.lon, row.lat], minZoom: 16.5 }
  }

  /** Takes the answer that is shown: one edit, which can be undone. */
  async function take(): Promise<void> {
    const one = chosen.value
    if (!one?.taking) return
    const before = draft.revision
    await draft.rework({ kind: 'propose', payload: one.taking }, [])
    if (!draft.note && draft.revision > before) taken.value = { name: one.name, moved: one.moved, revision: draft.revision }
  }

  return {
    active, scope, communities, grids, neighbours, lockGrids, lockCells, lockBorders, target, minimum, maximum, style, maxMoved, maxGrids,
    found, shown, chosen, flows, moves, marked, busy, refused, taken, locks, limitsHold, scoped, asked, selected, open, keyOf,
    aim, scopeSelection, lock, unlockAll, run, stop, show, more, save, visit, take, drop,
  }
})
