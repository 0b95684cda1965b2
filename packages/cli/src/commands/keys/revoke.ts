/** `apikey keys revoke`: ends a key and all its tokens, after showing what that hits. */
import {
  DEFAULT_KEYS_STALENESS,
  describeTokens,
  findKey,
  MAIN_RING,
  parseKidPrefix,
  planRevokeKey,
  revokeKey,
  SEAL_RING,
  type KeyPlan,
  type TokenView,
} from '@apikey/shared';
import type { Invocation } from '../../command-line/definition.ts';
import { parseFlag, parseReason } from '../../command-line/parse-flag.ts';
import type { Context } from '../../context.ts';
import { counted } from '../../counted.ts';
import { sameEnvironment } from '../../environment-words.ts';
import { configuredBound } from '../../revocation-bound.ts';
import { confirmByName } from '../../terminal/confirm.ts';
import { tokenImpactJson } from '../../token-json.ts';
import { tokenTable } from '../../token-words.ts';
import { withKeys, type KeyWork } from './key-command.ts';
import { keyJson } from './key-json.ts';
import { sameRing } from './ring.ts';

const SHORTEST_PREFIX = 6;

export function run({ flags, args }: Invocation, context: Context): Promise<number> {
  const prefix = parseFlag('kid', args[0] ?? '', parseKidPrefix);
  const reason = parseReason(flags.text('reason'));
  // Whatever the local clock says: what ends a key must not fail.
  return withKeys(
    flags,
    context,
    async (work) => {
      const { io, terminal, inputAllowed, deps, env } = work;
      const { kid } = await findKey(deps, prefix, work.ring);
      const plan = await planRevokeKey(deps, kid, work.ring);
      const dryRun = flags.on('dryRun');
      // Where nobody looks, usage is not read: nothing that is only shown may keep a key from being revoked.
      const shown = dryRun || flags.text('confirm') === undefined ? plan.tokens.map(({ record }) => record) : [];
      const views = await describeTokens(deps, shown);
      const impact = impactLines(plan, views, work);
      if (dryRun) {
        if (terminal.json) {
          terminal.printJson({
            dryRun: true,
            ...keyJson(plan.key),
            changed: plan.changes,
            ...impactJson(plan),
            impact: views.map(tokenImpactJson),
            env,
          });
        } else {
          const lines = plan.changes
            ? impact
            : [`Key ${kid} in environment ${env} is revoked already; there is nothing to do`];
          terminal.warn([`${terminal.aside.bold('Dry run')}, nothing is changed.`, ...lines].join('\n'));
        }
        return;
      }
      if (plan.changes) {
        await confirmByName(io, terminal, inputAllowed, {
          question: [...impact, 'This cannot be undone. Type the kid, or its first 6 characters, to revoke it:'].join(
            '\n',
          ),
          action: `revoking key ${kid}`,
          name: kid,
          given: flags.text('confirm'),
          prefix: uniqueLength(plan, kid),
        });
      }
      const { key, changed } = await revokeKey(deps, kid, reason, work.ring);
      if (terminal.json) terminal.printJson({ ...keyJson(key), changed, ...impactJson(plan), env });
      terminal.say(
        changed
          ? doneLines(plan, work).join('\n')
          : `Key ${kid} in environment ${env} was revoked already; nothing was changed`,
      );
    },
    'existing',
  );
}

/** What the keys of a ring are for. */
function doneWith({ ring }: KeyPlan): string {
  return ring.name === MAIN_RING ? 'issued' : 'sealed';
}

/** So many characters that no other key of the ring starts with the same. */
function uniqueLength({ ring }: KeyPlan, kid: string): number {
  let length = SHORTEST_PREFIX;
  while (ring.keys.some((other) => other.kid !== kid && other.kid.startsWith(kid.slice(0, length)))) length += 1;
  return length;
}

function clientsOf({ tokens }: KeyPlan): string[] {
  return [...new Set(tokens.map(({ record }) => record.client))].toSorted();
}

function impactJson(plan: KeyPlan): object {
  return { tokens: plan.tokens.map(({ record }) => record.jti), clients: clientsOf(plan) };
}

function hitWords(plan: KeyPlan): string {
  if (plan.ring.name !== MAIN_RING) return 'every seal that it signed';
  const count = plan.tokens.length;
  return count === 0 ? 'no token' : `${counted(count, 'token')} of ${counted(clientsOf(plan).length, 'client')}`;
}

function impactLines(plan: KeyPlan, views: readonly TokenView[], { terminal, deps, env }: KeyWork): string[] {
  const { key, tokens } = plan;
  const table = tokenTable(views, { now: deps.clock.now() / 1000, style: terminal.aside, columns: terminal.columns });
  return [
    `Revoking key ${key.kid} (${key.alg}, ${key.state}) in environment ${env} ends ${hitWords(plan)}${tokens.length === 0 ? '' : ' for good:'}`,
    ...table,
    ...(key.state === 'active'
      ? [`It is the key that signs: nothing can be ${doneWith(plan)} until another one is activated.`]
      : []),
  ];
}

/** The published bound for keys, with the part first that `apikey.toml` does not say. */
function ringWords(config: KeyWork['config']): string {
  const more = configuredBound(config).keys - DEFAULT_KEYS_STALENESS;
  return [
    `their maxStaleness.keys, ${DEFAULT_KEYS_STALENESS} seconds unless set otherwise`,
    ...(more === 0 ? [] : [`and ${counted(more, 'second')} more for gateway_result_ttl and stale_if_error`]),
  ].join(', ');
}

function doneLines(plan: KeyPlan, { terminal, config, env }: KeyWork): string[] {
  const same = sameEnvironment(config);
  const pending = plan.ring.keys.some(({ state }) => state === 'pending');
  return [
    `${terminal.aside.green('Revoked')} key ${plan.key.kid} in environment ${env}, which ends ${hitWords(plan)}`,
    plan.ring.name === MAIN_RING
      ? `Authorizers deny its tokens as soon as they read the key ring again: within ${ringWords(config)}.`
      : '`apikey audit verify --seal` reports its seals as a finding: keep them, and seal anew with another key.',
    ...(plan.key.state === 'active'
      ? [
          `No key signs now: nothing can be ${doneWith(plan)}.`,
          `Next: apikey keys rotate${same}${sameRing(plan.ring.name === MAIN_RING ? MAIN_RING : SEAL_RING)} --now ${pending ? 'activates the pending key' : 'makes a new key and lets it sign at once'}; then ${plan.ring.name === MAIN_RING ? 'issue new tokens to those who lost theirs' : 'run apikey audit seal'}`,
        ]
      : []),
  ];
}
