/** What may be asked of the editor from outside its Worker, and what is answered? */
import type { FeatureCollection, LineString, MultiPolygon, Polygon } from 'geojson'
import { Editor, type Delta, type DraftData } from './editor'
import { flatten } from './shapes'

export const METHODS = ['move', 'newGrid', 'merge', 'undo', 'redo', 'adopt', 'preview', 'options', 'members', 'at', 'inBox', 'inLasso'] as const
export type Method = (typeof METHODS)[number]
export type Ask<M extends Method> = Parameters<Editor[M]>
export type Reply<M extends Method> = ReturnType<Editor[M]>

export interface Opening {
  /** Lines between cells, by the number of each arc. */
  arcs: FeatureCollection<LineString>
  /** The cell on either side of each; -1: outside. */
  sides: { a: Int32Array; b: Int32Array }
  whole: Delta
  /** The grid of each cell when the plan was begun; -1: none. */
  base: Int32Array
}

export type Call =
  | { id: number; open: { data: DraftData; shapes: FeatureCollection<Polygon | MultiPolygon> } }
  | { id: number; method: Method; args: unknown[] }

export type Result = { id: number; value: unknown } | { id: number; fault: string }

/** Answers calls, one editor at a time. */
export function answering(): (call: Call) => Result {
  let editor: Editor | null = null
  return (call) => {
    try {
      if ('open' in call) {
        editor = new Editor(call.open.data, flatten(call.open.shapes, call.open.data.cells.cell_id.length))
        return { id: call.id, value: { arcs: drawn(editor), sides: { a: editor.arcs.a, b: editor.arcs.b }, whole: editor.whole(), base: editor.base } satisfies Opening }
      }
      if (!editor || !METHODS.includes(call.method)) throw new Error(`No draft is open, or it has no ${call.method}.`)
      const method = editor[call.method] as (...args: unknown[]) => unknown
      return { id: call.id, value: method.apply(editor, call.args) }
    } catch (fault) {
      return { id: call.id, fault: String(fault) }
    }
  }
}

function drawn({ arcs }: Editor): FeatureCollection<LineString> {
  const features = Array.from(arcs.a, (_, id) => {
    const coordinates: [number, number][] = []
    for (let p = arcs.starts[id]!; p < arcs.starts[id + 1]!; p += 1) coordinates.push([arcs.coordinates[2 * p]!, arcs.coordinates[2 * p + 1]!])
    return { type: 'Feature' as const, id, properties: {}, geometry: { type: 'LineString' as const, coordinates } }
  })
  return { type: 'FeatureCollection', features }
}
