/** What does this browser remember of its user? Nothing breaks where storage is forbidden. */

const PREFIX = 'gridkeeper.'

export function recall(name: string): string | null {
  try {
    return localStorage.getItem(PREFIX + name)
  } catch {
    return null
  }
}

export function remember(name: string, value: string): void {
  try {
    localStorage.setItem(PREFIX + name, value)
  } catch {
    // Private windows may refuse; the choice then lasts as long as the page.
  }
}
