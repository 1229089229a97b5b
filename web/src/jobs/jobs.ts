/** Which jobs are there, how far are they, and how is a file handed over? */
import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import { answer, client, faultOf, ServiceError } from '@/api/client'
import type { Job, JobList, JobRequest, Upload } from '@/api/types'
import { loadable } from '@/state/loadable'

/** Kinds of files that a job imports. */
export const WHATS = ['buildings', 'households', 'parts', 'events', 'barriers', 'workers', 'divisions', 'compounds', 'landcover', 'grids'] as const
export type What = (typeof WHATS)[number]
/** Kinds whose changes hold from a day on; what was before is kept. */
export const DATED: readonly What[] = ['divisions', 'buildings', 'grids']

/** How a file is to be taken; the last three of grids only. */
export interface Told {
  accept_partial: boolean
  effective: string | null
  complete: boolean
  network: string
  level: string | null
  exact: boolean
}

export const ended = (job: Job): boolean => ['succeeded', 'failed', 'cancelled'].includes(job.state)

/** What can be asked for again: an edit that failed would fail again, its draft is the one to go on with. */
export const repeatable = (job: Job): boolean => job.state === 'cancelled' || (job.state === 'failed' && job.kind !== 'edit')

export const useJobs = defineStore('jobs', () => {
  const list = loadable<JobList>()
  const refused = ref<ServiceError | null>(null)
  const uploading = ref(false)
  const streams = new Map<number, EventSource>()
  const active = computed(() => list.data.value?.jobs.filter((job) => !ended(job)).length ?? 0)

  async function load(): Promise<void> {
    const found = await list.load((signal) => answer<JobList>(client.GET('/api/jobs', { params: { query: { limit: 30 } }, signal })))
    found?.jobs.filter((job) => !ended(job)).forEach(follow)
  }

  /** Keeps one job up to date as it goes; the browser opens the stream anew where it breaks. */
  function follow(job: Job): void {
    if (streams.has(job.id)) return
    const stream = new EventSource(`/api/jobs/${job.id}/stream`)
    streams.set(job.id, stream)
    stream.onmessage = (message: MessageEvent<string>) => {
      const now = JSON.parse(message.data) as Job
      put(now)
      if (!ended(now)) return
      stream.close()
      streams.delete(now.id)
    }
  }

  function put(job: Job): void {
    const known = list.data.value
    if (!known) return
    const there = known.jobs.some((one) => one.id === job.id)
    const jobs = there ? known.jobs.map((one) => (one.id === job.id ? job : one)) : [job, ...known.jobs]
    list.data.value = { ...known, jobs }
  }

  /** Does something with jobs; a refusal is kept to be shown. */
  async function act(request: () => Promise<Job>): Promise<Job | null> {
    refused.value = null
    try {
      const job = await request()
      put(job)
      if (!ended(job)) follow(job)
      return job
    } catch (problem) {
      refused.value = problem instanceof ServiceError ? problem : new ServiceError(-1, String(problem), '')
      return null
    }
  }

  const queue = (d: string, body: JobRequest): Promise<Job | null> =>
    act(() => answer<Job>(client.POST('/api/districts/{d}/jobs', { params: { path: { d } }, body })))
  const cancel = (job: Job): Promise<Job | null> =>
    act(() => answer<Job>(client.POST('/api/jobs/{number}/cancel', { params: { path: { number: job.id } } })))
  const retry = (job: Job): Promise<Job | null> =>
    act(() => answer<Job>(client.POST('/api/jobs/{number}/retry', { params: { path: { number: job.id } } })))

  /** Hands a file over and queues its import. */
  async function take(file: File, what: What, district: string, told: Told): Promise<void> {
    uploading.value = true
    await act(async () => {
      const name = encodeURIComponent(file.name)
      const reply = await fetch(`/api/uploads/${name}`, { method: 'PUT', body: file }).catch((lost) => {
        throw new ServiceError(0, String(lost), '')
      })
      const said = await reply.json()
      if (!reply.ok) throw faultOf(reply.status, said)
      const body = { kind: 'import' as const, what, uploads: [(said as Upload).id], accept_crs: false, estimate_households: false, columns: {}, ...told }
      return answer<Job>(client.POST('/api/districts/{d}/jobs', { params: { path: { d: district } }, body }))
    })
    uploading.value = false
  }

  return { list, refused, uploading, active, load, queue, cancel, retry, take }
})
