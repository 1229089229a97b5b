import { describe, expect, it } from 'vitest'
import { addDays, dateTime, day, presetDays, startOfDay, utcPeriod } from '@/lib/dates'

describe('dates in the time zone of the area', () => {
  it('writes YYYY-MM-DD HH:mm by the clock of the area', () => {
    expect(dateTime('2026-03-01T16:05:00Z', 'Asia/Shanghai')).toBe('2026-03-02 00:05')
    expect(dateTime('2026-07-01T03:59:00Z', 'America/New_York')).toBe('2026-06-30 23:59')
    expect(dateTime(null, 'Asia/Shanghai')).toBe('—')
    expect(day('2026-01-31', 'America/New_York')).toBe('2026-01-31')
  })
  it('finds the moment a local day begins, also where the clocks change', () => {
    expect(startOfDay('2026-03-02', 'Asia/Shanghai')).toBe('2026-03-01T16:00:00.000Z')
    expect(startOfDay('2026-03-08', 'America/New_York')).toBe('2026-03-08T05:00:00.000Z')
    expect(startOfDay('2026-03-09', 'America/New_York')).toBe('2026-03-09T04:00:00.000Z')
    expect(startOfDay('2026-10-25', 'Europe/Monaco')).toBe('2026-10-24T22:00:00.000Z')
    expect(startOfDay('2026-10-26', 'Europe/Monaco')).toBe('2026-10-25T23:00:00.000Z')
  })
  it('makes a half-open period of whole local days', () => {
    expect(utcPeriod('2026-01-01', '2026-01-01', 'Asia/Singapore')).toEqual(['2025-12-31T16:00:00.000Z', '2026-01-01T16:00:00.000Z'])
    const [from, to] = utcPeriod('2026-03-08', '2026-03-08', 'America/New_York')
    expect((Date.parse(to) - Date.parse(from)) / 3_600_000).toBe(23)
  })
  it('counts presets back from the day of the newest event', () => {
    expect(presetDays('week', '2026-03-01T20:00:00Z', 'Asia/Shanghai')).toEqual(['2026-02-24', '2026-03-02'])
    expect(presetDays('year', '2025-12-31T10:00:00Z', 'Asia/Shanghai')).toEqual(['2025-01-01', '2025-12-31'])
    expect(addDays('2024-02-28', 2)).toBe('2024-03-01')
  })
})
