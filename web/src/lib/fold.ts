/** Which letters count as the same when a person looks for something? */

/** Full-width forms, case and inner blanks folded away. */
export function fold(text: string): string {
  return text.normalize('NFKC').toLowerCase().replace(/\s+/g, '')
}
