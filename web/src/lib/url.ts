/** Which address is this screen, and which screen is this address? Reload, back and a sent link give the same one. */
import { LANGS, type Lang } from '@/i18n/messages'
import { PRESETS, type Preset } from './dates'
import { LAYERS, OPACITY_AT_FIRST, SHOWN_AT_FIRST, type LayerKey } from './layers'

export interface Camera {
  lon: number
  lat: number
  zoom: number
}

export const SELECTABLE = ['grid', 'building', 'part', 'event', 'street'] as const
export type Selectable = (typeof SELECTABLE)[number]

export interface Selection {
  type: Selectable
  /** Code of a grid, number of anything else. */
  id: string
}

/** The pages of the rail that work, by the first word of their address. */
export const PAGES = ['plan', 'overview'] as const
export type Page = (typeof PAGES)[number]

/** On what a figure that counts events rests: all regrouped into the grids shown, or each in the grid of its own time. */
export const BASES = ['as_of', 'then'] as const
export type Basis = (typeof BASES)[number]

export type Period = Preset | 'all' | [string, string]

/** What an address says. Everything but the language and the district has a default that is left out. */
export interface Place {
  page: Page
  /** Number of the plan that is open, on the page of plans. */
  plan: number | null
  district: string | null
  camera: Camera | null
  /** Code of the division drilled into, null for the whole district. */
  area: string | null
  figure: string
  basis: Basis
  /** The local day looked at; null is now. */
  date: string | null
  /** Network and level of the grids; null is the first. */
  network: string | null
  level: number | null
  shown: LayerKey[]
  opacity: Partial<Record<LayerKey, number>>
  selection: Selection | null
  eventClass: string | null
  partClass: string | null
  period: Period
  table: boolean
  lang: Lang | null
}

export const NO_FIGURE = 'none'

export function emptyPlace(): Place {
  return {
    page: 'overview', plan: null, district: null, camera: null, area: null, figure: 'deviation', basis: 'as_of', date: null, network: null, level: null,
    shown: [...SHOWN_AT_FIRST], opacity: {},
    selection: null, eventClass: null, partClass: null, period: 'year', table: false, lang: null,
  }
}

const sameSet = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((x) => b.includes(x))

/** Readable query: only what could break an address is escaped, so Chinese stays Chinese and commas stay commas. */
const encode = (value: string): string => value.replace(/[%&=+#?\s"<>]/g, encodeURIComponent)

export function writePlace(place: Place): string {
  const start = emptyPlace()
  const query: [string, string][] = []
  if (place.camera) {
    const { lon, lat, zoom } = place.camera
    query.push(['at', `${lon.toFixed(5)},${lat.toFixed(5)},${zoom.toFixed(2)}`])
  }
  if (place.area) query.push(['area', place.area])
  if (place.figure !== start.figure) query.push(['figure', place.figure])
  if (place.basis !== start.basis) query.push(['basis', place.basis])
  if (place.date) query.push(['date', place.date])
  if (place.network) query.push(['network', place.network])
  if (place.level !== null) query.push(['level', String(place.level)])
  if (!sameSet(place.shown, SHOWN_AT_FIRST)) query.push(['layers', LAYERS.filter((l) => place.shown.includes(l)).join(',')])
  const faded = LAYERS.filter((l) => (place.opacity[l] ?? OPACITY_AT_FIRST[l]) !== OPACITY_AT_FIRST[l])
  if (faded.length) query.push(['opacity', faded.map((l) => `${l}:${place.opacity[l]}`).join(',')])
  if (place.selection) query.push(['select', `${place.selection.type}:${place.selection.id}`])
  if (place.eventClass !== null) query.push(['event', place.eventClass])
  if (place.partClass !== null) query.push(['part', place.partClass])
  if (Array.isArray(place.period)) query.push(['period', place.period.join('~')])
  else if (place.period !== start.period) query.push(['period', place.period])
  if (place.table) query.push(['table', '1'])
  if (place.lang) query.push(['lang', place.lang])
  const path = ['', place.page, ...(place.district ? [encodeURIComponent(place.district), ...(place.plan ? [place.plan] : [])] : [])].join('/')
  return path + (query.length ? '?' + query.map(([k, v]) => `${k}=${encode(v)}`).join('&') : '')
}

function readCamera(text: string | null): Camera | null {
  const [lon, lat, zoom] = (text ?? '').split(',').map(Number)
  const good = [lon, lat, zoom].every((n) => n !== undefined && Number.isFinite(n))
  return good && Math.abs(lat!) <= 85 && Math.abs(lon!) <= 180 ? { lon: lon!, lat: lat!, zoom: Math.min(22, Math.max(0, zoom!)) } : null
}

const isDay = (text: string): boolean => /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text))

function readPeriod(text: string | null): Period {
  if (text === 'all' || (text !== null && text in PRESETS)) return text as Preset | 'all'
  const days = (text ?? '').split('~')
  const good = days.length === 2 && days.every(isDay)
  return good && days[0]! <= days[1]! ? [days[0]!, days[1]!] : 'year'
}

function readSelection(text: string | null): Selection | null {
  const cut = (text ?? '').indexOf(':')
  if (cut < 1) return null
  const [type, id] = [text!.slice(0, cut), text!.slice(cut + 1)]
  return id && (SELECTABLE as readonly string[]).includes(type) ? { type: type as Selectable, id } : null
}

/** Reads an address; whatever it cannot understand falls back to its default. */
export function readPlace(path: string, search: string): Place {
  const place = emptyPlace()
  const query = new URLSearchParams(search)
  const isLayer = (l: string): l is LayerKey => (LAYERS as readonly string[]).includes(l)
  const [, page, district, plan] = path.split('/')
  place.page = PAGES.find((p) => p === page) ?? place.page
  if (district && place.page === page) place.district = decodeURIComponent(district)
  if (place.page === 'plan' && place.district && /^[1-9]\d{0,14}$/.test(plan ?? '')) place.plan = Number(plan)
  place.camera = readCamera(query.get('at'))
  place.area = query.get('area') || null
  place.figure = query.get('figure') || place.figure
  place.basis = BASES.find((b) => b === query.get('basis')) ?? place.basis
  place.date = isDay(query.get('date') ?? '') ? query.get('date') : null
  place.network = query.get('network') || null
  if (/^\d$/.test(query.get('level') ?? '')) place.level = Number(query.get('level'))
  const layers = query.get('layers')
  if (layers !== null) place.shown = layers.split(',').filter(isLayer)
  for (const pair of (query.get('opacity') ?? '').split(',')) {
    const [layer, value] = pair.split(':')
    if (layer && isLayer(layer) && /^\d{1,3}$/.test(value ?? '')) place.opacity[layer] = Math.min(100, Number(value))
  }
  place.selection = readSelection(query.get('select'))
  place.eventClass = query.get('event')
  place.partClass = query.get('part')
  place.period = readPeriod(query.get('period'))
  place.table = query.get('table') === '1'
  const lang = query.get('lang')
  place.lang = LANGS.find((l) => l === lang) ?? null
  return place
}
