/** How is the service asked, and what is a fault called? */
import createClient from 'openapi-fetch'
import type { Problem } from './types'
import type { paths } from './schema'

export const client = createClient<paths>({ baseUrl: '/' })

/** Who acts: sent with everything that changes something. Nobody has proved to be that person yet. */
let acting: string | null = null
export const actAs = (name: string | null): void => void (acting = name)
/** Header values are ASCII: the name goes percent-encoded. */
client.use({
  onRequest({ request }) {
    if (acting !== null && request.method !== 'GET') request.headers.set('X-Gridkeeper-Person', encodeURIComponent(acting))
    return request
  },
})

/** Faults are told in the language of the screen. */
let chinese = true
export const speak = (lang: string): void => void (chinese = lang.startsWith('zh'))

/** A fault as the service explains it; `status` 0 means that it could not be reached. */
export class ServiceError extends Error {
  constructor(
    readonly status: number,
    readonly detail: string,
    readonly remedy: string,
    /** The last edit of the plan, where the client's was not it. */
    readonly revision: number | null = null,
  ) {
    super(detail)
    this.name = 'ServiceError'
  }

  get unreachable(): boolean {
    return this.status === 0
  }
}

/** What the service says of a fault, in the language of the screen where it has the words. */
export function faultOf(status: number, problem: Partial<Problem>): ServiceError {
  const zh = chinese && problem.detail_zh
  const said = zh ? [problem.detail_zh, problem.remedy_zh] : [problem.detail ?? problem.title, problem.remedy]
  return new ServiceError(status, said[0] ?? `HTTP ${status}`, said[1] ?? '', problem.revision ?? null)
}

interface Reply<T> {
  data?: T
  error?: unknown
  response: Response
}

/** The same shape with tuples read as plain arrays: openapi-fetch forgets the length of a tuple, `answer` restores it. */
type Untupled<T> = T extends readonly [unknown, ...unknown[]]
  ? Untupled<T[number]>[]
  : T extends readonly (infer U)[]
    ? Untupled<U>[]
    : T extends object
      ? { [K in keyof T]: Untupled<T[K]> }
      : T

/** The data of a reply, or a ServiceError that says what went wrong. */
export async function answer<T>(request: Promise<Reply<Untupled<T>>>): Promise<T> {
  let reply: Reply<Untupled<T>>
  try {
    reply = await request
  } catch (fault) {
    if (fault instanceof DOMException && fault.name === 'AbortError') throw fault
    throw new ServiceError(0, String(fault), '')
  }
  if (reply.response.ok && reply.data !== undefined) return reply.data as T
  const problem = (reply.error ?? {}) as Partial<Problem>
  const status = reply.response.status
  throw faultOf(status, problem)
}

export const aborted = (fault: unknown): boolean => fault instanceof DOMException && fault.name === 'AbortError'
