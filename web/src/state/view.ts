/** What is looked at, and how? One store; the address bar is its copy (see address.ts). */
import { defineStore } from 'pinia'
import { computed, ref, watch } from 'vue'
import { speak } from '@/api/client'
import type { Theme } from '@/map/palette'
import type { Lang } from '@/i18n/messages'
import { OPACITY_AT_FIRST, SHOWN_AT_FIRST, type LayerKey } from '@/lib/layers'
import { emptyPlace, type Basis, type Camera, type Page, type Period, type Place, type Selection } from '@/lib/url'
import { recall, remember } from '@/lib/memory'

export type ThemeChoice = 'system' | Theme
export type Tool = 'where' | 'length' | 'area'
/** Query of every question: moment, network and level, where they are not now and the first. */
export interface Asked {
  at?: string
  network?: string
  level?: number
}
/** A wish to move the map: to a box or to a point, at least this near. */
export type Flight = { bbox: [number, number, number, number]; maxZoom?: number } | { center: [number, number]; minZoom: number }

function firstLang(): Lang {
  const kept = recall('lang')
  if (kept === 'zh-CN' || kept === 'en') return kept
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en'
}

function firstTheme(): ThemeChoice {
  const kept = recall('theme')
  return kept === 'light' || kept === 'dark' ? kept : 'system'
}

export const useView = defineStore('view', () => {
  const page = ref<Page>('overview')
  const plan = ref<number | null>(null)
  const district = ref<string | null>(null)
  const camera = ref<Camera | null>(null)
  const area = ref<string | null>(null)
  const figure = ref('deviation')
  const basis = ref<Basis>('as_of')
  const date = ref<string | null>(null)
  const network = ref<string | null>(null)
  const level = ref<number | null>(null)
  const shown = ref<LayerKey[]>([...SHOWN_AT_FIRST])
  const opacity = ref<Partial<Record<LayerKey, number>>>({})
  const selection = ref<Selection | null>(null)
  const eventClass = ref<string | null>(null)
  const partClass = ref<string | null>(null)
  const period = ref<Period>('year')
  const table = ref(false)
  const lang = ref<Lang>(firstLang())
  const themeChoice = ref<ThemeChoice>(firstTheme())

  // Not in the address: what the hand is doing just now.
  const hovered = ref<number | null>(null)
  const tool = ref<Tool | null>(null)
  const flight = ref<Flight | null>(null)
  const inspector = ref(recall('inspector') !== 'closed')

  const dark = matchMedia('(prefers-color-scheme: dark)')
  const systemDark = ref(dark.matches)
  dark.addEventListener('change', (e) => (systemDark.value = e.matches))
  const theme = computed<Theme>(() =>
    themeChoice.value === 'system' ? (systemDark.value ? 'dark' : 'light') : themeChoice.value,
  )

  watch(lang, (value) => remember('lang', value))
  watch(lang, speak, { immediate: true })
  watch(themeChoice, (value) => remember('theme', value))
  watch(inspector, (open) => remember('inspector', open ? 'open' : 'closed'))

  const isShown = (layer: LayerKey): boolean => shown.value.includes(layer)
  const opacityOf = (layer: LayerKey): number => opacity.value[layer] ?? OPACITY_AT_FIRST[layer]

  function show(layer: LayerKey, on: boolean): void {
    shown.value = on ? [...new Set([...shown.value, layer])] : shown.value.filter((l) => l !== layer)
  }

  function select(next: Selection | null): void {
    selection.value = next
    if (next) {
      inspector.value = true
      tool.value = null
    }
  }

  /** Goes to a page of the rail, where the place on the map stays, or to a plan, which has its own. */
  function turn(to: Page, number: number | null = null): void {
    page.value = to
    plan.value = number
    if (number !== null) camera.value = null
    tool.value = null
    hovered.value = null
  }

  /** The moment and the network that everything is asked for. Plans are made for what is in force now. */
  const asked = computed<Asked>(() => ({
    ...(date.value && page.value !== 'plan' ? { at: date.value } : {}),
    ...(network.value ? { network: network.value } : {}),
    ...(level.value === null ? {} : { level: level.value }),
  }))

  /** Goes to a district as if it had just been opened. */
  function open(code: string): void {
    const start = emptyPlace()
    if (code === district.value) return
    district.value = code
    plan.value = start.plan
    camera.value = start.camera
    area.value = start.area
    date.value = start.date
    network.value = start.network
    level.value = start.level
    selection.value = null
    eventClass.value = null
    partClass.value = null
    period.value = start.period
    tool.value = null
    hovered.value = null
  }

  const place = computed<Place>(() => ({
    page: page.value, plan: plan.value, district: district.value, camera: camera.value, area: area.value, figure: figure.value,
    basis: basis.value, date: date.value, network: network.value, level: level.value, shown: shown.value,
    opacity: opacity.value, selection: selection.value, eventClass: eventClass.value, partClass: partClass.value,
    period: period.value, table: table.value, lang: lang.value,
  }))

  function enter(next: Place): void {
    page.value = next.page
    plan.value = next.plan
    district.value = next.district
    camera.value = next.camera
    area.value = next.area
    figure.value = next.figure
    basis.value = next.basis
    date.value = next.date
    network.value = next.network
    level.value = next.level
    shown.value = next.shown
    opacity.value = next.opacity
    selection.value = next.selection
    eventClass.value = next.eventClass
    partClass.value = next.partClass
    period.value = next.period
    table.value = next.table
    if (next.lang) lang.value = next.lang
  }

  return {
    page, plan, district, camera, area, figure, basis, date, network, level, asked, shown, opacity, selection, eventClass, partClass, period, table, lang, themeChoice,
    theme, hovered, tool, flight, inspector, isShown, opacityOf, show, select, turn, open, place, enter,
  }
})
