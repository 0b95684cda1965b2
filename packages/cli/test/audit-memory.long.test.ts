/** A log of any length is checked and exported in bounded memory: the processes could not hold the events they read. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { appendEvents, sha256Hex, type EventDraft } from '@apikey/shared';
import { openLocalRegistry } from '@apikey/shared/local';
import { expect, it } from 'vitest';
import { edit } from './audit-sqlite.ts';
import { BuiltCli } from './built-cli.ts';

const EVENTS = 60_000;
/** How often some words are repeated in each. */
const LENGTH = 8;
/** For the check alone, which is what a long log is for. */
const MANY = 1_000_000;
const CLIENTS = 20;
/** Megabytes. The program by itself takes almost half of it. */
const HEAP = 48;
const START = 1_790_000_000_000;

/** Clients whose limits were set over and over, written with SQL: the program's own way would sync after each. */
const fill =
  (events: number) =>
  (db: DatabaseSync): void => {
    const insert = {
      client: db.prepare('INSERT INTO client (doc) VALUES (?)'),
      event: db.prepare('INSERT INTO event (doc) VALUES (?)'),
    };
    for (let client = 0; client < CLIENTS; client += 1) {
      const id = `client-${client}`;
      const ref = { kind: 'client', id } as const;
      const body = { id, state: 'active', epoch: 1, createdAt: START / 1000 };
      const none = Object.fromEntries(Object.keys(body).map((name) => [name, null]));
      let draft: EventDraft = {
        action: 'client.registered',
        subject: id,
        detail: { entity: 'client', before: none, after: body },
      };
      let head: { eventSeq: number; eventHash: string } | undefined;
      for (let n = 1; n <= events / CLIENTS; n += 1) {
        const at = START + n * 1000;
        for (const event of appendEvents(ref, head, [draft], { at, actor: 'ops@host', sha256: sha256Hex })) {
          insert.event.run(JSON.stringify(event));
          head = { eventSeq: event.seq, eventHash: event.hash };
        }
        const before = { maxTtl: n === 1 ? null : n, purpose: n === 1 ? null : words(n) };
        const detail = { entity: 'client', before, after: { maxTtl: n + 1, purpose: words(n + 1) } } as const;
        draft = { action: 'client.updated', subject: id, detail };
      }
      const last = events / CLIENTS;
      insert.client.run(JSON.stringify({ ...body, maxTtl: last, purpose: words(last), version: last, ...head }));
    }
  };

function words(n: number): string {
  return `settles the invoices of quarter ${n}, ${'for everybody who asks '.repeat(LENGTH)}`;
}

/** The control: what a program does that keeps every event of a file. */
const HOARDER = `
  const held = [];
  const lines = require('node:readline').createInterface({ input: require('node:fs').createReadStream(process.argv[1]) });
  lines.on('line', (line) => held.push(JSON.parse(line)));
`;

it.concurrent(`${EVENTS} events are checked, exported, checked again and listed with ${HEAP} MB of heap`, async () => {
  using cli = new BuiltCli({ NODE_OPTIONS: `--max-old-space-size=${HEAP}` });
  await openLocalRegistry({ dataDir: cli.dataDir, create: true }).close();
  edit(cli.dataDir, fill(EVENTS));
  const copy = join(cli.home, 'audit.jsonl');
  const whole = { ok: true, events: EVENTS, aggregates: CLIENTS };
  expect(await cli.json(['audit', 'verify'])).toMatchObject(whole);
  await cli.json(['audit', 'export', '-o', copy]);
  expect(await cli.json(['audit', 'verify', '--from', copy])).toMatchObject(whole);
  const newest = await cli.json<{ seq: number }[]>(['audit', 'list', '--limit', '1']);
  expect(newest).toEqual([expect.objectContaining({ seq: EVENTS / CLIENTS })]);

  const hoarder = spawn(process.execPath, [`--max-old-space-size=${HEAP}`, '-e', HOARDER, copy], { stdio: 'ignore' });
  const [code] = await once(hoarder, 'close');
  expect(code).not.toBe(0);
}, 1_800_000);

it.concurrent(`${MANY} events are checked with ${HEAP} MB of heap`, async () => {
  using cli = new BuiltCli({ NODE_OPTIONS: `--max-old-space-size=${HEAP}` });
  await openLocalRegistry({ dataDir: cli.dataDir, create: true }).close();
  edit(cli.dataDir, fill(MANY));
  const report = await cli.json(['audit', 'verify']);
  expect(report).toMatchObject({ ok: true, events: MANY, aggregates: CLIENTS });
}, 900_000);
