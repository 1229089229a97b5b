import { describe, expect, it } from 'vitest'
import { area, count, deviation, estimated, metres, percent, quantity } from '@/lib/numbers'

describe('numbers', () => {
  it('separates thousands, and reads 万 in Chinese above 99,999', () => {
    expect(count(99_999, 'zh-CN')).toBe('99,999')
    expect(count(100_000, 'zh-CN')).toBe('10 万')
    expect(count(123_456, 'zh-CN')).toBe('12.3 万')
    expect(count(123_456, 'en')).toBe('123,456')
    expect(count(0, 'en')).toBe('0')
  })
  it('shows nothing known as a dash, never as 0 or NaN', () => {
    for (const value of [null, undefined, Number.NaN, Number.POSITIVE_INFINITY]) expect(count(value, 'en')).toBe('—')
    expect(percent(null)).toBe('—')
  })
  it('never shows a raw float', () => {
    expect(quantity(3.14159, 'en')).toBe('3.1')
    expect(quantity(0.98765, 'en')).toBe('0.99')
    expect(quantity(123.456, 'en')).toBe('123')
    expect(quantity(-30, 'en')).toBe('−30')
  })
  it('writes shares with one decimal and deviations with their sign', () => {
    expect(percent(0.8333)).toBe('83.3%')
    expect(deviation(0.125)).toBe('+12.5%')
    expect(deviation(-0.125)).toBe('−12.5%')
    expect(deviation(0)).toBe('0.0%')
    expect(deviation(-0.0001)).toBe('0.0%')
  })
  it('chooses the unit that fits', () => {
    expect(metres(12.34)).toBe('12.3 m')
    expect(metres(1234.5)).toBe('1,235 m')
    expect(metres(12_345)).toBe('12.35 km')
    expect(area(950, 'en')).toBe('950 m²')
    expect(area(52_300, 'zh-CN')).toBe('5.23 公顷')
    expect(area(52_300, 'en')).toBe('5.23 ha')
    expect(area(3_456_000, 'en')).toBe('3.46 km²')
  })
  it('marks estimates', () => {
    expect(estimated('198', true)).toBe('≈ 198')
    expect(estimated('198', false)).toBe('198')
  })
})
