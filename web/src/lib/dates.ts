/** What time is it in the district, and which UTC period does a span of local days mean? */

const pad = (n: number): string => String(n).padStart(2, '0')

interface Clock {
  year: number
  month: number
  day: number
  hour: number
  minute: number
  second: number
}

const formatters = new Map<string, Intl.DateTimeFormat>()

function clock(at: Date, timeZone: string): Clock {
  let format = formatters.get(timeZone)
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric',
      second: 'numeric',
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

/** The moment a local day begins, as a UTC ISO string. */
export function startOfDay(localDay: string, timeZone: string): string {
  const [y, m, d] = localDay.split('-').map(Number) as [number, number, number]
  const wanted = Date.UTC(y, m - 1, d)
  let moment = wanted
  // The offset depends on the moment itself: two rounds settle it, also where clocks change.
  for (let round = 0; round < 2; round += 1) {
    const c = clock(new Date(moment), timeZone)
    moment += wanted - Date.UTC(c.year, c.month - 1, c.day, c.hour, c.minute, c.second)
  }
  return new Date(moment).toISOString()
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

/** The half-open UTC period `[from, to)` of a span of local days, both included. */
export function utcPeriod(first: string, last: string, timeZone: string): [string, string] {
  return [startOfDay(first, timeZone), startOfDay(addDays(last, 1), timeZone)]
}
