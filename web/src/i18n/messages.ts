/** Which words stand on the screen, in which languages? */
import { en } from './en'
import { zh } from './zh'

export type Lang = 'zh-CN' | 'en'
export type Key = keyof typeof zh

export const messages: Record<Lang, Record<Key, string>> = { 'zh-CN': zh, en }
export const LANGS: Lang[] = ['zh-CN', 'en']
