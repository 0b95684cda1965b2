/** Numbers with their nouns. */

/** `no tokens`, `1 token`, `2 tokens`. */
export function counted(count: number, noun: string): string {
  return `${count === 0 ? 'no' : count} ${noun}${count === 1 ? '' : 's'}`;
}
