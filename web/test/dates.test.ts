import { describe, expect, it } from 'vitest'
import { addDays, dateTime, day, presetDays } from '@/lib/dates'

describe('dates in the time zone of the area', () => {
  it('writes YYYY-MM-DD HH:mm by the clock of the area', () => {
    expect(dateTime('2026-03-01T16:05:00Z', 'Asia/Shanghai')).toBe('2026-03-02 00:05')
    expect(dateTime('2026-07-01T03:59:00Z', 'America/New_York')).toBe('2026-06-30 23:59')
    expect(dateTime(null, 'Asia/Shanghai')).toBe('—')
    expect(day('2026-01-31', 'America/New_York')).toBe('2026-01-31')
  })
  it('counts presets back from the day of the newest event', () => {
    expect(presetDays('week', '2026-03-01T20:00:00Z', 'Asia/Shanghai')).toEqual(['2026-02-24', '2026-03-02'])
    expect(presetDays('year', '2025-12-31T10:00:00Z', 'Asia/Shanghai')).toEqual(['2025-01-01', '2025-12-31'])
    expect(addDays('2024-02-28', 2)).toBe('2024-03-01')
  })
})
