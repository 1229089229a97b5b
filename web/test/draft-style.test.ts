import { validateStyleMin } from '@maplibre/maplibre-gl-style-spec'
import { describe, expect, it } from 'vitest'
import { LAYERS } from '@/lib/layers'
import type { Theme } from '@/map/palette'
import type { MapView } from '@/map/style'
import { labelPoints } from '@/planner/painting'
import { buildDraftStyle, type DraftLook } from '@/planner/style-draft'
import { howOf, isWriting } from '@/planner/tools'
import { town } from './editor/town'

const view = (theme: Theme): MapView => ({
  district: '990101', bbox: [113, 23, 113.1, 23.1], versions: { base: 3, divisions: 4, grids: 5 }, asked: {}, theme, lang: 'zh-CN', attribution: 'A',
  shown: [...LAYERS], opacity: Object.fromEntries(LAYERS.map((l) => [l, 1])) as MapView['opacity'], classes: ['#111111'], zero: '#ffffff',
  hatch: '#999999', tints: ['#f4e5c5'], heatRamp: ['#f4eaac', '#720022'], noData: [7], estimated: [8], selectedGrid: 9, selectedBuilding: null, selectedStreet: null, homes: 0,
  area: null, eventClass: null, partClass: null, period: null, heat: null,
})
const { geojson } = town(['AB'])
const empty = { type: 'FeatureCollection' as const, features: [] }
const look: DraftLook = {
  cells: geojson, arcs: empty, labels: empty, flows: empty, locks: empty, classes: ['#112233', '#445566'], noData: '#ffffff', bad: '#b42318', moved: '#c2410c',
  covered: ['990101001001001'], opacity: 0.78,
}

describe('the style of a draft', () => {
  it('is valid in both themes, before the classes have come and after', () => {
    for (const theme of ['light', 'dark'] as Theme[])
      for (const classes of [[], look.classes]) expect(validateStyleMin(buildDraftStyle(view(theme), { ...look, classes }, 'http://127.0.0.1:1'))).toEqual([])
  })
  it('draws the grids in force only where the draft does not stand in for them', () => {
    const { layers } = buildDraftStyle(view('light'), look, '')
    const inForce = layers.filter((l) => 'source' in l && l.source === 'grids')
    expect(inForce.length).toBeGreaterThan(2)
    for (const layer of inForce) expect(JSON.stringify('filter' in layer && layer.filter)).toContain('990101001001001')
    const ids = layers.map((l) => l.id)
    expect(ids.indexOf('draft-fill')).toBeLessThan(ids.indexOf('building'))
    expect(ids.indexOf('draft-veil')).toBeGreaterThan(ids.indexOf('building'))
    expect(ids.indexOf('draft-selected')).toBeGreaterThan(ids.indexOf('draft-veil'))
    expect(ids.at(-1)).toBe('draft-label')
  })
})

describe('labels', () => {
  it('stand in grids that have cells', () => {
    const state = { key: 'A', community: 0, households: 7, people: 9, area: 1, cells: 1, before: 7, same: true, parts: 1, apart: new Int32Array() }
    const { features } = labelPoints([{ ...state, grid: 3, at: [113, 23] }, { ...state, grid: 4, at: null }], (s) => ({ name: s.key, load: `${s.households}` }))
    expect(features.map((f) => [f.id, f.properties])).toEqual([[3, { name: 'A', load: '7' }]])
  })
})

describe('the hand', () => {
  it('adds with Shift and removes with Alt', () => {
    expect([[false, false], [true, false], [false, true], [true, true]].map(([shiftKey, altKey]) => howOf({ shiftKey: shiftKey!, altKey: altKey! })))
      .toEqual(['only', 'add', 'remove', 'remove'])
  })
  it('leaves keys to the field that is written in', () => {
    document.body.innerHTML = '<label><input id="a"></label><button id="b"></button>'
    expect([isWriting(document.getElementById('a')), isWriting(document.getElementById('b')), isWriting(null)]).toEqual([true, false, false])
  })
})
