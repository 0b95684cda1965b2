/** `apikey show`: one token record with its verdict and its events. */
import { formatSeconds, showToken, type AuditEvent, type TokenDetails } from '@apikey/shared';
import { openForReading } from '../../backends.ts';
import type { Invocation } from '../../command-line/definition.ts';
import type { Context } from '../../context.ts';
import { EXIT_CODES } from '../../exit-codes.ts';
import { distance } from '../../terminal/distance.ts';
import { fieldLines, type Field } from '../../terminal/fields.ts';
import { printable } from '../../terminal/printable.ts';
import type { Style } from '../../terminal/style.ts';
import { parseTokenId } from '../../token-id.ts';
import { tokenDetailsJson } from '../../token-json.ts';
import { statusPaint, statusWord } from '../list/columns.ts';

export async function run({ flags, args }: Invocation, context: Context): Promise<number> {
  const { jti, client } = parseTokenId(args[0], flags.text('client'));
  const { io, terminal } = context;
  const settings = await context.settings();
  const { registry } = await openForReading(settings);
  try {
    const details = await showToken({ registry, clock: io.clock }, jti, client);
    if (terminal.json) terminal.printJson({ ...tokenDetailsJson(details), env: settings.env.value });
    else terminal.print(detailsText(details, settings.env.value, io.clock.now() / 1000, terminal.style));
    return EXIT_CODES.done.code;
  } finally {
    await registry.close();
  }
}

function detailsText(details: TokenDetails, env: string, now: number, style: Style): string {
  const { record, client, key, events } = details;
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
    ['replaces', record.replaces],
    ['replaced by', record.replacedBy],
    ['revoked', record.revokedAt === undefined ? undefined : `${moment(record.revokedAt)} by ${record.revokedBy}`],
    ['reason', record.reason],
    ['request id', record.requestId],
    ['kid', `${record.kid} (${key === undefined ? 'not in the ring' : `${key.alg}, ${key.state}`})`],
  ];
  return [
    `${style.bold(record.jti)}  ${statusPaint(details, style)(statusWord(details))}`,
    ...fieldLines(fields, style),
    '',
    style.bold('Events'),
    ...events.map(eventLine),
  ].join('\n');
}

function eventLine({ at, action, actor }: AuditEvent): string {
  return printable(`  ${at.slice(0, 19)}Z  ${action.padEnd(16)}  ${actor}`);
}
