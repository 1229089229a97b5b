/** What are the grids of the draft called, how heavy are they, and in which colours are they drawn? */
import { computed, watch, type ComputedRef } from 'vue'
import { answer, client } from '@/api/client'
import type { FigureClass, FigureValues } from '@/api/types'
import type { GridState } from '@/editor/editor'
import { classOf, deviationOf } from '@/editor/deviation'
import { useI18n } from '@/i18n'
import { count } from '@/lib/numbers'
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
  deviation: (households: number) => number
  classOf: (state: Pick<GridState, 'households' | 'cells'>) => number
  colourOf: (households: number) => string | undefined
  words: ComputedRef<(state: GridState) => { name: string; load: string }>
} {
  const atlas = useAtlas()
  const draft = useDraft()
  const deviations = useDeviation()
  const { lang, t } = useI18n()
  const fresh = (key: string): string | null => /^new-(\d+)$/.exec(key)?.[1] ?? null
  const keyOf = (grid: number): string => draft.grids.get(grid)?.key ?? ''
  const target = computed(() => draft.detail?.target ?? 0)

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

  const deviation = (households: number): number => deviationOf(households, target.value)
  const classIndex = (households: number): number => classOf(deviation(households), deviations.classes)
  return {
    name, short, deviation,
    classOf: (state) => classIndex(state.households),
    colourOf: (households) => deviations.colours[classIndex(households)],
    words: computed(() => (state: GridState) => ({
      name: short(state.grid), load: `${count(state.households, lang.value)}${lang.value === 'zh-CN' ? ' 户' : ' hh'}`,
    })),
  }
}
