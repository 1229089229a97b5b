/** Which class of deviation has so many households? The same fixed classes as on every map. */

export interface Bounds {
  from: number | null
  to: number | null
}

/** Deviation from the target in per cent. */
export const deviationOf = (households: number, target: number): number => (100 * (households - target)) / target

/** Index of the class; a value on a break belongs to the class nearer to 0, so that the middle one is "within 10 %". */
export function classOf(deviation: number, classes: readonly Bounds[]): number {
  return classes.findIndex(({ from, to }) =>
    deviation < 0
      ? (from === null || deviation >= from) && (to === null || deviation < to)
      : (from === null || deviation > from) && (to === null || deviation <= to),
  )
}
