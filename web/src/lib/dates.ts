/** What time is it in the district, and which of its days does a period hold? */

const pad = (n: number): string => String(n).padStart(2, '0')

interface Clock {
  year: number
  month: number
  day: number
  hour: number
  minute: number
}

const formatters = new Map<string, Intl.DateTimeFormat>()

function clock(at: Date, timeZone: string): Clock {
  let format = formatters.get(timeZone)
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric',
    })
    formatters.set(timeZone, format)
  }
  const parts = Object.fromEntries(format.formatToParts(at).map((p) => [p.type, Number(p.value)]))
  return parts as unknown as Clock
}

/** `YYYY-MM-DD HH:mm` in the time zone of the area. */
export function dateTime(iso: string | null | undefined, timeZone: string): string {
  if (!iso) return '—'
  const c = clock(new Date(iso), timeZone)
  return `${c.year}-${pad(c.month)}-${pad(c.day)} ${pad(c.hour)}:${pad(c.minute)}`
}

/** `YYYY-MM-DD` in the time zone of the area. A bare date stays as it is. */
export function day(iso: string | null | undefined, timeZone: string): string {
  if (!iso) return '—'
  return /^\d{4}-\d\d-\d\d$/.test(iso) ? iso : dateTime(iso, timeZone).slice(0, 10)
}

/** A local day moved by whole days. */
export function addDays(localDay: string, days: number): string {
  const [y, m, d] = localDay.split('-').map(Number) as [number, number, number]
  return new Date(Date.UTC(y, m - 1, d + days)).toISOString().slice(0, 10)
}

export const PRESETS = { week: 7, month: 30, quarter: 91, year: 365 } as const
export type Preset = keyof typeof PRESETS

/** First and last local day of a preset that ends on the day of the newest event. */
export function presetDays(preset: Preset, lastIso: string, timeZone: string): [string, string] {
  const last = day(lastIso, timeZone)
  return [addDays(last, 1 - PRESETS[preset]), last]
}
