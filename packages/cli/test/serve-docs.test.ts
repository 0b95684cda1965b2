/** docs/gateway.md and the examples for proxies say what is so. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseCommandLine } from '../src/command-line/parse.ts';
import { COMMANDS } from '../src/commands/index.ts';
import { serve } from '../src/commands/serve/command.ts';
import { AUTHORIZE_PATH } from '../src/serve/forward-auth.ts';
import { ENDPOINTS } from '../src/serve/endpoints.ts';
import { Metrics } from '../src/serve/metrics.ts';
import { parseRoutes } from '../src/serve/routes-file.ts';

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
const PROXIES = ['nginx.conf', 'Caddyfile', 'traefik.yml', 'envoy.yaml', 'README.md'].map(
  (name) => `examples/proxies/${name}`,
);
const page = read('docs/gateway.md');

describe('docs/gateway.md', () => {
  it('names every flag of the command', () => {
    const flags = (serve.flags ?? []).flatMap(({ flags: text }) => /--[a-z-]+/.exec(text)?.[0] ?? []);
    const missing = flags.filter((flag) => !page.includes(flag) && flag !== '--quiet');
    expect(missing).toEqual([]);
  });

  it('names every metric, and no other', async () => {
    const names = [...(await new Metrics().text()).matchAll(/^# TYPE (apikey_\w+)/gm)].map(([, name]) => name);
    expect(names.length).toBeGreaterThan(5);
    const told = new Set([...page.matchAll(/apikey_\w+/g)].map(([name]) => name));
    expect(told).toEqual(new Set(names));
  });

  it('names every endpoint', () => {
    for (const path of [AUTHORIZE_PATH, ...Object.keys(ENDPOINTS)]) expect(page).toContain(path);
  });

  it('shows routes that are routes', () => {
    const [, json = ''] = /```json\n(\[.*?\])\n```/s.exec(page) ?? [];
    expect(parseRoutes('the page', Buffer.from(json)).routes).toHaveLength(3);
  });
});

describe.each(['docs/gateway.md', ...PROXIES])('the commands in %s', (path) => {
  it('are understood', () => {
    const lines = [...read(path).matchAll(/(?<=^(?:#\s+|\$ |ExecStart=\/usr\/local\/bin\/|))apikey serve[^#\n]*/gm)];
    expect(lines.length).toBeGreaterThan(0);
    for (const [line] of lines) {
      const argv = line.replaceAll(/[[\]]/g, '').trim().split(/\s+/).slice(1);
      expect(parseCommandLine(COMMANDS, argv)).toMatchObject({ kind: 'run', definition: { name: 'serve' } });
    }
  });
});
