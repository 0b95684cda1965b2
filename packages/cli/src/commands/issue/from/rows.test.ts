import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { readCsv } from './csv.ts';
import { readJsonLines } from './json-lines.ts';
import type { Row } from './columns.ts';
import { parseLines, type ParsedLines } from './requests.ts';
import { openText } from './text-input.ts';

type Read = (input: ReturnType<typeof openText>) => AsyncGenerator<Row>;

/** Cut into pieces of a few bytes, so that every boundary falls somewhere. */
function input(text: string | Uint8Array, size = 7): ReturnType<typeof openText> {
  const bytes = Buffer.from(text);
  const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) =>
    bytes.subarray(n * size, (n + 1) * size),
  );
  const stdin = { isTTY: false, stream: () => Readable.from(pieces, { objectMode: false }) };
  // oxlint-disable-next-line typescript/consistent-type-assertions -- of the whole outside it takes this
  return openText('-', { io: { stdin } as never });
}

const rows = async (read: Read, text: string | Uint8Array, size?: number): Promise<object[]> =>
  (await Array.fromAsync(read(input(text, size)))).map(({ line, cells, flaw }) => ({
    line,
    ...Object.fromEntries(cells),
    ...(flaw === undefined ? {} : { flaw }),
  }));
const csv = (text: string | Uint8Array): Promise<object[]> => rows(readCsv, text);
const jsonl = (text: string): Promise<object[]> => rows(readJsonLines, text);

describe('a CSV file', () => {
  it('is read by the names in its header, whatever their order, case and hyphens', async () => {
    expect(await csv('Not-Before,scopes,client,requestId\n2030-01-01,a b,partner,CHG-1\n,,acme,\n')).toEqual([
      { line: 2, client: ['partner'], not_before: ['2030-01-01'], scope: ['a b'], request_id: ['CHG-1'] },
      { line: 3, client: ['acme'] },
    ]);
  });

  it('may have a byte order mark, CRLF, quotes with commas and line ends in them, empty lines, and no last line end', async () => {
    const text = '\uFEFFclient,note\r\npartner,"a, ""b""\r\nc"\r\n\r\n "acme" , ü \r\nlast,x';
    expect(await csv(text)).toEqual([
      { line: 3, client: ['partner'], note: ['a, "b"\nc'] },
      { line: 5, client: ['acme'], note: ['ü'] },
      { line: 6, client: ['last'], note: ['x'] },
    ]);
  });

  it.each([
    ['nothing', '', /standard input has no header/],
    ['a header without client', 'ttl,note\n', /no column client/],
    ['data in place of a header', 'partner,90d\n', /"partner" is no column/],
    ['a column that nobody knows', 'client,tttl\n', /"tttl" is no column; did you mean ttl\?/],
    ['a column twice, under two names', 'client,scope,scopes\n', /the column scope is there twice/],
    ['semicolons', 'client;ttl\npartner;90d\n', /not separated by commas/],
    ['a quote that is never closed', 'client,note\npartner,"open\nacme,x\n', /a quote is opened and never closed/],
    ['something behind a quote', 'client,note\npartner,"a"b\n', /behind a closing quote/],
    ['a quote inside of a field', 'client,note\npartner,a"b\n', /in the middle of a field/],
    ['a record that never ends', `client,note\nx,"${'a\n'.repeat(40_000)}`, /longer than 65,536/],
  ])('with %s is refused as a whole', async (_, text, why) => {
    const error: unknown = await csv(text).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'INVALID_INPUT' });
    expect(`${(error as Error).message} ${(error as { why: string }).why}`).toMatch(why);
  });

  it('names the line where its quotes go wrong', async () => {
    await expect(csv('client,note\na,x\nb,"y"z\n')).rejects.toMatchObject({
      message: 'standard input:3: this is not CSV',
    });
  });

  it('of another encoding is refused, with how far it could be read', async () => {
    const latin1 = Buffer.concat([Buffer.from('client,note\na,x\nb,M'), Buffer.from([0xfc]), Buffer.from('ller\n')]);
    await expect(csv(latin1)).rejects.toMatchObject({ code: 'INVALID_INPUT', message: 'standard input is not UTF-8' });
    await expect(csv(Buffer.from('client\npartner\n', 'utf16le'))).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    await expect(csv(Buffer.from([0x61, 0xc3]))).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });

  it('has records that are flawed by themselves', async () => {
    expect(await csv('client,ttl\na\nb,90d,x\nc,1d\n')).toEqual([
      { line: 2, flaw: 'it has 1 field, and the header 2' },
      { line: 3, flaw: 'it has 3 fields, and the header 2' },
      { line: 4, client: ['c'], ttl: ['1d'] },
    ]);
  });
});

describe('a JSON Lines file', () => {
  it('has members named like columns or flags, texts or lists, and null for what is absent', async () => {
    const text =
      '\uFEFF{"client":"partner","not-before":"2030-01-01","scope":["a","b"],"note":null}\r\n\n  \n{"client":"acme","audience":"x"}';
    expect(await jsonl(text)).toEqual([
      { line: 1, client: ['partner'], not_before: ['2030-01-01'], scope: ['a', 'b'] },
      { line: 4, client: ['acme'], audience: ['x'] },
    ]);
  });

  it('has lines that are flawed, each by itself', async () => {
    const text = ['{', '[]', '"x"', '{"client":"a","client":"b"}', '{"clint":"a"}', '{"ttl":90}', '{"scope":[1]}']
      .concat('{"scope":"a","scopes":"b"}')
      .join('\n');
    const object = 'it is not one JSON object with each member once';
    expect((await jsonl(text)).map((row) => ('flaw' in row ? row.flaw : undefined))).toEqual([
      object,
      object,
      object,
      object,
      '"clint" is no column; did you mean client?',
      'ttl is not text',
      'scope is not text, or a list of texts',
      'scope is there twice',
    ]);
  });

  it('is refused where a line has no end', async () => {
    const endless = `{"client":"a"}\n{"note":"${'x'.repeat(70_000)}`;
    await expect(rows(readJsonLines, endless, 4_096)).rejects.toMatchObject({
      message: 'standard input:2: the line is too long',
    });
  });
});

const parsed = (text: string, prefix?: string, defaults = {}): Promise<ParsedLines> =>
  parseLines(readCsv(input(text)), { scopes: [], audience: [], ...defaults }, prefix);

describe('the requests of a file', () => {
  it('have the values of their lines, and of the flags where a line has none', async () => {
    const defaults = { ttl: 60, scopes: ['s'], audience: ['https://a'], note: 'all' };
    const { lines, flaws } = await parsed(
      'client,ttl,expires,scope,audience,note,alg,not_before\na,,,,,,,\nb,90d,,y  x,https://b https://c,own,ES256,1970-01-02\nc,,2030-01-01,,,,,\n',
      undefined,
      defaults,
    );
    expect(flaws).toEqual([]);
    expect(lines.map(({ request: { requestId: _id, ...request } }) => request)).toEqual([
      { client: 'a', ttl: 60, scopes: ['s'], audience: ['https://a'], note: 'all' },
      {
        client: 'b',
        ttl: 7_776_000,
        scopes: ['x', 'y'],
        audience: ['https://b', 'https://c'],
        note: 'own',
        alg: 'ES256',
        notBefore: 86_400,
      },
      { client: 'c', expiresAt: 1_893_456_000, scopes: ['s'], audience: ['https://a'], note: 'all' },
    ]);
  });

  it('are checked line by line, each flaw with its line', async () => {
    const text = 'client,ttl,expires,scope\nA,,,\n,90d,,\na,90,,\na,90d,2030-01-01,\na,,,"x ""y"""\nfine,,,\n';
    const { lines, flaws } = await parsed(text);
    expect(lines.map(({ line }) => line)).toEqual([7]);
    expect(flaws).toEqual([
      { line: 2, flaw: 'client "A": this is not a client id' },
      { line: 3, flaw: 'it names no client' },
      { line: 4, flaw: 'ttl "90": this is not a duration' },
      { line: 5, flaw: 'ttl and expires exclude each other' },
      { line: 6, flaw: 'scope "\\"y\\"": this is not a scope' },
    ]);
  });

  it('have ids that depend on nothing but the file, in either format', async () => {
    const text = 'client,ttl\na,90d\nb,\na,90d\n';
    const ids = ({ lines }: ParsedLines): string[] => lines.map(({ request }) => request.requestId);
    const first = ids(await parsed(text));
    expect(new Set(first).size).toBe(3);
    expect(ids(await parsed(text.replaceAll('\n', '\r\n')))).toEqual(first);
    const lines = input('{"client":"a","ttl":"90d"}\n{"client":"b"}\n{"client":"a","ttl":"90d"}\n');
    expect(ids(await parseLines(readJsonLines(lines), { scopes: [], audience: [] }, undefined))).toEqual(first);
    expect(ids(await parsed(`${text}c,\n`))).not.toContain(first[0]);
  });

  it('keep their ids with --request-id, when lines are added or taken out', async () => {
    const ids = async (text: string): Promise<string[]> =>
      (await parsed(text, 'CHG-7')).lines.map(({ request }) => request.requestId);
    const [a, b] = await ids('client\na\nb\n');
    expect(a).toMatch(/^CHG-7\.[0-9a-f]{32}\.1$/);
    expect(await ids('client\nc\nb\na\n')).toEqual([expect.any(String), b, a]);
  });

  it('are refused where two lines have one request id, alike or not', async () => {
    const { flaws } = await parsed('client,request_id\na,x\nb,y\na,x\nc,x\n');
    expect(flaws).toEqual([
      { line: 4, flaw: 'it repeats line 2, request id included' },
      { line: 5, flaw: 'line 2 uses its request id for something else' },
    ]);
  });

  it('are read from 100,000 lines', async () => {
    const text = `client,note\n${Array.from({ length: 100_000 }, (_, n) => `client-${n},"note, ${n}"\n`).join('')}`;
    const { lines, flaws } = await parseLines(readCsv(input(text, 65_536)), { scopes: [], audience: [] }, undefined);
    expect([lines.length, flaws.length]).toEqual([100_000, 0]);
    expect(lines.at(-1)).toMatchObject({ line: 100_001, request: { client: 'client-99999', note: 'note, 99999' } });
  });
});
