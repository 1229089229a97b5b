/** Which small pictures does the map draw itself? Their names say their colours: `hatch-#9aa0a8`, `diamond-#b4347c-#fff`. */

const SCALE = 2

function canvas(size: number): CanvasRenderingContext2D {
  const element = document.createElement('canvas')
  element.width = element.height = size * SCALE
  const context = element.getContext('2d', { willReadFrequently: true })!
  context.scale(SCALE, SCALE)
  return context
}

function hatch(colour: string): ImageData {
  const c = canvas(8)
  c.strokeStyle = colour
  c.lineWidth = 1.2
  c.beginPath()
  for (const shift of [-8, 0, 8]) {
    c.moveTo(shift - 1, 9)
    c.lineTo(shift + 9, -1)
  }
  c.stroke()
  return c.getImageData(0, 0, 8 * SCALE, 8 * SCALE)
}

function dots(colour: string): ImageData {
  const c = canvas(8)
  c.fillStyle = colour
  c.beginPath()
  c.arc(4, 4, 1.3, 0, 2 * Math.PI)
  c.fill()
  return c.getImageData(0, 0, 8 * SCALE, 8 * SCALE)
}

/** Begin a closed path through some points. */
function trace(c: CanvasRenderingContext2D, ...points: [number, number][]): void {
  c.beginPath()
  for (const [x, y] of points) c.lineTo(x, y)
  c.closePath()
}

function diamond(fill: string, line: string): ImageData {
  const c = canvas(16)
  trace(c, [8, 1.5], [14.5, 8], [8, 14.5], [1.5, 8])
  c.fillStyle = fill
  c.fill()
  c.strokeStyle = line
  c.lineWidth = 1.5
  c.stroke()
  return c.getImageData(0, 0, 16 * SCALE, 16 * SCALE)
}

/** The head of an arrow that points up. */
function arrow(fill: string, line: string): ImageData {
  const c = canvas(18)
  trace(c, [9, 2], [16, 15], [9, 11.5], [2, 15])
  c.lineJoin = 'round'
  c.strokeStyle = line
  c.lineWidth = 3
  c.stroke()
  c.fillStyle = fill
  c.fill()
  return c.getImageData(0, 0, 18 * SCALE, 18 * SCALE)
}

function lock(fill: string, halo: string): ImageData {
  const c = canvas(22)
  c.fillStyle = halo
  c.beginPath()
  c.arc(11, 11, 10.5, 0, 2 * Math.PI)
  c.fill()
  c.strokeStyle = fill
  c.lineWidth = 1.8
  c.beginPath()
  c.arc(11, 8.5, 3.2, Math.PI, 0)
  c.moveTo(7.8, 8.5)
  c.lineTo(7.8, 10.5)
  c.moveTo(14.2, 8.5)
  c.lineTo(14.2, 10.5)
  c.stroke()
  c.fillStyle = fill
  c.fillRect(6, 10, 10, 7)
  return c.getImageData(0, 0, 22 * SCALE, 22 * SCALE)
}

/** The picture of a name, or null when it is none of ours. */
export function picture(name: string): { data: ImageData; pixelRatio: number } | null {
  const [kind, first, second] = name.split('-')
  if (kind === 'hatch' && first) return { data: hatch(first), pixelRatio: SCALE }
  if (kind === 'dots' && first) return { data: dots(first), pixelRatio: SCALE }
  if (kind === 'diamond' && first && second) return { data: diamond(first, second), pixelRatio: SCALE }
  if (kind === 'arrow' && first && second) return { data: arrow(first, second), pixelRatio: SCALE }
  if (kind === 'lock' && first && second) return { data: lock(first, second), pixelRatio: SCALE }
  return null
}
