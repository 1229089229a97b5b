/** Who answers for the selected street, and how is that changed? */
import { defineStore } from 'pinia'
import { computed, ref, watch } from 'vue'
import { answer, client, ServiceError } from '@/api/client'
import type { StreetCard } from '@/api/types'
import { useAtlas } from './atlas'
import { useConnection } from './connection'
import { loadable } from './loadable'
import { useView } from './view'

export const useStreets = defineStore('streets', () => {
  const view = useView()
  const loaded = loadable<StreetCard>()
  const refused = ref<ServiceError | null>(null)
  const changing = ref(false)
  /** Homes changed from here: the tiles are to be asked for anew. */
  const changes = ref(0)

  const chosen = computed(() => (view.selection?.type === 'street' ? Number(view.selection.id) : null))
  const key = computed(() => (view.district && chosen.value !== null ? `${view.district}/${chosen.value}?${JSON.stringify(view.asked)}` : null))

  watch(key, (now) => {
    loaded.clear()
    refused.value = null
    if (!now) return
    const params = { path: { d: view.district!, street: chosen.value! }, query: view.asked }
    void loaded.load((signal) => answer<StreetCard>(client.GET('/api/districts/{d}/streets/{street}', { params, signal })))
  }, { immediate: true })
  watch(() => useConnection().returned, () => {
    if (loaded.state.value === 'failed') void loaded.retry()
  })

  /** Gives the selected street to a grid; whether that worked. */
  async function change(grid: string, reason: string): Promise<boolean> {
    const card = loaded.data.value
    if (!card || !view.district || changing.value) return false
    changing.value = true
    refused.value = null
    try {
      const params = { path: { d: view.district, street: card.id }, query: view.asked }
      const body = { grid_code: grid, reason: reason.trim() || null }
      loaded.data.value = await answer<StreetCard>(client.PUT('/api/districts/{d}/streets/{street}/home', { params, body }))
      changes.value++
      void useAtlas().reread()
      return true
    } catch (fault) {
      refused.value = fault instanceof ServiceError ? fault : new ServiceError(-1, String(fault), '')
      return false
    } finally {
      changing.value = false
    }
  }

  return { card: loaded.data, error: loaded.error, retry: loaded.retry, chosen, refused, changing, changes, change }
})
