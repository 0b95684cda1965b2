/** What a mistyped name was probably meant to be. */

/** More edits make another word. */
const MOST_EDITS = 2;

/** The closest of the known names, if one is close enough to be a typo: of a short name, one edit away. */
export function suggest(typed: string, known: readonly string[]): string | undefined {
  return closest(typed.toLowerCase(), known, Math.min(MOST_EDITS, Math.max(1, Math.floor(typed.length / 3))));
}

/** The closest of the known names that is at most so many edits away; upper case is not lower case. */
export function closest(typed: string, known: readonly string[], limit: number = MOST_EDITS): string | undefined {
  const [best] = known
    .map((name) => ({ name, edits: editDistance(typed, name) }))
    .filter(({ edits }) => edits <= limit)
    .toSorted((a, b) => a.edits - b.edits);
  return best?.name;
}

/** Optimal string alignment: insertions, deletions, replacements, and swaps of neighbours. */
function editDistance(a: string, b: string): number {
  let older: readonly number[] = [];
  let previous: readonly number[] = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const current: number[] = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      current.push(
        Math.min(
          at(previous, j) + 1,
          at(current, j - 1) + 1,
          at(previous, j - 1) + cost,
          swapped ? at(older, j - 2) + 1 : Infinity,
        ),
      );
    }
    older = previous;
    previous = current;
  }
  return at(previous, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Infinity;
}
