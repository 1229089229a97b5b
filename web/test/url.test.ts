import { describe, expect, it } from 'vitest'
import { emptyPlace, readPlace, writePlace, type Place } from '@/lib/url'

const read = (address: string): Place => {
  const url = new URL(address, 'http://x')
  return readPlace(url.pathname, url.search)
}

describe('the address of a screen', () => {
  it('says nothing of what is as at first', () => {
    expect(writePlace({ ...emptyPlace(), district: '990101' })).toBe('/overview/990101')
    expect(writePlace(emptyPlace())).toBe('/overview')
    expect(writePlace({ ...emptyPlace(), page: 'plan', district: '990101' })).toBe('/plan/990101')
  })
  it('gives back every screen it was written for', () => {
    const places: Partial<Place>[] = [
      { camera: { lon: 113.12345, lat: -22.54321, zoom: 14.25 } },
      { area: '990101001', figure: 'events_per_100_households', table: true, lang: 'en' },
      { shown: ['grids', 'heat'], opacity: { grids: 40, heat: 100 } },
      { shown: [] },
      { selection: { type: 'grid', id: '990101001001012' } },
      { selection: { type: 'grid', id: 'a&b=c d:1#2' }, area: '长河街道' },
      { eventClass: '0105', partClass: '01 02', period: 'week' },
      { period: ['2025-02-01', '2025-02-28'] },
      { period: 'all', lang: 'zh-CN' },
      { date: '2026-03-01', basis: 'then', network: 'police', level: 2 },
      { page: 'plan', plan: null },
      { page: 'plan', plan: 12, area: '990101001' },
    ]
    for (const part of places) {
      const place = { ...emptyPlace(), district: 'cambridge_ma', ...part }
      const again = read(writePlace(place))
      expect({ ...again, shown: [...again.shown].sort() }).toEqual({ ...place, shown: [...place.shown].sort() })
    }
  })
  it('takes a district of any name', () => {
    expect(read(writePlace({ ...emptyPlace(), district: '江 湾/1' })).district).toBe('江 湾/1')
  })
  it('falls back to the defaults where it cannot understand', () => {
    const bad = read('/overview/1?at=a,b,c&layers=ghost,grids&opacity=grids:x,heat:999&select=robot:1&period=2025-02-30~2025-01-01&lang=fr&date=soon&basis=never&level=x')
    expect(bad).toEqual({ ...emptyPlace(), district: '1', shown: ['grids'], opacity: { heat: 100 } })
    expect(read('/overview/1?at=200,10,5').camera).toBeNull()
    expect(read('/').district).toBeNull()
    expect(read('/nowhere/990101').district).toBeNull()
    expect(read('/plan/990101/draft').plan).toBeNull()
    expect(read('/overview/990101/7').plan).toBeNull()
  })
})
