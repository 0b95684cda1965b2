/** The rows of the searchable table as data for the page's script, `page/tokens.js`, which reads them in this order. */
import { ATTENTION_WORDS } from '../attention-words.ts';
import { embeddedJson, type Markup } from '../html.ts';
import type { TokenRow } from '../model.ts';

/** Words that many rows share stand once, and rows hold their numbers: a fifth of the size. */
export function tableData(rows: readonly TokenRow[]): Markup {
  const words = new Dictionary();
  const list = rows.map(({ view, status }) => {
    const { record, live, over, reason, lastUsedAt, attention } = view;
    return [
      record.jti,
      words.of(record.client),
      words.of(record.state),
      live ? 1 : over ? 0 : 2,
      words.of(reason === undefined ? '' : reason.replaceAll('_', ' ')),
      record.iat,
      record.exp - record.iat,
      record.liveUntil === record.exp ? 0 : record.liveUntil - record.iat,
      lastUsedAt === undefined ? 0 : lastUsedAt - record.iat,
      words.of(record.scopes.join(' ')),
      words.of(record.note ?? ''),
      words.of(attention.map((kind) => ATTENTION_WORDS[kind].short).join(', ')),
      words.of(status.tone),
      words.of(attention.join(' ')),
    ];
  });
  return embeddedJson({ words: words.list, rows: list });
}

class Dictionary {
  readonly list: string[] = [];
  readonly #numbers = new Map<string, number>();

  of(word: string): number {
    const known = this.#numbers.get(word);
    if (known !== undefined) return known;
    this.#numbers.set(word, this.list.length);
    this.list.push(word);
    return this.list.length - 1;
  }
}
