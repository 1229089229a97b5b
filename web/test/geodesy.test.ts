import { describe, expect, it } from 'vitest'
import { lineLength, ringArea, type LonLat } from '@/lib/geodesy'
import { add, EMPTY, finish, stepBack } from '@/lib/tracing'

describe('measuring on the ellipsoid', () => {
  it('knows the length of a degree', () => {
    // A degree of longitude on the equator is a·π/180; a degree of latitude at 45° is 111 131.75 m on GRS 80.
    expect(lineLength([[0, 0], [1, 0]]).total).toBeCloseTo((6_378_137 * Math.PI) / 180, 3)
    expect(lineLength([[7, 44.5], [7, 45.5]]).total).toBeCloseTo(111_131.75, 0)
    expect(lineLength([[113, 23]]).total).toBe(0)
  })
  it('sums its legs', () => {
    const { legs, total } = lineLength([[113, 23], [113.01, 23], [113.01, 23.01]])
    expect(legs).toHaveLength(2)
    expect(total).toBeCloseTo(legs[0]! + legs[1]!, 9)
  })
  it('gives true areas, not those of a Mercator map', () => {
    const square: LonLat[] = [[10, 60], [10.01, 60], [10.01, 60.01], [10, 60.01]]
    const { area, perimeter } = ringArea(square)
    const width = lineLength([[10, 60.005], [10.01, 60.005]]).total
    const height = lineLength([[10, 60], [10, 60.01]]).total
    expect(area / (width * height)).toBeCloseTo(1, 5)
    expect(perimeter).toBeGreaterThan(2 * (width + height) * 0.9999)
    const k = 6_378_137 * Math.PI / 180
    expect((0.01 * k) * (0.01 * k / Math.cos((60.005 * Math.PI) / 180)) / area).toBeGreaterThan(3.9)
    expect(ringArea([...square].reverse()).area).toBeCloseTo(area, 3)
    expect(ringArea(square.slice(0, 2)).area).toBe(0)
  })
  it('grows point by point, steps back, and ends only when it has enough', () => {
    let trace = add(add(EMPTY, [1, 1]), [1, 1])
    expect(trace.points).toHaveLength(1)
    expect(finish(trace, 'length').done).toBe(false)
    trace = add(trace, [2, 1])
    expect(finish(trace, 'length').done).toBe(true)
    expect(finish(trace, 'area').done).toBe(false)
    expect(stepBack(trace).points).toEqual([[1, 1]])
    expect(add(finish(trace, 'length'), [5, 5])).toEqual({ points: [[5, 5]], done: false })
  })
})
