/** How servers that are less exact than the grammar read a path: each reading counts when routes are matched. */

/** Characters that nobody sees, such as a zero-width space; some file systems do not see them either. */
const IGNORABLE = /\p{Default_Ignorable_Code_Point}/gu;
const NOT_ASCII = /[^\0-\x7f]/;

/**
 * The path, or the path of a route, as a server has it that normalizes Unicode and, unless `exact`, one that compares
 * letters without regard to case. Two texts that any of these servers takes for one become one.
 */
export function foldPath(text: string, exact: boolean): string {
  if (!NOT_ASCII.test(text)) return exact ? text : text.toUpperCase();
  const same = normalize(text);
  if (exact) return same;
  // By way of lower case, which some letters have alone. To Java the dotted capital I equals i, whatever its mappings are.
  return normalize(same.toLowerCase().toUpperCase()).replaceAll('I\u0307', 'I');
}

function normalize(text: string): string {
  // Decomposed, so that a star of a route may end inside what composes.
  return text.normalize('NFKD').replaceAll(IGNORABLE, '').normalize('NFKD');
}

export interface Readings {
  /** As written. */
  readonly path: string;
  /** Without `;parameters`; absent where there are none. */
  readonly bare: string | undefined;
  /** All that are to be compared with the folded paths of routes. */
  readonly folded: readonly string[];
}

/** The readings of a canonical path. `exact` = servers tell letters by case, and a path from the same with a slash at its end. */
export function readingsOf(path: string, exact: boolean): Readings {
  if (!path.includes(';')) return { path, bare: undefined, folded: endings(foldPath(path, exact), exact) };
  const bare = withoutParameters(path);
  const all = [path, bare, beforeParameters(path), withoutLastParameters(path)];
  const distinct = [...new Set(all.map((reading) => foldPath(reading, exact)))];
  return { path, bare, folded: distinct.flatMap((reading) => endings(reading, exact)) };
}

/** Tomcat, Jetty and Spring take `;...` off every segment. */
function withoutParameters(path: string): string {
  return path.replaceAll(/;[^/]*/g, '');
}

/** Others end the path there. */
function beforeParameters(path: string): string {
  return path.slice(0, path.indexOf(';'));
}

/** Python's `urlparse` takes those of the last segment alone. */
function withoutLastParameters(path: string): string {
  const mark = path.indexOf(';', path.lastIndexOf('/'));
  return mark === -1 ? path : path.slice(0, mark);
}

/** With and without a slash at its end. */
function endings(path: string, exact: boolean): string[] {
  if (exact || path === '/') return [path];
  return [path, path.endsWith('/') ? path.slice(0, -1) : `${path}/`];
}
