/** How long is this line and how large this area on the ellipsoid of CGCS2000? */
import geodesic from 'geographiclib-geodesic'

export type LonLat = [number, number]

const CGCS2000 = new geodesic.Geodesic.Geodesic(6_378_137, 1 / 298.257222101)

/** Geodesic length of a line in metres, of each leg and in all. */
export function lineLength(points: LonLat[]): { legs: number[]; total: number } {
  const legs: number[] = []
  for (let i = 1; i < points.length; i += 1) {
    const [a, b] = [points[i - 1] as LonLat, points[i] as LonLat]
    legs.push(CGCS2000.Inverse(a[1], a[0], b[1], b[0]).s12 ?? 0)
  }
  return { legs, total: legs.reduce((sum, leg) => sum + leg, 0) }
}

/** Geodesic area in m² and perimeter in metres of a simple ring (not closed by a repeated point). */
export function ringArea(points: LonLat[]): { area: number; perimeter: number } {
  if (points.length < 3) return { area: 0, perimeter: lineLength(points).total }
  const polygon = CGCS2000.Polygon(false)
  for (const [lon, lat] of points) polygon.AddPoint(lat, lon)
  const result = polygon.Compute(false, true)
  return { area: Math.abs(result.area ?? 0), perimeter: result.perimeter }
}
