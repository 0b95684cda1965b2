/** A year of an invented environment, made by the real commands under a clock that is moved: what a report shows. */
import { localUsage } from '@apikey/shared/local';
import { parseTime } from '@apikey/shared';
import { Session } from './session.ts';

type Step = readonly [day: string, act: (story: Story) => Promise<void>];

/** Tokens are remembered by a name that only this file knows. */
class Story {
  readonly session: Session;
  readonly #tokens = new Map<string, { readonly jti: string; readonly client: string }>();

  constructor(session: Session) {
    this.session = session;
  }

  async run(...argv: readonly string[]): Promise<void> {
    const { code, stderr } = await this.session.run(argv);
    if (code !== 0) throw new Error(`apikey ${argv.join(' ')}: ${stderr}`);
  }

  async issue(name: string, client: string, ...flags: readonly string[]): Promise<void> {
    this.#tokens.set(name, { jti: (await this.session.issue('--client', client, ...flags)).jti, client });
  }

  async rotate(name: string, next: string, ...flags: readonly string[]): Promise<void> {
    const { client } = this.#known(name);
    const { code, stdout, stderr } = await this.session.run(['rotate', this.jti(name), '--json', ...flags]);
    if (code !== 0) throw new Error(stderr);
    const { jti }: { jti: string } = JSON.parse(stdout);
    this.#tokens.set(next, { jti, client });
  }

  /** A token that was never delivered. */
  async fail(client: string, ...flags: readonly string[]): Promise<void> {
    await this.session.run(['issue', '--client', client, ...flags], { stdoutFails: 'ENOSPC' });
  }

  async used(...names: readonly string[]): Promise<void> {
    const usage = localUsage({ dataDir: this.session.dataDir });
    const usedAt = Math.floor(this.session.now / 1000);
    for (const name of names) await usage.recordUse({ ...this.#known(name), usedAt, exp: usedAt });
    await usage.close();
  }

  jti(name: string): string {
    return this.#known(name).jti;
  }

  #known(name: string): { readonly jti: string; readonly client: string } {
    const token = this.#tokens.get(name);
    if (token === undefined) throw new Error(`no token ${name} in this story`);
    return token;
  }
}

const client = (id: string, contact: string, ...more: readonly string[]): Step => [
  '2026-01-12',
  (it) => it.run('clients', 'set', id, ...(contact === '' ? [] : ['--contact', contact]), ...more),
];

const STEPS: readonly Step[] = [
  ['2026-01-11', (it) => it.run('init')],
  client(
    'benefits-portal',
    'portal@agency.example',
    '--owner',
    'Web team',
    '--purpose',
    'Shows applicants their status',
  ),
  client('dispatch-mobile', 'mobile@agency.example', '--scope', 'units:read', '--scope', 'calls:read'),
  client('geo-tiles', 'maps@agency.example'),
  client('intake-forms', 'forms@agency.example', '--cidr', '192.0.2.0/24'),
  client('nightly-etl', 'data@agency.example', '--max-ttl', '90d'),
  client('partner-clinics', 'it@clinics.example'),
  client('payroll-sync', 'payroll@agency.example', '--cidr', '198.51.100.0/24'),
  ['2026-01-20', (it) => it.issue('tiles', 'geo-tiles', '--ttl', '60d', '--scope', 'maps:read')],
  ['2026-02-02', (it) => it.issue('portal-1', 'benefits-portal', '--ttl', '180d', '--note', 'production')],
  ['2026-02-03', (it) => it.issue('payroll-1', 'payroll-sync', '--ttl', '90d', '--note', 'monthly run')],
  ['2026-03-02', (it) => it.run('keys', 'create')],
  ['2026-03-03', (it) => activateNewest(it)],
  ['2026-03-10', (it) => it.issue('tiles-2', 'geo-tiles', '--ttl', '366d', '--scope', 'maps:read')],
  ['2026-03-18', (it) => it.issue('clinics-a', 'partner-clinics', '--ttl', '200d', '--note', 'site A')],
  ['2026-03-18', (it) => it.issue('clinics-b', 'partner-clinics', '--ttl', '200d', '--note', 'site B')],
  ['2026-04-02', (it) => it.issue('forms-1', 'intake-forms', '--ttl', '300d', '--scope', 'forms:write')],
  ['2026-04-20', (it) => it.rotate('payroll-1', 'payroll-2', '--ttl', '120d')],
  ['2026-05-05', (it) => it.issue('etl-1', 'nightly-etl', '--ttl', '90d', '--note', 'warehouse load')],
  [
    '2026-05-20',
    (it) => it.issue('mobile-1', 'dispatch-mobile', '--ttl', '366d', '--scope', 'units:read', '--note', 'fleet north'),
  ],
  [
    '2026-05-20',
    (it) => it.issue('mobile-2', 'dispatch-mobile', '--ttl', '366d', '--scope', 'units:read', '--note', 'fleet south'),
  ],
  ['2026-06-09', (it) => it.run('revoke', it.jti('mobile-2'), '--yes', '--reason', 'laptop was stolen')],
  [
    '2026-06-09',
    (it) => it.issue('mobile-3', 'dispatch-mobile', '--ttl', '366d', '--scope', 'units:read', '--note', 'fleet south'),
  ],
  [
    '2026-06-28',
    (it) =>
      it.run('clients', 'revoke', 'partner-clinics', '--confirm', 'partner-clinics', '--reason', 'contract ended'),
  ],
  ['2026-07-14', (it) => it.rotate('portal-1', 'portal-2', '--ttl', '150d', '--grace', '14d')],
  ['2026-07-28', (it) => it.run('keys', 'create')],
  ['2026-07-29', (it) => activateNewest(it)],
  ['2026-08-01', (it) => it.rotate('etl-1', 'etl-2', '--ttl', '90d')],
  ['2026-08-05', async (it) => it.run('keys', 'retire', await kid(it, 0), '--yes')],
  ['2026-08-12', (it) => it.rotate('payroll-2', 'payroll-3', '--ttl', '108d', '--grace', '3d')],
  [
    '2026-09-01',
    (it) =>
      it.issue('stats', 'open-statistics', '--ttl', '366d', '--scope', 'figures:read', '--note', 'weekly publication'),
  ],
  ['2026-09-12', (it) => it.used('tiles-2', 'mobile-1', 'mobile-3')],
  ['2026-09-14', (it) => it.issue('archive', 'records-archive', '--ttl', '240d', '--note', 'scanner room 4')],
  ['2026-10-02', (it) => it.run('clients', 'suspend', 'geo-tiles', '--yes', '--reason', 'twice the agreed rate')],
  ['2026-10-20', (it) => it.rotate('etl-2', 'etl-3', '--ttl', '90d')],
  ['2026-11-12', (it) => it.rotate('portal-2', 'portal-3', '--ttl', '180d', '--grace', '14d', '--note', 'production')],
  ['2026-11-15', (it) => it.fail('records-archive', '--ttl', '90d', '--note', 'scanner room 7')],
  ['2026-11-16', (it) => it.run('keys', 'create')],
  [
    '2026-11-19',
    (it) => it.used('portal-2', 'portal-3', 'payroll-3', 'forms-1', 'etl-3', 'mobile-3', 'stats', 'archive'),
  ],
];

async function activateNewest(story: Story): Promise<void> {
  await story.run('keys', 'activate', await kid(story, -1), '--yes');
}

async function kid({ session }: Story, index: number): Promise<string> {
  const { stdout } = await session.run(['keys', 'list', '--json']);
  const keys: { kid: string }[] = JSON.parse(stdout);
  return keys.at(index)?.kid ?? '';
}

/** Ends at noon on 20 November 2026. */
export async function tellStory(session: Session): Promise<void> {
  const story = new Story(session);
  const end = session.now;
  for (const [day, act] of STEPS) {
    session.now = parseTime(`${day}T08:30:00Z`) * 1000;
    await act(story);
  }
  session.now = end;
}
