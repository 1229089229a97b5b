/** What do several divisions add up to? */
import type { DivisionTotals } from '@/api/types'

export function totalsOf(parts: readonly DivisionTotals[]): DivisionTotals {
  const sum: DivisionTotals = {
    households: 0, estimated_households: 0, people: 0, grids: 0, parts: 0, events_year: 0, within_10: 0, grids_over: 0, grids_under: 0,
  }
  for (const part of parts) for (const key of Object.keys(sum) as (keyof DivisionTotals)[]) sum[key] += part[key]
  return sum
}
