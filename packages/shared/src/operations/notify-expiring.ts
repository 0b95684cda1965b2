/** Tells people, in time and once each, which tokens will expire. */
import { endOfLife } from '../domain/liveness.ts';
import { formatSeconds } from '../domain/time.ts';
import { USAGE_INTERVAL_SECONDS } from '../domain/usage-resolution.ts';
import type { Notice, NoticeLog, NoticeMessage, NoticeSender } from '../ports/notices.ts';
import { listExpiring } from './expiring.ts';
import type { OperationDeps, TokenView } from './types.ts';

const DAY = 86_400;
/** A token is told of when so many days are left, the first time that somebody looks. */
export const NOTICE_DAYS: readonly number[] = [30, 14, 7, 1];
/** As many tokens as one message takes: already more than anybody reads. */
const TOKENS_PER_MESSAGE = 100;
/** What the tokens of one message may take of the 256 KB that SNS allows: one with all its scopes takes 8 KB. */
const BYTES_PER_MESSAGE = 128 * 1024;
/** Subjects of SNS are shorter than 100 characters (API reference, Publish). */
const SUBJECT_CHARACTERS = 99;
/** Messages that are prepared at the same time, so that 100,000 tokens are told of before a function has to end. */
const MESSAGES_AT_ONCE = 16;

export interface NotifyDeps extends Pick<OperationDeps, 'registry' | 'clock'> {
  readonly notices: NoticeLog;
  readonly sender: NoticeSender;
  /** The name that `--env` selects. */
  readonly environment: string;
}

export interface NotifyOutcome {
  /** Tokens that were told of now. */
  readonly told: number;
  /** Tokens that could not be told of; they are with the next run. */
  readonly failed: number;
  /** What went wrong: why tokens could not be told of, or why it could not be noted that they were. */
  readonly errors: readonly unknown[];
}

interface Due {
  readonly view: TokenView;
  readonly notice: Notice;
}

/** One message for each client and number of days. An error with one of them keeps no other back. */
export async function notifyExpiring(deps: NotifyDeps): Promise<NotifyOutcome> {
  const now = deps.clock.now() / 1000;
  const views = await listExpiring(deps, { within: Math.max(...NOTICE_DAYS) * DAY });
  const due = views.flatMap((view) => dueNow(view, now) ?? []);
  const groups = Map.groupBy(due, ({ view, notice }) => `${view.record.client} ${notice.days}`);
  const messages = [...groups.values()].flatMap((group) => parts(group, now));
  let told = 0;
  let failed = 0;
  const errors: unknown[] = [];
  const tellOne = async (part: readonly Due[]): Promise<void> => {
    try {
      const mine = await tell(deps, part);
      told += mine.length;
      errors.push(...(await confirmed(deps, mine)));
    } catch (error) {
      failed += part.length;
      errors.push(error);
    }
  };
  for (let from = 0; from < messages.length; from += MESSAGES_AT_ONCE) {
    await Promise.all(messages.slice(from, from + MESSAGES_AT_ONCE).map(tellOne));
  }
  return { told, failed, errors };
}

function parts(group: readonly Due[], now: number): Due[][] {
  const found: Due[][] = [];
  let bytes = Infinity;
  for (const due of group) {
    const size = new TextEncoder().encode(tokenLines(due.view, now).join('\n')).length;
    const last = found.at(-1);
    if (last === undefined || last.length === TOKENS_PER_MESSAGE || bytes + size > BYTES_PER_MESSAGE) {
      found.push([due]);
      bytes = size;
    } else {
      last.push(due);
      bytes += size;
    }
  }
  return found;
}

/** The smallest number of days that fits. Nobody is told that a token of ten days ends within a fortnight. */
function dueNow(view: TokenView, now: number): Due | undefined {
  const { record, successorLive } = view;
  if (successorLive) return undefined;
  const left = endOfLife(record) - now;
  const days = NOTICE_DAYS.findLast((it) => left <= it * DAY);
  if (days === undefined || record.exp - record.iat <= days * DAY) return undefined;
  return { view, notice: { jti: record.jti, days, exp: record.exp } };
}

/** Those of them that were told of: others may have been faster. */
async function tell(
  { clock, notices, sender, environment }: NotifyDeps,
  part: readonly Due[],
): Promise<readonly Due[]> {
  const mine: Due[] = [];
  try {
    for (const due of part) if (await notices.claim(due.notice, clock.now())) mine.push(due);
    if (mine.length > 0) await sender.send(messageOf(mine, environment, clock.now() / 1000));
  } catch (error) {
    await Promise.allSettled(mine.map(({ notice }) => notices.release(notice)));
    throw error;
  }
  return mine;
}

/** What was sent and is not confirmed will be sent once more: better twice than never. An error each that failed. */
async function confirmed({ clock, notices }: NotifyDeps, told: readonly Due[]): Promise<readonly unknown[]> {
  const errors: unknown[] = [];
  for (const { notice } of told)
    await notices.confirm(notice, clock.now()).catch((error: unknown) => errors.push(error));
  return errors;
}

function messageOf(due: readonly Due[], environment: string, now: number): NoticeMessage {
  const [first] = due;
  if (first === undefined) throw new TypeError('nothing to tell');
  const { client } = first.view.record;
  const { days } = first.notice;
  const contact = first.view.contact ?? '';
  const count = due.length === 1 ? '1 token' : `${due.length} tokens`;
  const within = days === 1 ? '1 day' : `${days} days`;
  const ends = due.length === 1 ? 'expires' : 'expire';
  return {
    // A client's name may be as long as 63 characters.
    subject: `apikey ${environment}: ${count} of ${client} ${ends}`
      .replaceAll(/[^\x20-\x7E]/g, '?')
      .slice(0, SUBJECT_CHARACTERS),
    text: [
      `${count} of client ${client} in environment ${environment} ${ends} within ${within}, and nothing replaces ${due.length === 1 ? 'it' : 'them'} yet.`,
      `Contact: ${contact === '' ? 'none is known (apikey clients set --contact)' : contact}`,
      '',
      ...due.flatMap(({ view }) => tokenLines(view, now)),
      'A rotation takes nothing down: the old token stays live through its grace.',
      `  apikey rotate ${first.view.record.jti} --env ${environment}`,
      '',
    ].join('\n'),
    attributes: {
      event: 'token.expiring',
      environment,
      client,
      days: String(days),
      ...(contact === '' ? {} : { contact }),
    },
  };
}

function tokenLines({ record, lastUsedAt }: TokenView, now: number): string[] {
  const hours = Math.floor((endOfLife(record) - now) / 3600);
  const left = hours < 48 ? `${hours} hours` : `${Math.floor(hours / 24)} days`;
  return [
    `  ${record.jti}`,
    `    expires    ${formatSeconds(endOfLife(record))} (in ${left})`,
    ...(record.note === undefined ? [] : [`    note       ${record.note}`]),
    ...(record.scopes.length === 0 ? [] : [`    scopes     ${record.scopes.join(' ')}`]),
    ...(lastUsedAt === undefined
      ? []
      : [`    last used  ${formatSeconds(lastUsedAt)}, noted at most every ${USAGE_INTERVAL_SECONDS / 60} minutes`]),
    '',
  ];
}
