/** The editor in its Worker: strokes are counted here while the map draws. */
import { answering, type Call } from './calls'

const answer = answering()
addEventListener('message', ({ data }: MessageEvent<Call>) => postMessage(answer(data)))
