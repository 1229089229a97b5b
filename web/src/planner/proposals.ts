/** In which ways could communities of the draft be divided anew? What is asked, and the proposals that came of it. */
import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'
import { aborted, answer, client, ServiceError } from '@/api/client'
import type { JobRequest, PlanProposal, PlanProposals, ProposalsRequest } from '@/api/types'
import { useView } from '@/state/view'
import { useDraft } from './draft'

export const STYLES = ['balanced', 'compact', 'street-true'] as const
/** Beside the styles: each proposal has another one. */
export const EACH = 'each'
/** How dear it is to divide a grid that is there now; the first: grids are made from nothing. */
export const KEEPING = ['anew', 'loosely', 'mostly', 'strictly'] as const

/** What is balanced: households, or work, a weighted sum. */
export const LOADS = ['households', 'work'] as const
export const TERMS = ['households', 'people', 'parts', 'events', 'key_persons', 'area'] as const
export type Weights = Record<(typeof TERMS)[number], number>
const WORK: Weights = { households: 1, people: 0, parts: 0.05, events: 0.2, key_persons: 0, area: 0 }
/** What can be kept from being crossed. */
export const BARRIERS = ['water', 'rail', 'expressway'] as const

const textOf = (weights: Weights): string => TERMS.filter((name) => weights[name] > 0).map((name) => `${name}=${weights[name]}`).join(',')

/** Weights of a load as it is written, as far as the form has them. */
function weightsOf(text: string): Weights {
  const weights: Weights = { households: 0, people: 0, parts: 0, events: 0, key_persons: 0, area: 0 }
  for (const part of text.split(',')) {
    const [name, weight] = part.split('=')
    if (TERMS.includes(name as never)) weights[name as keyof Weights] = Number(weight ?? 1)
  }
  return weights
}

/** What a stream of lines of JSON says, line by line. */
async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<PlanProposals> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let text = ''
  for (;;) {
    const { done, value } = await reader.read()
    text += decoder.decode(value, { stream: !done })
    const lines = text.split('\n')
    text = lines.pop()!
    for (const line of lines) yield JSON.parse(line) as PlanProposals
    if (done) return
  }
}

export const useProposals = defineStore('proposals', () => {
  const view = useView()
  const draft = useDraft()
  const communities = ref<string[]>([])
  /** Keys: of these communities only these grids; none: all. */
  const grids = ref<string[]>([])
  const target = ref(200)
  const minimum = ref(150)
  const maximum = ref(300)
  const style = ref<(typeof STYLES)[number] | typeof EACH>(EACH)
  const free = ref(false)
  const keeping = ref<(typeof KEEPING)[number]>('anew')
  const load = ref<(typeof LOADS)[number]>('households')
  const weights = ref<Weights>({ ...WORK })
  const whole = ref(false)
  const barriers = ref<string[]>([])
  const found = shallowRef<PlanProposals | null>(null)
  /** Which of them is shown on the map. */
  const shown = ref<number | null>(null)
  const busy = ref(false)
  const refused = shallowRef<ServiceError | null>(null)
  const balanced = computed(() => (load.value === 'households' ? 'households' : textOf(weights.value)))
  /** Limits are in units of the draft's load: of another one the service finds those that make as many grids. */
  const limited = computed(() => balanced.value === draft.detail?.load)
  const valid = computed(() => balanced.value !== '' && (!limited.value || (minimum.value <= target.value && target.value <= maximum.value)))
  const asked = computed<ProposalsRequest>(() => ({
    communities: communities.value, free: free.value, seed: 1, load: balanced.value, keep_whole: whole.value ? 'compounds' : '', hard_barriers: barriers.value,
    ...(grids.value.length ? { grids: grids.value } : {}),
    ...(limited.value ? { target: target.value, minimum: minimum.value, maximum: maximum.value } : {}),
    ...(style.value === EACH ? {} : { style: style.value }),
    ...(keeping.value === 'anew' ? {} : { keep_old: keeping.value }),
  }))

  let stopping = new AbortController()
  const stop = (): void => stopping.abort()

  watch(() => draft.detail?.id, () => {
    stop() // nobody waits for those of another plan
    const plan = draft.detail
    if (!plan) return
    communities.value = plan.scope.map((c) => c.code)
    grids.value = []
    ;[target.value, minimum.value, maximum.value] = [plan.target, plan.minimum, plan.maximum]
    ;[style.value, free.value, keeping.value, refused.value] = [EACH, false, 'anew', null]
    measure()
    drop()
  }, { immediate: true })
  // An edit, or its undoing, may balance something else.
  watch(() => draft.detail?.load, () => {
    if (!draft.detail) return
    ;[target.value, minimum.value, maximum.value] = [draft.detail.target, draft.detail.minimum, draft.detail.maximum]
    measure()
  })
  // They are for the draft as it was.
  watch(() => draft.revision, () => {
    if (found.value && found.value.revision !== draft.revision) drop()
    const there = new Set([...draft.grids.values()].filter((g) => g.cells > 0).map((g) => g.key))
    if (!grids.value.every((key) => there.has(key))) widen()
  })
  watch(() => draft.previewing, (on) => {
    if (!on) shown.value = null
  })

  // Of other ground.
  watch([communities, grids], () => {
    if (found.value) drop()
  })

  function measure(): void {
    const plan = draft.detail!
    load.value = plan.load === 'households' ? 'households' : 'work'
    weights.value = plan.load === 'households' ? { ...WORK } : weightsOf(plan.load)
    ;[whole.value, barriers.value] = [plan.keep_whole !== null, plan.hard_barriers]
  }

  function drop(): void {
    if (shown.value !== null) draft.unpreview()
    found.value = null
    shown.value = null
  }

  /** With another target the limits follow it. */
  function aim(next: number): void {
    target.value = next
    const digits = next < 20 ? 1000 : 1
    minimum.value = Math.round(0.75 * next * digits) / digits
    maximum.value = Math.round(1.5 * next * digits) / digits
  }

  async function compare(): Promise<void> {
    const plan = draft.detail?.id
    if (plan === undefined || busy.value) return
    drop()
    refused.value = null
    if (draft.isLarge(communities.value)) return draft.delegate({ kind: 'proposals', plan, ...asked.value } as JobRequest)
    busy.value = true
    stopping = new AbortController()
    const params = { path: { d: view.district!, plan } }
    const ask = { params, body: asked.value, parseAs: 'stream', signal: stopping.signal } as const
    await hear(plan, async () => linesOf(await answer<ReadableStream<Uint8Array>>(client.POST('/api/districts/{d}/plans/{plan}/proposals/stream', ask) as never)))
    busy.value = false
  }

  /** Each is shown as soon as it is ready; what is there when somebody stops stays. */
  async function hear(plan: number, ask: () => Promise<AsyncIterable<PlanProposals> | PlanProposals[]>): Promise<void> {
    try {
      for await (const made of await ask()) {
        if (draft.detail?.id === plan && made.revision === draft.revision) found.value = made
      }
    } catch (fault) {
      if (aborted(fault)) return
      refused.value = fault instanceof ServiceError ? fault : new ServiceError(-1, String(fault), '')
    }
  }

  draft.onTold<PlanProposals>('proposals', (plan, ask) => void hear(plan, async () => [await ask()]))

  async function show(n: number): Promise<void> {
    const one = found.value?.proposals[n]
    if (!one || shown.value === n) return
    await draft.preview(one.assignment, one.target, grids.value.length ? [] : found.value!.communities, one)
    if (draft.previewing) shown.value = n
  }

  /** Takes a proposal as it is: one edit, which can be undone. */
  function take(one: PlanProposal): Promise<void> {
    stop()
    const { style: named, seed, target: wanted, minimum: low, maximum: high, free: any, keep_old: keep, stages, assignment } = one
    const rules = { load: one.load, keep_whole: one.keep_whole ?? '', hard_barriers: one.hard_barriers ?? [] } as const
    const payload = { ...rules, communities: found.value!.communities, ...(grids.value.length ? { grids: grids.value } : {}), style: named, seed, target: wanted, minimum: low, maximum: high, free: any, assignment, ...(stages ? { stages } : {}), ...(keep ? { keep_old: keep } : {}) }
    return draft.rework({ kind: 'propose', payload }, [])
  }

  /** All of the communities, not some grids of them. */
  function widen(): void {
    grids.value = []
    communities.value = draft.detail!.scope.map((c) => c.code)
  }

  return { communities, grids, widen, target, minimum, maximum, style, free, keeping, load, weights, whole, barriers, limited, found, shown, busy, refused, valid, asked, aim, compare, stop, show, take, drop }
})
