/** How do the view and the address bar stay the same? */
import { watch } from 'vue'
import { readPlace, writePlace, type Place } from '@/lib/url'
import { useView } from './view'

/** A change of these is a step that the back button undoes; anything else only rewrites the address. */
const steps = (p: Place): string => JSON.stringify([p.district, p.page, p.plan, p.area, p.figure, p.date, p.network, p.level, p.selection])

export function followAddress(): void {
  const view = useView()
  const enter = (): void => view.enter(readPlace(location.pathname, location.search))
  enter()
  let last = steps(view.place)
  let leaving = false

  addEventListener('popstate', () => {
    leaving = true
    enter()
    last = steps(view.place)
  })

  watch(
    () => view.place,
    (place) => {
      const address = writePlace(place)
      const step = steps(place)
      if (leaving) {
        leaving = false
      } else if (address !== location.pathname + location.search) {
        const first = JSON.parse(last)[0] === null
        history[step !== last && !first ? 'pushState' : 'replaceState'](null, '', address)
      }
      last = step
    },
    { flush: 'post', immediate: true },
  )
}
