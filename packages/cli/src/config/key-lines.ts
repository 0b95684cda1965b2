/** Finds the line on which a key of a TOML text stands: the parser keeps values only, errors should name lines. */

const TABLE = /^\s*\[\[?\s*([^\]]+?)\s*\]\]?/;
const KEY = /^\s*((?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+))*)\s*=/;
const PART = /"([^"]*)"|'([^']*)'|([A-Za-z0-9_-]+)/g;

/** Line numbers, from 1, by path; the path's parts are joined by `\0`. */
export class KeyLines {
  readonly #lines = new Map<string, number>();

  constructor(text: string) {
    let table: readonly string[] = [];
    for (const [index, line] of text.split('\n').entries()) {
      const header = TABLE.exec(line)?.[1];
      const key = KEY.exec(line)?.[1];
      if (header !== undefined) table = parts(header);
      else if (key === undefined) continue;
      this.#note([...table, ...parts(key ?? '')], index + 1);
    }
  }

  /** The line of the key, or of the closest table around it (an inline table has one line for all). */
  of(path: readonly string[]): number | undefined {
    for (let length = path.length; length > 0; length -= 1) {
      const line = this.#lines.get(path.slice(0, length).join('\0'));
      if (line !== undefined) return line;
    }
    return undefined;
  }

  /** The line of the key or table itself. */
  exactly(path: readonly string[]): number | undefined {
    return this.#lines.get(path.join('\0'));
  }

  #note(path: readonly string[], line: number): void {
    const name = path.join('\0');
    if (!this.#lines.has(name)) this.#lines.set(name, line);
  }
}

function parts(dotted: string): string[] {
  return [...dotted.matchAll(PART)].map(([, double, single, bare]) => double ?? single ?? bare ?? '');
}
