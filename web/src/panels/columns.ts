/** Which columns has the table of grids, and how is each cell written? */
import type { GridRow } from '@/api/types'
import { words } from '@/i18n'
import type { Key, Lang } from '@/i18n/messages'
import { messages } from '@/i18n/messages'
import { area, count, deviation, estimated } from '@/lib/numbers'
import type { SortKey } from '@/lib/rows'

export interface Column {
  key: SortKey
  label: Key
  /** Pixels; the remarks take what is left. */
  width: number
  number: boolean
  text: (row: GridRow, lang: Lang) => string
}

const COLUMNS: Column[] = [
  { key: 'code', label: 'code', width: 140, number: false, text: (r) => r.code },
  { key: 'community_name', label: 'community', width: 116, number: false, text: (r) => r.community_name },
  { key: 'households', label: 'households', width: 88, number: true, text: (r, l) => estimated(count(r.households, l), r.estimated_households > 0) },
  { key: 'deviation', label: 'deviation', width: 76, number: true, text: (r) => deviation(r.deviation === null ? null : r.deviation / 100) },
  { key: 'people', label: 'people', width: 64, number: true, text: (r, l) => count(r.people, l) },
  { key: 'buildings', label: 'buildings', width: 76, number: true, text: (r, l) => count(r.buildings, l) },
  { key: 'parts', label: 'parts', width: 56, number: true, text: (r, l) => count(r.parts, l) },
  { key: 'events_year', label: 'events_year', width: 92, number: true, text: (r, l) => count(r.events_year, l) },
  { key: 'area_m2', label: 'area', width: 84, number: true, text: (r, l) => area(r.area_m2, l) },
  { key: 'workers', label: 'workersShort', width: 72, number: true, text: (r, l) => count(r.workers, l) },
]

/** The columns for what the data of a district tell at all. */
export function columnsFor(told: Partial<Record<SortKey, boolean>>): Column[] {
  return COLUMNS.filter((c) => told[c.key] !== false)
}

/** The remarks on a grid; one the screen has no words for is shown as it is. */
export function remarks(row: GridRow, lang: Lang): string {
  return row.flags.map((flag) => (`flag_${flag}` in messages[lang] ? words(lang, `flag_${flag}` as Key) : flag)).join('、')
}
