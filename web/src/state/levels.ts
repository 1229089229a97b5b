/** Which levels of networks are there to choose from, and which one is looked at? */
import { computed } from 'vue'
import { useI18n } from '@/i18n'
import { useAtlas } from './atlas'
import { useView } from './view'

export function useLevels() {
  const view = useView()
  const atlas = useAtlas()
  const { t, tt } = useI18n()
  const choices = computed(() =>
    (atlas.networks.data ?? []).flatMap((network) =>
      network.levels.map((l, i) => ({
        key: `${network.code}/${l.level}`,
        name: atlas.nameOf(network) + (network.levels.length > 1 ? ` · ${t('levelN', { n: l.level })}` : ''),
        kind: tt(l.kind_name),
        network: network.code,
        level: l.level,
        division: l.division_level,
        first: i === 0,
      })),
    ),
  )
  const first = computed(() => choices.value.find((c) => c.network === 'community') ?? choices.value[0])
  const current = computed(() => {
    const network = view.network ?? first.value?.network
    return choices.value.find((c) => c.network === network && (view.level === null ? c.first : c.level === view.level))
  })

  function choose(choice: (typeof choices.value)[number]): void {
    view.network = choice.network === first.value?.network ? null : choice.network
    view.level = choice.first ? null : choice.level
    view.select(null)
  }

  return { choices, current, choose }
}
