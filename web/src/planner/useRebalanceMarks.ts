/** What does rebalancing draw on the draft: what is locked, what is out of scope, what moves and where to? */
import type { Feature, FeatureCollection } from 'geojson'
import { computed, type ComputedRef } from 'vue'
import { useDraft, type Sheet } from './draft'
import { useProposals } from './proposals'
import { useRebalancing } from './rebalancing'

const NONE: number[] = []

export interface RebalanceMarks {
  /** Cells, by index. */
  locked: ComputedRef<number[]>
  outside: ComputedRef<number[]>
  moving: ComputedRef<number[]>
  /** Lines between cells over which nothing goes. */
  barred: ComputedRef<number[]>
  flows: ComputedRef<FeatureCollection>
  locks: ComputedRef<FeatureCollection>
}

export function useRebalanceMarks(sheet: () => Sheet): RebalanceMarks {
  const draft = useDraft()
  const asked = useRebalancing()
  const proposals = useProposals()
  const each = (): number[] => [...sheet().columns.cells.cell_id.keys()]
  const places = computed(() => new Map(sheet().columns.cells.cell_id.map((id, i) => [id, i])))
  const gather = (features: Feature[]): FeatureCollection => ({ type: 'FeatureCollection', features })
  /** While an answer is shown, grids are what they would be: signs of the draft stay where they were. */
  const now = computed<{ of: string[]; at: Map<string, [number, number]> }>((before) => {
    const { grids, previewing } = draft
    if (previewing && before) return before
    const at = [...grids.values()].flatMap((g) => (g.at ? [[g.key, g.at] as [string, [number, number]]] : []))
    return { of: each().map(asked.keyOf), at: new Map(at) }
  })

  const locked = computed(() => {
    if (!asked.active) return NONE
    const keys = new Set(asked.lockGrids)
    const cells = new Set(asked.lockCells.flat().flatMap((id) => places.value.get(id) ?? []))
    return each().filter((i) => cells.has(i) || keys.has(now.value.of[i]!))
  })
  const outside = computed(() => {
    const divided = proposals.grids.length ? new Set(proposals.grids) : null
    const open = asked.active ? asked.open : divided
    return open ? each().filter((i) => !open.has(now.value.of[i]!)) : NONE
  })
  const barred = computed(() => {
    if (!asked.active || !asked.lockBorders.length) return NONE
    const pairs = new Set(asked.lockBorders.flatMap(([a, b]) => [`${a} ${b}`, `${b} ${a}`]))
    const { a, b } = sheet().opening.sides
    return [...a.keys()].filter((arc) => b[arc]! >= 0 && pairs.has(`${now.value.of[a[arc]!]} ${now.value.of[b[arc]!]}`))
  })
  const moving = computed(() => asked.flows.flatMap((flow) => flow.cells))
  const flows = computed(() => gather(asked.flows.flatMap(({ start, end, households }) => {
    if (!end) return []
    const east = (end[0] - start[0]) * Math.cos((start[1] * Math.PI) / 180)
    const turn = (Math.atan2(east, end[1] - start[1]) * 180) / Math.PI
    // The arrow ends before the name of the grid.
    const tip = start.map((v, i) => v + 0.72 * (end[i]! - v))
    return [
      { type: 'Feature' as const, properties: { households }, geometry: { type: 'LineString' as const, coordinates: [start, tip] } },
      { type: 'Feature' as const, properties: { turn }, geometry: { type: 'Point' as const, coordinates: tip } },
    ]
  })))
  const locks = computed(() => gather(!asked.active ? [] : asked.lockGrids.flatMap((key) => {
    const at = now.value.at.get(key)
    return at ? [{ type: 'Feature' as const, properties: {}, geometry: { type: 'Point' as const, coordinates: at } }] : []
  })))
  return { locked, outside, moving, barred, flows, locks }
}
