/** Is a piece of data here, on its way, or refused, and why? */
import { shallowRef, type ShallowRef } from 'vue'
import { aborted, ServiceError } from '@/api/client'
import { useConnection } from './connection'

export type State = 'idle' | 'loading' | 'ready' | 'failed'

export interface Loadable<T> {
  data: ShallowRef<T | null>
  state: ShallowRef<State>
  error: ShallowRef<ServiceError | null>
  /** Starts over; an earlier request still under way is given up. */
  load: (request: (signal: AbortSignal) => Promise<T>) => Promise<T | null>
  retry: () => Promise<T | null>
  clear: () => void
}

export function loadable<T>(): Loadable<T> {
  const data = shallowRef<T | null>(null)
  const state = shallowRef<State>('idle')
  const error = shallowRef<ServiceError | null>(null)
  let control: AbortController | null = null
  let again: ((signal: AbortSignal) => Promise<T>) | null = null

  async function load(request: (signal: AbortSignal) => Promise<T>): Promise<T | null> {
    control?.abort()
    const mine = (control = new AbortController())
    again = request
    state.value = 'loading'
    error.value = null
    try {
      const result = await request(mine.signal)
      if (mine.signal.aborted) return null
      data.value = result
      state.value = 'ready'
      return result
    } catch (fault) {
      if (mine.signal.aborted || aborted(fault)) return null
      error.value = fault instanceof ServiceError ? fault : new ServiceError(-1, String(fault), '')
      state.value = 'failed'
      if (error.value.unreachable) useConnection().lose()
      return null
    }
  }

  return {
    data, state, error, load,
    retry: () => (again ? load(again) : Promise.resolve(null)),
    clear: () => {
      control?.abort()
      data.value = null
      error.value = null
      state.value = 'idle'
    },
  }
}
