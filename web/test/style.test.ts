import { validateStyleMin } from '@maplibre/maplibre-gl-style-spec'
import { describe, expect, it } from 'vitest'
import { LAYERS, OPACITY_AT_FIRST } from '@/lib/layers'
import { BASE, type Theme } from '@/map/palette'
import { buildStyle, type MapView } from '@/map/style'

const view = (more: Partial<MapView> = {}): MapView => ({
  district: '990101', bbox: [113, 23, 113.1, 23.1], versions: { base: 3, divisions: 4, grids: 5 }, asked: {}, theme: 'light', lang: 'zh-CN',
  attribution: 'A & <b>', shown: [...LAYERS], opacity: Object.fromEntries(LAYERS.map((l) => [l, OPACITY_AT_FIRST[l] / 100])) as MapView['opacity'],
  classes: ['#111111', '#222222', '#333333'], zero: '#ffffff', hatch: '#999999', tints: ['#f4e5c5', '#d2efd7'], heatRamp: ['#f4eaac', '#f98813', '#720022'], noData: [7], estimated: [8], selectedGrid: 9, selectedBuilding: 10, selectedStreet: 11, homes: 0,
  area: { id: 2, level: 'community' }, eventClass: '0105', partClass: null, period: ['2025-01-01', '2025-12-31'], heat: null, ...more,
})

const luminance = (hex: string): number => {
  const [r, g, b] = [1, 3, 5].map((i) => {
    const v = Number.parseInt(hex.slice(i, i + 2), 16) / 255
    return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4
  }) as [number, number, number]
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}
const contrast = (a: string, b: string): number => {
  const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p) as [number, number]
  return (x + 0.05) / (y + 0.05)
}

describe('the style of the map', () => {
  it('is valid in both themes and languages, with and without a figure', () => {
    for (const theme of ['light', 'dark'] as Theme[])
      for (const lang of ['zh-CN', 'en'] as const)
        for (const classes of [null, [], ['#123456']]) expect(validateStyleMin(buildStyle(view({ theme, lang, classes }), 'http://127.0.0.1:1'))).toEqual([])
  })
  it('asks nobody else for anything: no glyphs, no sprite, tiles from its own origin', () => {
    const style = buildStyle(view(), 'http://127.0.0.1:1')
    expect(style.glyphs).toBeUndefined()
    expect(style.sprite).toBeUndefined()
    const urls = Object.values(style.sources).flatMap((s) => ('tiles' in s ? (s.tiles ?? []) : []))
    expect(urls).toHaveLength(6)
    for (const url of urls) expect(url).toMatch(/^http:\/\/127\.0\.0\.1:1\/tiles\/990101\//)
    expect(urls).toContain('http://127.0.0.1:1/tiles/990101/grids/5/{z}/{x}/{y}.mvt')
    expect(urls.find((u) => u.includes('events'))).toContain('class=0105&from=2025-01-01&to=2025-12-31')
  })
  it('asks for every tile at the moment and in the network looked at', () => {
    const sources = Object.values(buildStyle(view({ asked: { at: '2026-03-01', network: 'police' } }), '').sources)
    for (const s of sources) if ('tiles' in s) expect(s.tiles![0]).toMatch(/[?&]at=2026-03-01&network=police/)
  })
  it('draws only what is shown', () => {
    const bare = buildStyle(view({ shown: [], selectedGrid: null, selectedBuilding: null, selectedStreet: null, homes: 0, area: null }), '')
    expect(bare.layers.map((l) => l.id)).toEqual(['land'])
    const ids = buildStyle(view(), '').layers.map((l) => l.id)
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids.indexOf('grid-fill')).toBeLessThan(ids.indexOf('street'))
    expect(ids.indexOf('selected-grid')).toBeGreaterThan(ids.indexOf('grid-line'))
  })
  it('hatches grids without data only where there are some', () => {
    expect(buildStyle(view({ noData: [] }), '').layers.some((l) => l.id === 'grid-no-data')).toBe(false)
    expect(buildStyle(view(), '').layers.some((l) => l.id === 'grid-no-data')).toBe(true)
  })
  it('keeps its labels readable', () => {
    for (const theme of ['light', 'dark'] as Theme[]) {
      const c = BASE[theme]
      expect(contrast(c.text, c.halo)).toBeGreaterThan(7)
      expect(contrast(c.textQuiet, c.halo)).toBeGreaterThan(4.5)
      expect(contrast(c.accent, c.land)).toBeGreaterThan(4.5)
    }
  })
})
