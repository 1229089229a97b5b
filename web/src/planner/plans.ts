/** Which plans has the district? */
import { defineStore } from 'pinia'
import { computed, ref, watch } from 'vue'
import { answer, client, ServiceError } from '@/api/client'
import type { PlanDetail, PlanItem } from '@/api/types'
import { useConnection } from '@/state/connection'
import { loadable } from '@/state/loadable'
import { useView } from '@/state/view'

/** Plans that are still worked on: they come first. */
const OPEN = new Set<PlanItem['state']>(['draft', 'submitted', 'approved', 'published'])

export const usePlans = defineStore('plans', () => {
  const view = useView()
  const list = loadable<PlanItem[]>()
  /** Plans are of one level of one network. */
  const of = computed(() => ({ network: view.network ?? 'community', level: view.level ?? 1 }))
  const opening = ref(false)
  const refused = ref<ServiceError | null>(null)
  const open = computed(() => (list.data.value ?? []).filter((p) => OPEN.has(p.state)))
  const past = computed(() => (list.data.value ?? []).filter((p) => !OPEN.has(p.state)))

  function load(): void {
    const d = view.district
    const params = { path: { d: d ?? '' }, query: of.value }
    if (d) void list.load((signal) => answer<PlanItem[]>(client.GET('/api/districts/{d}/plans', { params, signal })))
  }

  /** Opens a draft of communities from the grids in force, and goes to it. */
  async function begin(communities: string[]): Promise<void> {
    if (!view.district || opening.value) return
    opening.value = true
    refused.value = null
    try {
      const params = { path: { d: view.district } }
      const made = await answer<PlanDetail>(client.POST('/api/districts/{d}/plans', { params, body: { communities, ...of.value } }))
      view.turn('plan', made.id)
    } catch (fault) {
      refused.value = fault instanceof ServiceError ? fault : new ServiceError(-1, String(fault), '')
    } finally {
      opening.value = false
    }
  }

  watch(() => [view.district, of.value.network, of.value.level].join(), () => {
    list.clear()
    refused.value = null
    load()
  }, { immediate: true })
  watch(() => useConnection().returned, () => {
    if (list.state.value === 'failed') void list.retry()
  })
  return { list, open, past, opening, refused, load, begin }
})
