import { createHash } from 'node:crypto';
import { EVENT_ACTIONS } from '@apikey/shared';
import { expect, it } from 'vitest';
import { redact } from '../terminal/redact.ts';
import { aClient, aRecord, aView, manyFacts, NOW, theFacts } from './facts.fixture.ts';
import type { Facts } from './facts.ts';
import { buildModel } from './model.ts';
import { page } from './page.ts';

/** What a person or a program may have stored. */
const HOSTILE = [
  '<img src=x onerror=alert(1)>',
  '</script><script>alert(1)</script>',
  '</title></style><!--',
  `"' onmouseover="alert(1)`,
  'a\u2028b\u202Ec',
  'a \\ b',
  'w'.repeat(200),
];

function hostileFacts(): Facts {
  const tokens = HOSTILE.map((note, number) =>
    aView(aRecord(number, { note, scopes: [note], issuedBy: note, reason: note }), {
      contact: note,
      attention: ['expiring'],
    }),
  );
  const [text = ''] = HOSTILE;
  const client = aClient('partner', { contact: text, owner: text, purpose: text });
  const events = EVENT_ACTIONS.map((action, index) => ({
    seq: index + 1,
    at: '2026-11-20T12:00:00.000Z',
    actor: text,
    action,
    aggregate: 'client:partner' as const,
    subject: text,
    detail: { entity: 'client' as const, before: {}, after: { [text]: text }, reason: text },
    prev: '0'.repeat(64),
    hash: '0'.repeat(64),
  }));
  return theFacts([{ client, tokens, attention: ['no_contact'], history: undefined }], {
    events,
    audit: { chains: 2, events: 3, findings: [{ aggregate: text, what: text }], moreFindings: 1 },
  });
}

it('makes text of everything that was stored', () => {
  const source = page(buildModel(hostileFacts()));
  expect(source).not.toMatch(/<img|onerror=alert\(1\)>|<script>alert|\u2028|\u202E/);
  expect(source.match(/<script/g)).toHaveLength(2);
  expect(source.match(/<\/script>/g)).toHaveLength(2);
  expect(source).toContain('&lt;img src=x onerror=alert(1)&gt;');
});

it('allows the one style sheet and the one script that stand in it, by their hashes, and nothing else', () => {
  const source = page(buildModel(theFacts([])));
  const hash = (element: string): string => {
    const text = new RegExp(`<${element}>(.*?)</${element}>`, 's').exec(source)?.[1] ?? '';
    return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  };
  expect(/http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(source)?.[1]?.split('; ')).toEqual([
    `default-src 'none'`,
    `style-src ${hash('style')}`,
    `script-src ${hash('script')}`,
    'img-src data:',
    `base-uri 'none'`,
    `form-action 'none'`,
  ]);
  expect(source).not.toMatch(
    / style="| on[a-z]+="|javascript:|https?:\/\/(?!apikey\.agency\.example|api\.agency\.example)/,
  );
});

it('holds nothing that the redactor would take away: it may go wherever words may go', () => {
  for (const facts of [manyFacts(500, 7), hostileFacts()]) {
    const source = page(buildModel(facts));
    expect(redact(source) === source).toBe(true);
  }
});

it('is the same for the same facts', () => {
  expect(page(buildModel(manyFacts(300, 25))) === page(buildModel(manyFacts(300, 25)))).toBe(true);
});

it.each([
  { tokens: 10_000, clients: 25 },
  { tokens: 10_000, clients: 400 },
  { tokens: 10_000, clients: 10_000 },
])('stays under 4 MB with $tokens tokens of $clients clients', ({ tokens, clients }) => {
  expect(Buffer.byteLength(page(buildModel(manyFacts(tokens, clients))))).toBeLessThan(4_000_000);
});

it('stays under 6 MB with 100,000 tokens, and says what is not in it', () => {
  const source = page(buildModel(manyFacts(100_000, 5_000)));
  expect(Buffer.byteLength(source)).toBeLessThan(6_000_000);
  expect(source).toContain('The table of tokens holds 20,000 of 100,000');
  expect(source).toContain('The timeline shows 500 of 5,000 clients');
});

it('shows the attention list and the clients without scripts, and says what takes them', () => {
  const source = page(buildModel(manyFacts(1_000, 4)));
  const still = source.replaceAll(/<script.*?<\/script>/gs, '');
  expect(still).toContain('client-00003');
  expect(still).toContain('Live tokens that end within 14 days');
  expect(still).toMatch(/<noscript\s*>.*This table needs scripts/s);
});

it('says that an environment was never set up', () => {
  const source = page(buildModel(theFacts([], { isSetUp: false, keys: [], now: NOW })));
  expect(source).toContain('Nothing has been set up in this environment yet.');
});

it('puts a broken audit log before everything else', () => {
  const source = page(buildModel(hostileFacts()));
  expect(source.indexOf('The audit log does not verify')).toBeLessThan(source.indexOf('Expiring'));
  expect(source).toMatch(/<h3>The audit log does not verify<\/h3>\s*<p>\s*2 findings/);
});
