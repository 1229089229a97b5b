import { describe, expect, it } from 'vitest'
import { messages } from '@/i18n/messages'
import { pick, words } from '@/i18n'

describe('the words on the screen', () => {
  it('are the same in number and places in both languages', () => {
    const places = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).sort()
    for (const [key, zh] of Object.entries(messages['zh-CN'])) {
      const en = messages.en[key as keyof typeof messages.en]
      expect(en, key).toBeTruthy()
      expect(places(en), key).toEqual(places(zh))
    }
  })
  it('fill their places and choose a side', () => {
    expect(words('zh-CN', 'hits', { n: 3 })).toBe('3 个结果')
    expect(pick('en', { zh: '户', en: 'households' })).toBe('households')
    expect(pick('en', '长河街道')).toBe('长河街道')
    expect(pick('zh-CN', null)).toBe('')
  })
})
