/** Which tool has the hand, and what does it mean with Shift or Alt held? */
import type { IconName } from '@/shell/AppIcon.vue'
import type { Key } from '@/i18n/messages'

export type SelectTool = 'click' | 'box' | 'lasso'

export const SELECT_TOOLS: { tool: SelectTool; icon: IconName; name: Key; key: string }[] = [
  { tool: 'click', icon: 'pointer', name: 'selectClick', key: '1' },
  { tool: 'box', icon: 'box', name: 'selectBox', key: '2' },
  { tool: 'lasso', icon: 'lasso', name: 'selectLasso', key: '3' },
]

export const howOf = (event: { shiftKey: boolean; altKey: boolean }): 'only' | 'add' | 'remove' =>
  event.altKey ? 'remove' : event.shiftKey ? 'add' : 'only'

/** Whether keys belong to a field that is written in. */
export const isWriting = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable], [role=combobox]') !== null
