/** How is a value of a card written, by the format the service names for it? */
import type { Fact } from '@/api/types'
import type { Lang } from '@/i18n/messages'
import { dateTime, day } from './dates'
import { area, count, metres, percent, quantity } from './numbers'

export type Format = NonNullable<Fact['format']>

/** Writes one value. Percentages come as per cent, areas in m², lengths in metres. */
export function formatValue(value: string | number | null | undefined, format: Format | undefined, to: { lang: Lang; timeZone: string }): string {
  if (value === null || value === undefined || value === '') return '—'
  const number = typeof value === 'number' ? value : Number(value)
  switch (format) {
    case 'integer':
      return count(number, to.lang)
    case 'decimal':
      return quantity(number, to.lang)
    case 'percent':
      return percent(number / 100)
    case 'area':
      return area(number, to.lang)
    case 'metres':
      return metres(number)
    case 'date':
      return day(String(value), to.timeZone)
    case 'datetime':
      return dateTime(String(value), to.timeZone)
    default:
      return String(value)
  }
}
