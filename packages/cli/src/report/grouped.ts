/** Large numbers as people read them. */

/** `12,345`, the same wherever it is made. */
export function grouped(count: number): string {
  return String(count).replaceAll(/\B(?=(?:\d{3})+$)/g, ',');
}
