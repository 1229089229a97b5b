/** Which view does the map draw? Put together from the stores, in one place. */
import { computed, type ComputedRef } from 'vue'
import type { FeatureCollection } from 'geojson'
import { pick } from '@/i18n'
import { LAYERS, type LayerKey } from '@/lib/layers'
import { NO_FIGURE } from '@/lib/url'
import { useAtlas } from '@/state/atlas'
import { useStreets } from '@/state/streets'
import { useView } from '@/state/view'
import type { MapView } from './style'

export function useMapStyle(): ComputedRef<MapView | null> {
  const view = useView()
  const atlas = useAtlas()
  const streets = useStreets()
  const figure = computed(() => {
    const data = atlas.values.data
    return data ? data.classes.map((c) => data.colours[view.theme][c.colour_index] ?? '#888888') : []
  })
  const noData = computed(() =>
    Object.entries(atlas.values.data?.values ?? {}).filter(([, v]) => v === null).map(([id]) => Number(id)),
  )
  const estimated = computed(() => atlas.rows.filter((r) => r.estimated_households > 0).map((r) => r.id))

  return computed(() => {
    const district = atlas.district
    const style = atlas.style.data
    if (!district || !style) return null
    const picked = view.selection
    return {
      district: district.code,
      bbox: district.bbox,
      versions: district.layers,
      asked: Object.fromEntries(Object.entries(district.asked).map(([name, value]) => [name, String(value)])),
      theme: view.theme,
      lang: view.lang,
      attribution: pick(view.lang, district.attribution),
      shown: view.shown,
      opacity: Object.fromEntries(LAYERS.map((l) => [l, view.opacityOf(l) / 100])) as Record<LayerKey, number>,
      classes: view.figure === NO_FIGURE ? null : figure.value,
      zero: style.zero[view.theme],
      hatch: style.no_data[view.theme],
      tints: style.tints[view.theme],
      heatRamp: style.heat[view.theme],
      noData: noData.value,
      estimated: estimated.value,
      selectedGrid: picked?.type === 'grid' ? (atlas.rowByCode.get(picked.id)?.id ?? null) : null,
      selectedBuilding: picked?.type === 'building' ? Number(picked.id) : null,
      selectedStreet: streets.chosen === null ? null : (streets.card?.id ?? streets.chosen),
      homes: streets.changes,
      area: atlas.area ? { id: atlas.area.id, level: atlas.area.level } : null,
      eventClass: view.eventClass,
      partClass: view.partClass,
      period: atlas.period,
      heat: view.isShown('heat') ? (atlas.heat.data as FeatureCollection | null) : null,
    }
  })
}
