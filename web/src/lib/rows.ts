/** Which rows of the table of grids are shown, in which order? */
import type { GridRow } from '@/api/types'
import { fold } from './fold'

export type SortKey =
  | 'code' | 'community_name' | 'households' | 'deviation' | 'people' | 'buildings' | 'parts' | 'events_year'
  | 'area_m2' | 'workers'

export interface Sorting {
  key: SortKey
  down: boolean
}

/** Rows that hold every word of the filter, in their code, name or community. */
export function filterRows(rows: readonly GridRow[], filter: string): GridRow[] {
  const wanted = filter.trim().split(/\s+/).map(fold).filter(Boolean)
  if (!wanted.length) return [...rows]
  return rows.filter((row) => {
    const text = fold(`${row.code} ${row.name} ${row.community_name}`)
    return wanted.every((word) => text.includes(word))
  })
}

/** Rows in order; rows without a value come last either way, equal ones by code. */
export function sortRows(rows: readonly GridRow[], { key, down }: Sorting, lang: string): GridRow[] {
  const collator = new Intl.Collator(lang, { numeric: true })
  const sign = down ? -1 : 1
  return [...rows].sort((a, b) => {
    const [x, y] = [a[key], b[key]]
    const tie = a.code < b.code ? -1 : a.code > b.code ? 1 : 0
    if (x === null || y === null) return x === y ? tie : x === null ? 1 : -1
    const order = typeof x === 'number' && typeof y === 'number' ? x - y : collator.compare(String(x), String(y))
    return sign * order || tie
  })
}
