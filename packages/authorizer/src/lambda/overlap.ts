/** Whether two routes have a request in common. */
import type { CompiledRoute } from '../routes.ts';

/** Whether some method and path match both. */
export function routesOverlap(
  a: Pick<CompiledRoute, 'method' | 'path'>,
  b: Pick<CompiledRoute, 'method' | 'path'>,
): boolean {
  const methods = a.method === '*' || b.method === '*' || a.method === b.method;
  return methods && pathsOverlap(a.path, b.path);
}

/**
 * Whether some text matches both patterns, by dynamic programming from their ends: `row[j]` says it of what is left of `a`
 * and of `b` from `j` on. A star takes nothing, or a character that the other pattern must then offer, too.
 */
export function pathsOverlap(a: string, b: string): boolean {
  let below: boolean[] = [];
  for (let i = a.length; i >= 0; i -= 1) {
    const row: boolean[] = [];
    for (let j = b.length; j >= 0; j -= 1) row[j] = restsOverlap(a, i, b, j, row, below);
    below = row;
  }
  return below[0] === true;
}

function restsOverlap(
  a: string,
  i: number,
  b: string,
  j: number,
  row: readonly boolean[],
  below: readonly boolean[],
): boolean {
  if (i === a.length && j === b.length) return true;
  const afterA = i < a.length && below[j] === true;
  const afterB = j < b.length && row[j + 1] === true;
  if (a.charAt(i) === '*' || b.charAt(j) === '*') return afterA || afterB;
  return i < a.length && a.charAt(i) === b.charAt(j) && below[j + 1] === true;
}
