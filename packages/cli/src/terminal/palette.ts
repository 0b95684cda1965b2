/** The colours of a terminal, set as marks that no stored text can forge. */
import { randomBytes } from 'node:crypto';
import { Chalk } from 'chalk';
import type { Paint, Palette } from './style.ts';
import { UNICODE } from './symbols.ts';

const NONCE_BYTES = 8;

/** The sixteen basic colours: the user's own palette decides how they look. */
export function palette(): Palette {
  const { bold, dim, red, green, yellow } = new Chalk({ level: 1 });
  return markedPalette({ bold, dim, red, green, yellow }, randomBytes(NONCE_BYTES));
}

const unpainted: Paint = (text) => text;
/** Marks are made of private use: they are no word to what looks at the text, and no escape to what replaces those. */
const PRIVATE_USE = 0xe000;
const NAMES = ['bold', 'dim', 'red', 'green', 'yellow'] as const;
type Name = (typeof NAMES)[number];
type Paints = Readonly<Record<Name, Paint>>;

/**
 * A style that sets marks instead of escapes, so that every escape in a text can be replaced before the marks become
 * colours. The marks hold random bits: no stored text can forge one.
 */
function markedPalette(paints: Paints, nonce: Uint8Array): Palette {
  const key = String.fromCharCode(...Array.from(nonce, (byte) => PRIVATE_USE + byte));
  const end = key + String.fromCharCode(PRIVATE_USE + NAMES.length);
  const marked = (name: Name): Paint => {
    const start = key + String.fromCharCode(PRIVATE_USE + NAMES.indexOf(name));
    return (text) => `${start}${text}${end}`;
  };
  const style = {
    bold: marked('bold'),
    dim: marked('dim'),
    red: marked('red'),
    green: marked('green'),
    yellow: marked('yellow'),
    symbols: UNICODE,
  };
  return { style, render: (text) => rendered(text.split(key), paints) };
}

/** @param pieces each but the first begins with the character of its mark */
function rendered([first = '', ...pieces]: readonly string[], paints: Paints): string {
  const outer: { readonly before: string; readonly paint: Paint }[] = [];
  let text = first;
  const close = (): void => {
    const { before, paint } = outer.pop() ?? { before: '', paint: unpainted };
    text = before + paint(text);
  };
  for (const piece of pieces) {
    const name = NAMES[piece.charCodeAt(0) - PRIVATE_USE];
    if (name === undefined) {
      close();
    } else {
      outer.push({ before: text, paint: paints[name] });
      text = '';
    }
    text += piece.slice(1);
  }
  // A text that was cut to its width may lack its ends.
  while (outer.length > 0) close();
  return text;
}
