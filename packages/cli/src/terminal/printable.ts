/**
 * Makes text safe to print. Stored text, a partner's file or a found configuration may hold terminal escapes, line
 * breaks that forge a line of ours, reversed reading direction, and characters that nobody sees.
 */

const ZERO_WIDTH_JOINER = '\u200D';
const EMOJI_STYLE = '\uFE0F';
/** Control, format and line-separating characters, lone surrogates, and what is not shown by default. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;
const PLAIN = /^[\x20-\x7E]*$/;
const PLAIN_LINES = /^[\x20-\x7E\n\t]*$/;
const EMOJI_BEFORE = /\p{Extended_Pictographic}\uFE0F?\p{Emoji_Modifier}?$/u;
const PICTOGRAPH_BEFORE = /\p{Extended_Pictographic}$/u;
const EMOJI_AFTER = /^\p{Extended_Pictographic}/u;

/** For one value in a line: line breaks and tabs are replaced, too. */
export function printable(text: string): string {
  return PLAIN.test(text) ? text : replaced(text, () => '\u{FFFD}');
}

/** For whole lines of ours. */
export function printableLines(text: string): string {
  if (PLAIN_LINES.test(text)) return text;
  return replaced(text, (character) => (character === '\n' || character === '\t' ? character : '\u{FFFD}'));
}

/** A value as JSON that holds no such character, and parses to the same value. */
export function jsonText(value: unknown, indent?: number): string {
  const json = JSON.stringify(value, undefined, indent);
  if (PLAIN_LINES.test(json)) return json;
  // Line breaks are those of the indentation: inside of a text JSON escapes them.
  return replaced(json, (character) => (character === '\n' ? character : escaped(character)));
}

function replaced(text: string, replacement: (character: string) => string): string {
  return text.replaceAll(UNPRINTABLE, (character, at: number) =>
    isInEmoji(text, character, at) ? character : replacement(character),
  );
}

/** What joins emoji, or asks for their colours, belongs to them; anywhere else it only hides. */
function isInEmoji(text: string, character: string, at: number): boolean {
  if (character !== ZERO_WIDTH_JOINER && character !== EMOJI_STYLE) return false;
  // The longest emoji that may stand before: two code units each for a pictograph and its skin colour, and a style.
  const before = text.slice(Math.max(0, at - 5), at);
  if (character === EMOJI_STYLE) return PICTOGRAPH_BEFORE.test(before);
  return EMOJI_BEFORE.test(before) && EMOJI_AFTER.test(text.slice(at + 1, at + 3));
}

function escaped(character: string): string {
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}
