import { describe, expect, it } from 'vitest'
import type { GridRow } from '@/api/types'
import { toCsv } from '@/lib/csv'
import { filterRows, sortRows } from '@/lib/rows'
import { columnsFor } from '@/panels/columns'
import { gridsText } from '@/panels/gridsCsv'

const row = (id: number, more: Partial<GridRow>): GridRow => ({
  id, code: `99010100100100${id}`, serial: `00${id}`, name: `第00${id}网格`, kind: 'basic', division_id: 7, community_name: '长河社区',
  households: 200, estimated_households: 0, people: 500, buildings: 9, parts: 3, events_year: 12, area_m2: 20_000.4, flags: [],
  deviation: 0, workers: 1, bbox: [0, 0, 1, 1], center: [0, 0], ...more,
})
const rows = [
  row(1, { households: 250, deviation: 25 }),
  row(2, { households: 0, deviation: null, flags: ['empty'], community_name: '望江社区' }),
  row(3, { households: 150, deviation: -25, estimated_households: 30, name: '=A1' }),
]
const ids = (list: GridRow[]): number[] => list.map((r) => r.id)

describe('the table of grids', () => {
  it('finds by code, name or community, in full or half width', () => {
    expect(ids(filterRows(rows, '００３'))).toEqual([3])
    expect(ids(filterRows(rows, '望江'))).toEqual([2])
    expect(ids(filterRows(rows, '长河 001'))).toEqual([1, 3])
    expect(ids(filterRows(rows, '  '))).toEqual([1, 2, 3])
    expect(filterRows(rows, '没有')).toEqual([])
  })
  it('sorts either way and keeps rows without a value last', () => {
    expect(ids(sortRows(rows, { key: 'deviation', down: true }, 'en'))).toEqual([1, 3, 2])
    expect(ids(sortRows(rows, { key: 'deviation', down: false }, 'en'))).toEqual([3, 1, 2])
    expect(ids(sortRows(rows, { key: 'people', down: true }, 'en'))).toEqual([1, 2, 3])
  })
  it('does not change the rows it was given', () => {
    sortRows(rows, { key: 'households', down: true }, 'en')
    expect(ids(rows)).toEqual([1, 2, 3])
  })
})

describe('the export', () => {
  it('opens in a spreadsheet: byte order mark, quotes, no formulas', () => {
    const text = toCsv(['a', 'b'], [['x,"y"', 1], ['=1+1', null], ['-5', -5]])
    expect(text).toBe('\uFEFFa,b\r\n"x,""y""",1\r\n\'=1+1,\r\n\'-5,-5\r\n')
  })
  it('holds every row with plain numbers, estimates apart', () => {
    const lines = gridsText(rows, columnsFor({ people: false }), 'zh-CN').split('\r\n')
    expect(lines).toHaveLength(5)
    expect(lines[0]).toContain('户数,估算')
    expect(lines[3]).toContain('990101001001003,长河社区,150,30,-25')
    expect(lines[0]).not.toContain('人口')
    expect(lines[2]).toContain('无住户')
    expect(new Set(lines.slice(0, 4).map((l) => l.split(',').length)).size).toBe(1)
  })
})
