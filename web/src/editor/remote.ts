/** How does a page talk to the editor in its Worker? Each call is answered by a promise, in order. */
import type { FeatureCollection, MultiPolygon, Polygon } from 'geojson'
import type { Ask, Call, Method, Opening, Reply, Result } from './calls'
import type { DraftData } from './editor'

/** What a Worker is to us; a test gives one without a thread. */
export interface Port {
  postMessage: (call: Call) => void
  addEventListener: (type: 'message', hear: (event: MessageEvent<Result>) => void) => void
  terminate: () => void
}

export class RemoteEditor {
  private readonly waiting = new Map<number, { resolve: (value: unknown) => void; reject: (fault: Error) => void }>()
  private last = 0

  constructor(private readonly port: Port) {
    port.addEventListener('message', ({ data }) => {
      const call = this.waiting.get(data.id)
      this.waiting.delete(data.id)
      if ('fault' in data) call?.reject(new Error(data.fault))
      else call?.resolve(data.value)
    })
  }

  open(data: DraftData, shapes: FeatureCollection<Polygon | MultiPolygon>): Promise<Opening> {
    return this.send((id) => ({ id, open: { data, shapes } })) as Promise<Opening>
  }

  call<M extends Method>(method: M, ...args: Ask<M>): Promise<Reply<M>> {
    return this.send((id) => ({ id, method, args })) as Promise<Reply<M>>
  }

  close(): void {
    this.port.terminate()
    for (const { reject } of this.waiting.values()) reject(new Error('The editor was closed.'))
    this.waiting.clear()
  }

  private send(make: (id: number) => Call): Promise<unknown> {
    const id = (this.last += 1)
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject })
      this.port.postMessage(make(id))
    })
  }
}

export const startWorker = (): Port => new Worker(new URL('./worker.ts', import.meta.url), { type: 'module', name: 'editor' }) as Port
