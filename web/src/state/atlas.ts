/** Which data of the district are here? Loaded once a district, and again when the connection returns. */
import { defineStore } from 'pinia'
import { computed, watch } from 'vue'
import { answer, client } from '@/api/client'
import type { DistrictDetail, DistrictItem, Division, Figure, FigureValues, GridRow, HeatMap, Network, Style, VersionItem } from '@/api/types'
import { presetDays } from '@/lib/dates'
import { NO_FIGURE } from '@/lib/url'
import { useConnection } from './connection'
import { loadable } from './loadable'
import { useView, type Asked } from './view'

/** A district with the question it answers: its tiles are asked for in the same way. */
type Answered = DistrictDetail & { asked: Asked }

export const useAtlas = defineStore('atlas', () => {
  const view = useView()
  const connection = useConnection()
  const districts = loadable<DistrictItem[]>()
  const detail = loadable<Answered>()
  const grids = loadable<GridRow[]>()
  const figures = loadable<Figure[]>()
  const style = loadable<Style>()
  const values = loadable<FigureValues>()
  const heat = loadable<HeatMap>()
  const networks = loadable<Network[]>()
  const versions = loadable<VersionItem[]>()

  const district = computed<Answered | null>(() => (detail.data.value?.code === view.district ? detail.data.value : null))
  const divisions = computed(() => district.value?.divisions ?? [])
  const divisionById = computed(() => new Map(divisions.value.map((d) => [d.id, d])))
  const timeZone = computed(() => district.value?.time_zone ?? 'UTC')
  const nameOf = (d: { name: string; name_en?: string | null }): string => (view.lang === 'en' ? d.name_en || d.name : d.name)
  /** The grids in force, their communities named in the language of the screen. */
  const rows = computed<GridRow[]>(() => (grids.data.value ?? []).map((row) => {
    const community = divisionById.value.get(row.division_id)
    return community ? { ...row, community_name: nameOf(community) } : row
  }))
  const rowById = computed(() => new Map(rows.value.map((r) => [r.id, r])))
  const rowByCode = computed(() => new Map(rows.value.map((r) => [r.code, r])))
  const area = computed(() => divisions.value.find((d) => d.code === view.area && d.level !== 'district') ?? null)
  /** What the data of this district tell at all: what nobody counted is left out, not shown as 0. */
  const told = computed(() => ({
    people: (district.value?.counts.people ?? 0) > 0,
    parts: (district.value?.counts.parts ?? 0) > 0,
    events_year: district.value?.event_period != null,
    workers: (district.value?.counts.workers ?? 0) > 0,
  }))
  const figure = computed(() => figures.data.value?.find((f) => f.key === view.figure) ?? null)

  /** On what the figure rests: as wished, where it can be told so. */
  const basis = computed(() => (figure.value?.bases.includes(view.basis) ? view.basis : (figure.value?.basis ?? 'as_of')))
  /** Whether what is shown is still that of another moment or network. */
  const travelling = computed(() => [detail, grids].some((part) => part.state.value === 'loading' && part.data.value !== null))

  /** What a grid is called: its name in the data, in English its number. */
  function gridName(grid: { code: string; name: string }): string {
    const serial = rowByCode.value.get(grid.code)?.serial
    return view.lang === 'en' && serial ? `Grid ${serial}` : grid.name
  }

  /** The divisions above one, the highest first, itself last; without the district. */
  function lineOf(division: Division | null | undefined): Division[] {
    const line: Division[] = []
    for (let d = division; d && d.level !== 'district'; d = d.parent_id === null ? null : divisionById.value.get(d.parent_id)) {
      line.unshift(d)
    }
    return line
  }

  /** The divisions one drills into from here. */
  function childrenOf(division: Division | null): Division[] {
    const all = divisions.value
    if (division?.level === 'community') return []
    if (division) return all.filter((d) => d.parent_id === division.id)
    const subdistricts = all.filter((d) => d.level === 'subdistrict')
    return subdistricts.length ? subdistricts : all.filter((d) => d.level === 'community')
  }

  /** The rows of the grids in the area drilled into. */
  const areaRows = computed(() => {
    const here = area.value
    if (!here) return rows.value
    return rows.value.filter((r) => lineOf(divisionById.value.get(r.division_id)).some((d) => d.id === here.id))
  })

  /** First and last local day of the events looked at; null where all are. */
  const period = computed<[string, string] | null>(() => {
    const span = district.value?.event_period
    if (!span || view.period === 'all') return null
    return Array.isArray(view.period) ? view.period : presetDays(view.period, span[1], timeZone.value)
  })

  const start = (): void => {
    void districts.load((signal) => answer<DistrictItem[]>(client.GET('/api/districts', { signal })))
    void style.load((signal) => answer<Style>(client.GET('/api/style', { signal })))
    void figures.load((signal) => answer<Figure[]>(client.GET('/api/figures', { signal })))
  }

  function openDistrict(code: string | null): void {
    for (const part of [detail, grids, values, heat, networks, versions]) part.clear()
    if (!code) return
    const params = { path: { d: code } }
    void networks.load((signal) => answer<Network[]>(client.GET('/api/districts/{d}/networks', { params, signal })))
    look()
  }

  /** Asks for the district at the moment and in the network chosen; what is shown stays until the answer comes. */
  function look(): void {
    if (!view.district) return
    const asked = view.asked
    const params = { path: { d: view.district }, query: asked }
    void detail.load(async (signal) => ({ ...(await answer<DistrictDetail>(client.GET('/api/districts/{d}', { params, signal }))), asked }))
    void grids.load((signal) => answer<GridRow[]>(client.GET('/api/districts/{d}/grids', { params, signal })))
  }

  /** Asks for the publications of the network: the dates worth going to. */
  function loadVersions(): void {
    if (!view.district) return
    const params = { path: { d: view.district }, query: { ...view.asked, at: undefined } }
    void versions.load((signal) => answer<VersionItem[]>(client.GET('/api/districts/{d}/versions', { params, signal })))
  }

  /** Reads the district again: its grids were published anew. */
  async function reread(): Promise<void> {
    await Promise.all([detail.retry(), grids.retry(), values.retry()])
  }

  function loadFigure(): void {
    if (!view.district || view.figure === NO_FIGURE) return values.clear()
    const params = { path: { d: view.district, key: view.figure }, query: { ...view.asked, ...(figure.value && basis.value !== figure.value.basis ? { basis: basis.value } : {}) } }
    void values.load((signal) => answer<FigureValues>(client.GET('/api/districts/{d}/figures/{key}', { params, signal })))
  }

  function loadHeat(): void {
    if (!view.district || !district.value || !view.isShown('heat')) return
    const query = { ...view.asked, class: view.eventClass, from: period.value?.[0], to: period.value?.[1] }
    const params = { path: { d: view.district }, query }
    void heat.load((signal) => answer<HeatMap>(client.GET('/api/districts/{d}/heat', { params, signal })))
  }

  // The first district opens by itself where the address names none.
  watch(districts.data, (list) => {
    if (list?.length && !view.district) view.open(list[0]!.code)
  })
  watch(() => view.district, openDistrict, { immediate: true })
  watch(() => JSON.stringify(view.asked), look)
  watch(() => [view.district, view.figure, basis.value, JSON.stringify(view.asked)], loadFigure, { immediate: true })
  watch(() => [district.value?.code, JSON.stringify(view.asked), view.isShown('heat'), view.eventClass, period.value?.[0], period.value?.[1]], loadHeat, { immediate: true })
  watch(() => connection.returned, () => {
    for (const part of [districts, style, figures, detail, grids, values, heat, networks, versions]) if (part.state.value === 'failed') void part.retry()
  })

  return {
    districts, style, detail, grids, figures, values, heat, district, timeZone, nameOf, gridName, rows, rowById, rowByCode, divisions, divisionById,
    networks, versions, area, told, figure, basis, travelling, areaRows, period, lineOf, childrenOf, start, reread, loadVersions,
  }
})
