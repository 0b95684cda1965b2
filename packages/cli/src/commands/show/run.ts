/** `apikey show`: one token record with its verdict and its events. */
import { endOfLife, formatSeconds, showToken, type AuditEvent, type TokenDetails } from '@apikey/shared';
import { openForReading } from '../../backends.ts';
import type { Invocation } from '../../command-line/definition.ts';
import type { Context } from '../../context.ts';
import { EXIT_CODES } from '../../exit-codes.ts';
import { distance } from '../../terminal/distance.ts';
import { lifeBar, lifePaint } from '../../terminal/life-bar.ts';
import { fieldLines, type Field } from '../../terminal/fields.ts';
import { printable } from '../../terminal/printable.ts';
import type { Style } from '../../terminal/style.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { parseTokenId } from '../../token-id.ts';
import { tokenDetailsJson } from '../../token-json.ts';
import { attentionWords } from '../../token-words.ts';
import { lastUsedValue } from '../../use-words.ts';
import { lifeOf, statusPaint, statusWord } from '../list/columns.ts';

/** Cells of the bar. */
const BAR = 20;

export async function run({ flags, args }: Invocation, context: Context): Promise<number> {
  const { jti, client } = parseTokenId(args[0], flags.text('client'));
  const { io, terminal } = context;
  const settings = await context.settings();
  const { registry } = await openForReading(settings);
  try {
    const details = await showToken({ registry, clock: io.clock }, jti, client);
    if (terminal.json) terminal.printJson({ ...tokenDetailsJson(details), env: settings.env.value });
    else terminal.print(detailsText(details, settings.env.value, io.clock.now() / 1000, terminal));
    return EXIT_CODES.done.code;
  } finally {
    await registry.close();
  }
}

function detailsText(details: TokenDetails, env: string, now: number, { style, isTTY }: Terminal): string {
  const { record, client, key, events, successor, attention } = details;
  const moment = (seconds: number | undefined): string | undefined =>
    seconds === undefined ? undefined : `${formatSeconds(seconds)} (${distance(seconds, now)})`;
  const fields: Field[] = [
    ['client', client === undefined ? `${record.client} (not in the registry)` : `${record.client} (${client.state})`],
    ['env', env],
    ['state', record.state],
    ['scopes', record.scopes.length === 0 ? undefined : record.scopes.join(' ')],
    ['audience', record.aud.join(' ')],
    ['issuer', record.iss],
    ['note', record.note],
    ['issued', `${moment(record.iat)} by ${record.issuedBy}`],
    ['begins', moment(record.nbf)],
    ['expires', moment(record.exp)],
    ['live until', record.liveUntil === record.exp ? undefined : moment(record.liveUntil)],
    ['last used', lastUsedValue(details, now, successor)],
    ['attention', attention.length === 0 ? undefined : attentionWords(attention)],
    ['replaces', record.replaces],
    ['replaced by', record.replacedBy],
    ['revoked', record.revokedAt === undefined ? undefined : `${moment(record.revokedAt)} by ${record.revokedBy}`],
    ['reason', record.reason],
    ['request id', record.requestId],
    ['kid', `${record.kid} (${key === undefined ? 'not in the ring' : `${key.alg}, ${key.state}`})`],
  ];
  return [
    `${style.bold(record.jti)}  ${statusPaint(details, style)(statusWord(details))}`,
    ...(isTTY && !details.over ? [lifeLine(details, now, style)] : []),
    ...fieldLines(fields, style),
    '',
    style.bold('Events'),
    ...events.map(eventLine),
  ].join('\n');
}

/** `██████████░░░░░░░░░░ until 2027-02-01 (in 45 days)` */
function lifeLine(view: TokenDetails, now: number, style: Style): string {
  const life = lifeOf(view);
  const end = endOfLife(view.record);
  const bar = lifePaint(life, style)(lifeBar(life, BAR, style.symbols));
  return `  ${bar} until ${formatSeconds(end).slice(0, 10)} (${distance(end, now)})`;
}

function eventLine({ at, action, actor }: AuditEvent): string {
  return printable(`  ${at.slice(0, 19)}Z  ${action.padEnd(16)}  ${actor}`);
}
