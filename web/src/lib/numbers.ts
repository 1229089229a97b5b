/** How is a number written on this screen? */
import type { Lang } from '@/i18n/messages'

const MINUS = '−'

function plain(value: number, digits: number): string {
  const text = Math.abs(value).toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })
  return value < 0 && /[1-9]/.test(text) ? MINUS + text : text
}

/** A whole number with thousands separated; above 99,999 Chinese reads it in 万. */
export function count(value: number | null | undefined, lang: Lang): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '—'
  if (lang === 'zh-CN' && Math.abs(value) > 99_999) return plain(value / 10_000, 1).replace(/\.0$/, '') + ' 万'
  return plain(Math.round(value), 0)
}

/** A measured number: whole from 100 up, one decimal below, two below 1. */
export function quantity(value: number | null | undefined, lang: Lang): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '—'
  const size = Math.abs(value)
  if (size > 99_999 || Number.isInteger(value)) return count(value, lang)
  return plain(value, size >= 100 ? 0 : size >= 1 ? 1 : 2)
}

/** A share 0..1 as a percentage with one decimal. */
export function percent(share: number | null | undefined): string {
  if (share === null || share === undefined || !Number.isFinite(share)) return '—'
  return plain(share * 100, 1) + '%'
}

/** A signed percentage with one decimal from a share, e.g. a deviation from the target. */
export function deviation(share: number | null | undefined): string {
  if (share === null || share === undefined || !Number.isFinite(share)) return '—'
  const text = percent(share)
  return share > 0 && /[1-9]/.test(text) ? '+' + text : text
}

/** A length in metres, in kilometres from 10 km up. */
export function metres(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '—'
  if (value >= 10_000) return plain(value / 1000, 2) + ' km'
  return plain(value, value < 100 ? 1 : 0) + ' m'
}

/** An area in m², in hectares from 1 ha and in km² from 1 km² up. */
export function area(m2: number | null | undefined, lang: Lang): string {
  if (m2 === null || m2 === undefined || !Number.isFinite(m2)) return '—'
  if (m2 >= 1e6) return plain(m2 / 1e6, 2) + ' km²'
  if (m2 >= 1e4) return plain(m2 / 1e4, 2) + (lang === 'zh-CN' ? ' 公顷' : ' ha')
  return plain(m2, 0) + ' m²'
}

/** Marks a number that rests on estimates. */
export function estimated(text: string, isEstimated: boolean): string {
  return isEstimated ? '≈ ' + text : text
}
