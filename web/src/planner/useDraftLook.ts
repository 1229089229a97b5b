/** What are the grids of the draft called, how heavy are they, and in which colours are they drawn? */
import { computed, watch, type ComputedRef } from 'vue'
import { answer, client } from '@/api/client'
import type { FigureClass, FigureValues } from '@/api/types'
import type { GridState } from '@/editor/editor'
import { classOf, deviationOf } from '@/editor/deviation'
import { useI18n } from '@/i18n'
import { quantity } from '@/lib/numbers'
import { loadable } from '@/state/loadable'
import { useAtlas } from '@/state/atlas'
import { useView } from '@/state/view'
import { useDraft } from './draft'
import { defineStore } from 'pinia'

/** The fixed classes of deviation with their colours, as on the overview. */
export const useDeviation = defineStore('deviation', () => {
  const view = useView()
  const values = loadable<FigureValues>()
  watch(() => view.district, (d) => {
    values.clear()
    if (!d) return
    const path = { d, key: 'deviation' }
    void values.load((signal) => answer<FigureValues>(client.GET('/api/districts/{d}/figures/{key}', { params: { path }, signal })))
  }, { immediate: true })
  const classes = computed<FigureClass[]>(() => values.data.value?.classes ?? [])
  const colours = computed(() => classes.value.map((c) => values.data.value!.colours[view.theme][c.colour_index] ?? '#888888'))
  return { classes, colours, error: values.error, retry: values.retry }
})

export function useGrids(): {
  name: (grid: number) => string
  short: (grid: number) => string
  /** Of a grid that holds so many households; of a new one where the selection is, for -1. */
  deviation: (households: number, grid: number) => number
  classOf: (state: GridState) => number
  colourOf: (households: number, grid: number) => string | undefined
  /** Households a grid, by community. */
  targets: ComputedRef<number[]>
  words: ComputedRef<(state: GridState) => { name: string; load: string }>
} {
  const atlas = useAtlas()
  const draft = useDraft()
  const deviations = useDeviation()
  const { lang, t } = useI18n()
  const fresh = (key: string): string | null => /^new-(\d+)$/.exec(key)?.[1] ?? null
  const keyOf = (grid: number): string => draft.grids.get(grid)?.key ?? ''
  /** What grids of a community are to hold: what they were divided for in this draft, else what the network says. */
  const targets = computed(() => draft.sheet.data?.columns.communities.map((c) => draft.aims?.[c.code] ?? draft.detail?.targets[c.code] ?? draft.detail?.target ?? 0) ?? [])
  const targetOf = (grid: number): number =>
    targets.value[(grid < 0 ? draft.options?.communities[0] : draft.grids.get(grid)?.community) ?? 0] ?? draft.detail?.target ?? 0

  function name(grid: number): string {
    const key = keyOf(grid)
    const number = fresh(key)
    if (number) return t('newGridN', { n: number })
    const row = atlas.rowByCode.get(key)
    return row ? atlas.gridName(row) : key
  }

  function short(grid: number): string {
    const key = keyOf(grid)
    const number = fresh(key)
    return number ? t('newGridShort', { n: number }) : (atlas.rowByCode.get(key)?.serial ?? key.slice(-3))
  }

  const label = computed(() => (draft.unit.zh === '户' ? (lang.value === 'zh-CN' ? ' 户' : ' hh') : ''))
  const deviation = (households: number, grid: number): number => deviationOf(households, targetOf(grid))
  const classIndex = (households: number, grid: number): number => classOf(deviation(households, grid), deviations.classes)
  return {
    name, short, deviation, targets,
    classOf: (state) => classIndex(state.households, state.grid),
    colourOf: (households, grid) => deviations.colours[classIndex(households, grid)],
    words: computed(() => (state: GridState) => ({
      name: short(state.grid), load: `${quantity(state.households, lang.value)}${label.value}`,
    })),
  }
}
