/** Texts with holes: what the product wrote once, to be written a million times with other values. */

/** Fills the holes, in the order of their names. */
export type Fill = (...values: readonly (string | number)[]) => string;

/** Takes a text apart at every place where one of these values stands; throws where one does not. */
export function template(text: string, holes: readonly string[]): Fill {
  for (const hole of holes) if (!text.includes(hole)) throw new Error(`${hole} is not in ${text}`);
  const parts = text.split(new RegExp(`(${holes.join('|')})`));
  const places = parts.map((part) => holes.indexOf(part));
  return (...values) => {
    let filled = '';
    for (let at = 0; at < parts.length; at++) {
      const place = places[at] ?? -1;
      filled += place < 0 ? parts[at] : values[place];
    }
    return filled;
  };
}
