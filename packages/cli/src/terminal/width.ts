/** How many cells of a terminal a text takes, and texts cut to so many. */
import { eastAsianWidth } from 'get-east-asian-width';
import { stripVTControlCharacters } from 'node:util';

const ASCII = /^[\x20-\x7E]*$/;
/** Shown as a picture by itself, or asked to be. */
const PICTURE = /\p{Emoji_Presentation}|\p{Extended_Pictographic}\uFE0F|[\d#*]\uFE0F?\u20E3/u;
/** Takes no cell of its own. */
const ATTACHED = /[\p{Mn}\p{Me}\p{Default_Ignorable_Code_Point}]/u;

export function width(text: string): number {
  if (ASCII.test(text)) return text.length;
  return characters(stripVTControlCharacters(text)).reduce((cells, character) => cells + cellsOf(character), 0);
}

/** Cuts a text to so many cells, with a sign where something is missing, if there is room for it. */
export function clip(text: string, cells: number, more = '…'): string {
  if (width(text) <= cells) return text;
  const sign = width(more) <= cells ? more : '';
  let [kept, used] = ['', width(sign)];
  for (const character of characters(text)) {
    used += cellsOf(character);
    if (used > cells) break;
    kept += character;
  }
  return kept + sign;
}

function cellsOf(character: string): number {
  if (PICTURE.test(character)) return 2;
  let cells = 0;
  for (const part of character) if (!ATTACHED.test(part)) cells += eastAsianWidth(part.codePointAt(0) ?? 0);
  // What is joined to one character takes the room of one, whatever it is made of.
  return Math.min(cells, 2);
}

/** What people see as characters. The segmenter takes some 15 ms to make, so most runs do without. */
function characters(text: string): string[] {
  return Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment);
}
