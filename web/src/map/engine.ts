/** How does a MapLibre map come to life here, and how does a test see that it is at rest? */
import { AttributionControl, Map as MapLibreMap, ScaleControl, setWorkerUrl, type StyleSpecification } from 'maplibre-gl'
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?url'
import 'maplibre-gl/dist/maplibre-gl.css'
import './map.css'
import type { Camera } from '@/lib/url'
import { picture } from './images'

// MapLibre 6 keeps its worker in a file of its own: without its address the map stays blank.
setWorkerUrl(workerUrl)

export type { MapLibreMap }

/** No motion lasts longer; where the system asks for none, MapLibre jumps. */
export const MOTION_MS = 150

export function createMap(container: HTMLElement, style: StyleSpecification, camera: Camera | null, bbox: [number, number, number, number]): MapLibreMap {
  const map = new MapLibreMap({
    container,
    style,
    ...(camera
      ? { center: [camera.lon, camera.lat] as [number, number], zoom: camera.zoom }
      : { bounds: bbox, fitBoundsOptions: { padding: fitPadding(container) } }),
    minZoom: 6,
    maxZoom: 20,
    attributionControl: false,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    renderWorldCopies: false,
    fadeDuration: 120,
  })
  map.touchZoomRotate.disableRotation()
  map.keyboard.disableRotation()
  map.setMissingStyleImageResolver((name) => {
    const drawn = picture(name)
    if (drawn && !map.hasImage(name)) map.addImage(name, drawn.data, { pixelRatio: drawn.pixelRatio })
  })
  map.addControl(new ScaleControl({ maxWidth: 120, unit: 'metric' }), 'bottom-right')
  map.addControl(new AttributionControl({ compact: false }), 'bottom-right')
  return map
}

/** Room for the panels that lie over the map. */
export function fitPadding(container: HTMLElement): { top: number; right: number; bottom: number; left: number } {
  const wide = container.clientWidth > 720
  return { top: 24, bottom: 36, left: wide ? 300 : 24, right: wide ? 72 : 24 }
}

export function cameraOf(map: MapLibreMap): Camera {
  const center = map.getCenter()
  return { lon: center.lng, lat: center.lat, zoom: map.getZoom() }
}

export const sameCamera = (a: Camera | null, b: Camera | null): boolean =>
  a !== null && b !== null && Math.abs(a.lon - b.lon) < 1e-5 && Math.abs(a.lat - b.lat) < 1e-5 && Math.abs(a.zoom - b.zoom) < 0.01

/**
 * Writes `data-map-state` on the container: `busy` from any change on, `idle` once everything asked for is drawn.
 * Returns a function that says that a change is under way.
 */
export function reportState(map: MapLibreMap, container: HTMLElement): () => void {
  const busy = (): void => void (container.dataset['mapState'] = 'busy')
  busy()
  map.on('dataloading', busy)
  map.on('movestart', busy)
  map.on('idle', () => {
    container.dataset['mapState'] = map.isStyleLoaded() && map.areTilesLoaded() && !map.isMoving() ? 'idle' : 'busy'
  })
  return () => {
    busy()
    map.triggerRepaint()
  }
}
