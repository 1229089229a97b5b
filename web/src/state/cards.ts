/** What is known of the selected thing? */
import { defineStore } from 'pinia'
import { computed, watch } from 'vue'
import { answer, client } from '@/api/client'
import type { Card } from '@/api/types'
import { useConnection } from './connection'
import { loadable } from './loadable'
import { useView } from './view'

export const useCards = defineStore('cards', () => {
  const view = useView()
  const loaded = loadable<Card>()

  function ask(signal: AbortSignal): Promise<Card> {
    const [d, { type, id }] = [view.district!, view.selection!]
    const path = { d, thing: Number(id) }
    const query = view.asked
    switch (type as Exclude<typeof type, 'street'>) {
      case 'grid':
        return answer<Card>(client.GET('/api/districts/{d}/grids/{code}', { params: { path: { d, code: id }, query }, signal }))
      case 'building':
        return answer<Card>(client.GET('/api/districts/{d}/buildings/{thing}', { params: { path, query }, signal }))
      case 'part':
        return answer<Card>(client.GET('/api/districts/{d}/parts/{thing}', { params: { path, query }, signal }))
      case 'event':
        return answer<Card>(client.GET('/api/districts/{d}/events/{thing}', { params: { path, query }, signal }))
    }
  }

  const key = computed(() => (view.district && view.selection && view.selection.type !== 'street' ? `${view.district}/${view.selection.type}/${view.selection.id}?${JSON.stringify(view.asked)}` : null))
  watch(key, (now) => {
    loaded.clear()
    if (now) void loaded.load(ask)
  }, { immediate: true })
  watch(() => useConnection().returned, () => {
    if (loaded.state.value === 'failed') void loaded.retry()
  })

  return { card: loaded.data, state: loaded.state, error: loaded.error, retry: loaded.retry }
})
