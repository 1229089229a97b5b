/** How does a table become a file that Excel opens with its Chinese intact? */

export type Value = string | number | null | undefined

function cell(value: Value): string {
  if (value === null || value === undefined) return ''
  let text = String(value)
  // A spreadsheet would run text that begins like a formula.
  if (typeof value === 'string' && /^[=+\-@\t\r]/.test(text)) text = "'" + text
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** CSV with a byte order mark and CRLF line ends. */
export function toCsv(header: string[], rows: Value[][]): string {
  return '\uFEFF' + [header, ...rows].map((row) => row.map(cell).join(',')).join('\r\n') + '\r\n'
}

/** Hands a text to the browser as a download. */
export function download(name: string, text: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/csv;charset=utf-8' }))
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}
