/** The columns of `apikey audit list`: few and relative for people, fixed and exact for programs. */
import { aggregateRef, parseTime, reasonOf, type AuditEvent, type Json } from '@apikey/shared';
import { distance } from '../../terminal/distance.ts';
import type { Style } from '../../terminal/style.ts';
import type { Column } from '../../terminal/table.ts';
import type { NamedCell } from '../listing.ts';
import { jsonText } from '../../terminal/printable.ts';

/** Fixed, and in this order: scripts cut them by number. */
export const PIPED_CELLS: readonly NamedCell<AuditEvent>[] = [
  { name: 'at', cell: ({ at }) => at },
  { name: 'actor', cell: ({ actor }) => actor },
  { name: 'action', cell: ({ action }) => action },
  { name: 'aggregate', cell: ({ aggregate }) => aggregate },
  { name: 'seq', cell: ({ seq }) => String(seq) },
  { name: 'subject', cell: ({ subject }) => subject },
  { name: 'reason', cell: (event) => reasonOf(event) ?? '' },
  { name: 'changes', cell: changesOf },
];

export function tableColumns(now: number, style: Style): readonly Column<AuditEvent>[] {
  return [
    { title: 'when', keep: true, cell: ({ at }) => distance(parseTime(at), now) },
    { title: 'who', cell: ({ actor }) => shortActor(actor) },
    { title: 'what', cell: ({ action }) => action, paint: (text, { action }) => paintOf(action, style)(text) },
    { title: 'about', cell: aboutOf },
    { title: 'why', cell: (event) => reasonOf(event) ?? '' },
    { title: 'change', cell: (event) => changeWords(event, now) },
  ];
}

/** `state active -> revoked, revokedAt 1795176000`: what an event changed, without what it repeats elsewhere. */
function changesOf({ detail, subject }: AuditEvent): string {
  const { before, after } = detail;
  return Object.entries(after)
    .filter(([name, value]) => name !== 'reason' && value !== subject)
    .map(([name, value]) => {
      const old = before[name] ?? null;
      return old === null ? `${name} ${shown(value)}` : `${name} ${shown(old)} -> ${shown(value)}`;
    })
    .join(', ');
}

/** `role/session` of an assumed role, without the partition and account that all its neighbours share. */
function shortActor(actor: string): string {
  return /^arn:[^:]*:(?:sts|iam)::\d*:(?:assumed-role\/)?(.+)$/.exec(actor)?.[1] ?? actor;
}

/** Ids are cut where their beginning is enough to go on with: a `jti` beside its client, a `kid`. */
function aboutOf({ detail, subject, aggregate }: AuditEvent): string {
  if (detail.entity === 'client') return subject;
  return detail.entity === 'key' ? subject.slice(0, 12) : `${aggregateRef(aggregate).id} ${subject.slice(0, 8)}`;
}

/** Said by the other columns, or of no use to a person: all of it is in the JSON, and in the lines for programs. */
const UNSAID =
  /^(?:revokedAt|revokedBy|activatedAt|retiringAt|retiredAt|createdAt|iat|issuedBy|payloadSha256|iss|ref|kid|client|epoch|reason)$/;
const TIME = /^(?:exp|nbf|liveUntil)$/;

function changeWords({ detail, subject }: AuditEvent, now: number): string {
  const { before, after } = detail;
  const made = (before['state'] ?? null) === null && 'state' in after;
  return Object.entries(after)
    .filter(([name, value]) => {
      if (value === subject || (made && (value === null || (Array.isArray(value) && value.length === 0)))) return false;
      if (made && (name === 'state' || name === 'aud' || name === 'liveUntil')) return false;
      return !UNSAID.test(name) || (name === 'epoch' && !made);
    })
    .map(([name, value]) => {
      const word = (it: Json): string => (TIME.test(name) && typeof it === 'number' ? distance(it, now) : shown(it));
      const old = before[name] ?? null;
      return made || old === null ? `${name} ${word(value)}` : `${name} ${word(old)} -> ${word(value)}`;
    })
    .join(', ');
}

function paintOf(action: string, style: Style): (text: string) => string {
  if (/\.(?:revoked|suspended)$/.test(action)) return style.red;
  return /\.(?:activated|resumed)$/.test(action) ? style.green : (text) => text;
}

function shown(value: Json): string {
  if (value === null) return 'none';
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map((it) => shown(it)).join(' ');
  return typeof value === 'string' ? value : jsonText(value);
}
