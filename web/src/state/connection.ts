/** Can the service be reached? While it cannot, it is asked again every few seconds. */
import { defineStore } from 'pinia'
import { ref } from 'vue'
import { client } from '@/api/client'

const PAUSE_MS = 4000

export const useConnection = defineStore('connection', () => {
  const lost = ref(!navigator.onLine)
  const returned = ref(0)
  let timer: ReturnType<typeof setTimeout> | undefined

  async function tryNow(): Promise<void> {
    clearTimeout(timer)
    try {
      await client.GET('/api/health')
      if (lost.value) returned.value += 1
      lost.value = false
    } catch {
      timer = setTimeout(tryNow, PAUSE_MS)
    }
  }

  function lose(): void {
    lost.value = true
    clearTimeout(timer)
    timer = setTimeout(tryNow, PAUSE_MS)
  }

  addEventListener('offline', lose)
  addEventListener('online', () => void tryNow())
  if (lost.value) lose()
  return { lost, returned, lose, tryNow }
})
