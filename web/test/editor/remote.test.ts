import { describe, expect, it } from 'vitest'
import { answering, type Call, type Result } from '@/editor/calls'
import { classOf, deviationOf } from '@/editor/deviation'
import { RemoteEditor, type Port } from '@/editor/remote'
import { town } from './town'

/** A Worker without a thread: what passes is copied, as between threads. */
function port(): Port & { ended: boolean } {
  const answer = answering()
  let hear: (event: MessageEvent<Result>) => void = () => undefined
  return {
    ended: false,
    postMessage(call: Call) {
      const result = structuredClone(answer(structuredClone(call)))
      queueMicrotask(() => hear({ data: result } as MessageEvent<Result>))
    },
    addEventListener: (_type, hearer) => void (hear = hearer),
    terminate() {
      this.ended = true
    },
  }
}

describe('the editor behind its Worker', () => {
  it('opens a draft, takes edits and answers each call by its own promise', async () => {
    const { data, geojson } = town(['AAB', 'AAB'])
    const remote = new RemoteEditor(port())
    const { arcs, whole } = await remote.open(data, geojson)
    expect(arcs.features.map((f) => f.id)).toEqual([...whole.arcs])
    expect(whole.touched.map((g) => g.key)).toEqual(['A', 'B'])
    const [at, moved, back] = await Promise.all([
      remote.call('at', 113.0015, 22.9995), remote.call('move', Int32Array.of(1), 1), remote.call('undo'),
    ])
    expect(at).toBe(1)
    expect([...moved.cells]).toEqual([1])
    expect([...back!.grids]).toEqual([0])
  })
  it('says what is wrong, and goes on', async () => {
    const { data, geojson } = town(['AB'])
    const remote = new RemoteEditor(port())
    await expect(remote.call('undo')).rejects.toThrow('No draft is open')
    await remote.open(data, geojson)
    await expect(remote.call('move', Int32Array.of(0), 7)).rejects.toThrow()
    expect(await remote.call('at', 113.0005, 22.9995)).toBe(0)
  })
  it('leaves nobody waiting when it is closed', async () => {
    const worker = port()
    const remote = new RemoteEditor(worker)
    const call = remote.call('at', 0, 0)
    remote.close()
    await expect(call).rejects.toThrow('closed')
    expect(worker.ended).toBe(true)
  })
})

describe('deviation from the target', () => {
  const breaks = [-50, -30, -10, 10, 30, 50]
  const classes = [null, ...breaks].map((from, i) => ({ from, to: breaks[i] ?? null }))
  it('falls into the classes of the map, a value on a break into the one nearer to 0', () => {
    const deviations = [deviationOf(80, 200), deviationOf(180, 200), 0, deviationOf(220, 200), 10.5, -50, 50, 300]
    expect(deviations.map((d) => classOf(d, classes))).toEqual([0, 3, 3, 3, 4, 1, 5, 6])
    expect(classOf(deviationOf(0, 200), classes)).toBe(0)
  })
})
