/** Where is this, and who is responsible? The last question put and its answer. */
import { defineStore } from 'pinia'
import { ref, watch } from 'vue'
import { answer, client } from '@/api/client'
import type { Answer } from '@/api/types'
import { loadable } from './loadable'
import { useView } from './view'

export const useLocating = defineStore('locating', () => {
  const view = useView()
  const loaded = loadable<Answer>()
  const point = ref<[number, number] | null>(null)

  async function ask(lon: number, lat: number): Promise<void> {
    if (!view.district) return
    point.value = [lon, lat]
    view.inspector = true
    const params = { path: { d: view.district }, query: { ...view.asked, lon, lat, crs: 'EPSG:4490' as const } }
    await loaded.load((signal) => answer<Answer>(client.GET('/api/districts/{d}/locate', { params, signal })))
  }

  watch(() => [view.tool, view.district], () => {
    if (view.tool !== 'where') {
      point.value = null
      loaded.clear()
    }
  })
  watch(() => JSON.stringify(view.asked), () => {
    if (point.value) void ask(...point.value)
  })
  return { point, answer: loaded.data, state: loaded.state, error: loaded.error, retry: loaded.retry, ask }
})
