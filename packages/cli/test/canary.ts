/** Finds a token again, wherever it went and however it is spelled: whole, in parts, encoded, as bytes. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join, relative } from 'node:path';

/** A piece this long is no chance, and whoever finds it should worry. */
const WINDOW = 16;
/** What stands before the random part of a payload is known from the record: its end alone is secret. */
const SECRET_TAIL = 32;

/** Strings and bytes that nothing holds but one of the tokens, or what was copied from it. */
export class Canaries {
  readonly #needles: { readonly name: string; readonly bytes: Buffer }[] = [];
  readonly #known = new Set<string>();

  constructor(...tokens: readonly string[]) {
    for (const token of tokens) this.add(token);
  }

  get size(): number {
    return this.#known.size;
  }

  has(token: string): boolean {
    return this.#known.has(token);
  }

  add(token: string): void {
    if (this.#known.has(token)) return;
    this.#known.add(token);
    const number = this.#known.size;
    for (const [name, bytes] of spellings(token)) {
      this.#needles.push({ name: `${name} of token ${number}`, bytes: Buffer.from(bytes) });
    }
  }

  /** What is there of any token; empty where all is well. */
  search(haystack: string | Uint8Array): string[] {
    const bytes = Buffer.from(haystack);
    return this.#needles.filter((needle) => bytes.includes(needle.bytes)).map(({ name }) => name);
  }

  /** Searches names and contents of everything below a directory; what `exempt` says may hold tokens is left out. */
  searchFiles(directory: string, exempt: (path: string) => boolean = () => false): string[] {
    return readdirSync(directory, { recursive: true, withFileTypes: true }).flatMap((entry) => {
      const path = join(entry.parentPath, entry.name);
      const shown = relative(directory, path);
      if (exempt(shown)) return [];
      const content = entry.isFile() ? readFileSync(path) : entry.isSymbolicLink() ? readlinkSync(path) : '';
      return [...this.search(shown), ...this.search(content)].map((found) => `${shown}: ${found}`);
    });
  }
}

function* spellings(token: string): Generator<readonly [name: string, bytes: string | Uint8Array]> {
  const [, payload = '', signature = ''] = token.split('.');
  const { rnd }: { rnd: string } = JSON.parse(Buffer.from(payload, 'base64url').toString());
  const rawSignature = Buffer.from(signature, 'base64url');
  yield ['the whole', token];
  yield ['the payload', payload];
  yield* windows('the payload', payload.slice(-SECRET_TAIL));
  yield* windows('the signature', signature);
  yield ['rnd', rnd];
  for (const [name, raw] of [
    ['the signature', rawSignature],
    ['rnd', Buffer.from(rnd, 'base64url')],
  ] as const) {
    yield [`the bytes of ${name}`, raw];
    yield [`the hex of ${name}`, raw.toString('hex')];
    yield [`the upper-case hex of ${name}`, raw.toString('hex').toUpperCase()];
    // Without the last character, whose bits and padding depend on what follows.
    yield [`the base64 of ${name}`, raw.toString('base64').replace(/.=*$/, '')];
  }
  for (const part of [token, signature, rnd]) {
    for (const shift of [0, 1, 2]) yield ['an encoding in base64', base64At(part, shift)];
    yield ['a percent-encoding', [...Buffer.from(part)].map((byte) => `%${byte.toString(16)}`).join('')];
    yield ['the hex of the text', Buffer.from(part).toString('hex')];
    yield ['UTF-16', Buffer.from(part, 'utf16le')];
  }
}

function* windows(name: string, text: string): Generator<readonly [string, string]> {
  for (let at = 0; at + WINDOW <= text.length; at += WINDOW) yield [`a piece of ${name}`, text.slice(at, at + WINDOW)];
}

/** How `text` looks inside base64 when it starts at a byte that is `shift` beyond a multiple of three. */
function base64At(text: string, shift: number): string {
  const encoded = Buffer.from(`${'\0'.repeat(shift)}${text}`).toString('base64url');
  return encoded.slice(shift === 0 ? 0 : 4, -3);
}
