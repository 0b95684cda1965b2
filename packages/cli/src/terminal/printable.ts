/** Makes stored text safe to print: no terminal escapes, no line breaks, no reversed reading direction. */

// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const UNPRINTABLE = /[\u0000-\u001F\u007F-\u009F\u2028\u2029\u202A-\u202E\u2066-\u2069]/g;

export function printable(text: string): string {
  return text.replaceAll(UNPRINTABLE, '\u{FFFD}');
}
