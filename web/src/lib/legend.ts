/** How does a class of the legend read? */
import type { FigureClass } from '@/api/types'
import type { Lang } from '@/i18n/messages'
import { quantity } from './numbers'

const signed = (value: number, lang: Lang, diverging: boolean): string =>
  (diverging && value > 0 ? '+' : '') + quantity(value, lang)

/** A class as words: `< −30`, `−30 – −20`, `≥ 30`. */
export function classLabel(c: Pick<FigureClass, 'from' | 'to'>, lang: Lang, diverging: boolean): string {
  if (c.from === null && c.to === null) return '—'
  if (c.from === null) return `< ${signed(c.to!, lang, diverging)}`
  if (c.to === null) return `≥ ${signed(c.from, lang, diverging)}`
  return `${signed(c.from, lang, diverging)} – ${signed(c.to, lang, diverging)}`
}
