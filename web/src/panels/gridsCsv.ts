/** How are the rows of the table handed over as a file? */
import type { GridRow } from '@/api/types'
import { words } from '@/i18n'
import type { Lang } from '@/i18n/messages'
import { download, toCsv, type Value } from '@/lib/csv'
import { remarks, type Column } from './columns'

/** The rows as CSV: plain numbers for calculating, estimates in a column of their own. */
export function gridsText(rows: readonly GridRow[], columns: Column[], lang: Lang): string {
  const header = [...columns.map((c) => words(lang, c.label) + (c.key === 'area_m2' ? ' m²' : c.key === 'deviation' ? ' %' : ''))]
  header.splice(3, 0, words(lang, 'estimatedShort'))
  header.push(words(lang, 'flags'))
  const lines = rows.map((row): Value[] => {
    const values: Value[] = columns.map((c) => {
      const value = row[c.key]
      return typeof value === 'number' ? Math.round(value * 10) / 10 : value
    })
    values.splice(3, 0, row.estimated_households)
    return [...values, remarks(row, lang)]
  })
  return toCsv(header, lines)
}

export function gridsCsv(rows: readonly GridRow[], columns: Column[], lang: Lang, name: string): void {
  download(`${name}-${words(lang, 'grids')}.csv`, gridsText(rows, columns, lang))
}
