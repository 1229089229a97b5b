/** Who acts? A name chosen from a list, until there is sign-in; this browser remembers it. */
import { defineStore } from 'pinia'
import { ref, watch } from 'vue'
import { actAs, answer, client, ServiceError } from '@/api/client'
import type { Person } from '@/api/types'
import { recall, remember } from '@/lib/memory'
import { loadable } from './loadable'

export const usePersons = defineStore('persons', () => {
  const list = loadable<Person[]>()
  const current = ref(recall('person') || null)
  const refused = ref<ServiceError | null>(null)

  watch(current, (name) => {
    actAs(name)
    remember('person', name ?? '')
  }, { immediate: true })

  async function load(): Promise<void> {
    const found = await list.load((signal) => answer<Person[]>(client.GET('/api/persons', { signal })))
    // A name remembered from another database is nobody here.
    if (found && !found.some((p) => p.name === current.value)) current.value = null
  }

  /** Adds a name to the list and chooses it; whether that worked. */
  async function add(name: string): Promise<boolean> {
    refused.value = null
    try {
      const added = await answer<Person>(client.POST('/api/persons', { body: { name } }))
      current.value = added.name
      void load()
      return true
    } catch (fault) {
      refused.value = fault instanceof ServiceError ? fault : new ServiceError(-1, String(fault), '')
      return false
    }
  }

  return { list, current, refused, load, add }
})
