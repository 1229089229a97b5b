import { describe, expect, it } from 'vitest'
import type { FigureValues } from '@/api/types'
import { classLabel } from '@/lib/legend'
import { totalsOf } from '@/lib/totals'
import { formatValue } from '@/lib/values'
import { gridClasses } from '@/map/painting'
import { NO_DATA, ZERO } from '@/map/style-grids'

const classes = [
  { from: null, to: -10, count: 1, colour_index: 0 },
  { from: -10, to: 10, count: 1, colour_index: 3 },
  { from: 10, to: 30, count: 1, colour_index: 5 },
]

describe('classes of a figure', () => {
  it('read as words with signs where the scale has two ends', () => {
    expect(classLabel(classes[0]!, 'zh-CN', true)).toBe('< −10')
    expect(classLabel(classes[2]!, 'en', true)).toBe('+10 – +30')
    expect(classLabel({ from: 1000, to: null }, 'en', false)).toBe('≥ 1,000')
  })
  it('set zero and no data apart, and count as the legend does', () => {
    const figure = {
      key: 'parts', kind: 'sequential', values: { 1: 0, 2: null, 3: 5, 4: 29 }, class_of: { 1: -1, 2: null, 3: 0, 4: 1 }, estimated: [], classes: [
        { from: 1, to: 10, count: 1, colour_index: 0 }, { from: 10, to: 29, count: 1, colour_index: 1 },
      ], colours: { light: [], dark: [] }, zero: 1, no_data: 1, basis: 'as_of', events: null, at: '2026-06-30T15:59:59Z', as_of: null, period: null,
    } satisfies FigureValues
    const found = [...gridClasses(figure)]
    expect(found).toEqual([[1, ZERO], [2, NO_DATA], [3, 0], [4, 1]])
    expect(found.filter(([, c]) => c === ZERO)).toHaveLength(figure.zero)
    expect(found.filter(([, c]) => c === NO_DATA)).toHaveLength(figure.no_data)
  })
})

describe('totals and values', () => {
  it('add up', () => {
    const one = { households: 1, estimated_households: 2, people: 3, grids: 4, parts: 5, events_year: 6, within_10: 7, grids_over: 8, grids_under: 9 }
    expect(totalsOf([one, one]).grids_under).toBe(18)
    expect(totalsOf([]).households).toBe(0)
  })
  it('are written by their format', () => {
    const to = { lang: 'zh-CN', timeZone: 'Asia/Shanghai' } as const
    expect(formatValue(12.5, 'percent', to)).toBe('12.5%')
    expect(formatValue('2026-01-01T16:00:00Z', 'datetime', to)).toBe('2026-01-02 00:00')
    expect(formatValue(20_500, 'area', to)).toBe('2.05 公顷')
    expect(formatValue(null, 'integer', to)).toBe('—')
    expect(formatValue('990101001001001', 'code', to)).toBe('990101001001001')
  })
})
