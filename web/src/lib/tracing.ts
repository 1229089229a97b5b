/** How does a measured line or area grow, point by point? */
import type { LonLat } from './geodesy'

export interface Trace {
  points: LonLat[]
  done: boolean
}

export const EMPTY: Trace = { points: [], done: false }

const same = (a: LonLat | undefined, b: LonLat): boolean => a !== undefined && Math.abs(a[0] - b[0]) < 1e-9 && Math.abs(a[1] - b[1]) < 1e-9

/** Adds a point; on a finished trace a new one begins. A second point on the same spot is none. */
export function add(trace: Trace, point: LonLat): Trace {
  if (trace.done) return { points: [point], done: false }
  return same(trace.points.at(-1), point) ? trace : { points: [...trace.points, point], done: false }
}

export function stepBack(trace: Trace): Trace {
  return { points: trace.points.slice(0, -1), done: false }
}

/** Ends the trace where it has points enough: two for a line, three for an area. */
export function finish(trace: Trace, kind: 'length' | 'area'): Trace {
  return trace.points.length >= (kind === 'area' ? 3 : 2) ? { ...trace, done: true } : trace
}
