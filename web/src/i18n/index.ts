/** How does a component speak the chosen language? */
import { computed, type ComputedRef } from 'vue'
import { useView } from '@/state/view'
import { messages, type Key, type Lang } from './messages'

export type Bilingual = { zh: string; en: string }

/** The words of a key with `{name}` places filled in. */
export function words(lang: Lang, key: Key, values: Record<string, string | number> = {}): string {
  return messages[lang][key].replace(/\{(\w+)\}/g, (place, name: string) => String(values[name] ?? place))
}

/** One side of a bilingual text; plain texts (names in the data) pass through. */
export function pick(lang: Lang, text: Bilingual | string | null | undefined): string {
  if (text === null || text === undefined) return ''
  if (typeof text === 'string') return text
  return lang === 'zh-CN' ? text.zh : text.en || text.zh
}

export function useI18n(): {
  lang: ComputedRef<Lang>
  t: (key: Key, values?: Record<string, string | number>) => string
  tt: (text: Bilingual | string | null | undefined) => string
} {
  const view = useView()
  return {
    lang: computed(() => view.lang),
    t: (key, values) => words(view.lang, key, values),
    tt: (text) => pick(view.lang, text),
  }
}
