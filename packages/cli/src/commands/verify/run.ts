/** `apikey verify`: every check of a decision, with what it found. */
import { isIP } from 'node:net';
import { AuthorizerFault, inspectToken, type Inspection } from '@apikey/authorizer';
import {
  ApikeyError,
  formatSeconds,
  GENESIS_HASH,
  InvalidStateError,
  InvalidValueError,
  MAIN_RING,
  type KeyRing,
  type TokenClaims,
} from '@apikey/shared';
import { ifSetUp, openForReading } from '../../backends.ts';
import type { Invocation } from '../../command-line/definition.ts';
import { parseOptional } from '../../command-line/parse-flag.ts';
import type { Settings } from '../../config/resolve.ts';
import type { Context } from '../../context.ts';
import { EXIT_CODES } from '../../exit-codes.ts';
import { distance } from '../../terminal/distance.ts';
import { printable } from '../../terminal/printable.ts';
import type { Style } from '../../terminal/style.ts';
import { readToken } from '../../token-input.ts';

/** Stands for the ring of an environment that was never set up: it signed nothing. */
const NO_KEYS: KeyRing = { name: MAIN_RING, keys: [], version: 1, eventSeq: 1, eventHash: GENESIS_HASH };

export async function run({ flags, args }: Invocation, context: Context): Promise<number> {
  const sourceAddress = parseOptional('--from', flags.text('from'), parseAddress);
  const { io, terminal } = context;
  const settings = await context.settings();
  const token = await readToken({ argument: args[0], file: flags.text('tokenFile') }, context);
  const now = io.clock.now() / 1000;
  const inspection = await inspect(settings, token, sourceAddress, now);
  const { live, reason, checks, claims } = inspection;
  if (terminal.json) {
    terminal.printJson({ live, reason: reason ?? null, checks, claims: shownClaims(claims), env: settings.env.value });
  } else {
    terminal.print(inspectionText(inspection, settings.env.value, now, terminal.style));
  }
  return live ? EXIT_CODES.done.code : EXIT_CODES.not_live.code;
}

async function inspect(
  settings: Settings,
  token: string,
  sourceAddress: string | undefined,
  now: number,
): Promise<Inspection> {
  const backend = await ifSetUp(openForReading(settings));
  try {
    return await inspectToken({
      token,
      ring: (await backend?.registry.readKeyRing()) ?? NO_KEYS,
      publicKey: async (ref) => {
        if (backend === undefined) throw new TypeError('there is no key in an empty ring');
        return backend.publicKeys.publicKey(ref);
      },
      readStatus: async (jti, client) =>
        (await backend?.registry.readStatus(jti, client)) ?? { record: undefined, client: undefined },
      issuer: settings.issuer,
      audience: settings.audience,
      maxLifetime: settings.maxTtl,
      now,
      sourceAddress,
    });
  } catch (error) {
    throw error instanceof AuthorizerFault ? faultError(error) : error;
  } finally {
    await backend?.registry.close();
  }
}

/** All but `rnd`: with it, what was signed could be rebuilt from a log of this output. */
function shownClaims(claims: Inspection['claims']): Omit<TokenClaims, 'rnd'> | null {
  if (claims === undefined) return null;
  const { rnd: _, ...shown } = claims;
  return shown;
}

function inspectionText(
  { live, reason, checks, claims, record }: Inspection,
  env: string,
  now: number,
  style: Style,
): string {
  const { yes, no, open: neither } = style.symbols;
  const marks = { true: style.green(yes), false: style.red(no), null: style.dim(neither) };
  const open = checks.filter(({ ok }) => ok === null);
  // After a failure most steps cannot run: one line for all of them.
  const told = open.length > 1 ? checks.filter(({ ok }) => ok !== null) : checks;
  const nameWidth = Math.max(...told.map(({ name }) => name.length));
  const lines = told.map(({ name, ok, detail }) => {
    const line = `${name.padEnd(nameWidth)}  ${printable(detail)}`;
    return `${marks[`${ok}`]} ${ok === null ? style.dim(line) : line}`;
  });
  if (open.length > 1)
    lines.push(`${marks.null} ${style.dim(`not checked: ${open.map(({ name }) => name).join(', ')}`)}`);
  const verdict = live
    ? `${style.green('live')} in environment ${env}`
    : `${style.red('not live')} in environment ${env}: ${reason ?? 'unknown'}`;
  const end = record === undefined || !live ? undefined : Math.min(record.exp, record.liveUntil);
  return [
    ...lines,
    '',
    verdict,
    ...(claims === undefined ? [] : [`  token ${claims.jti} of ${printable(claims.sub)}`]),
    ...(end === undefined ? [] : [`  until ${formatSeconds(end)} (${distance(end, now)})`]),
  ].join('\n');
}

/** Where a decision would be a server error, the admin wants to know what is broken. */
function faultError(fault: AuthorizerFault): ApikeyError {
  if (fault.cause instanceof ApikeyError) return fault.cause;
  const details = { why: fault.message, fix: 'restore registry and keys from a backup', cause: fault };
  return fault.code === 'KEY_MISMATCH' || fault.code === 'KEYS_UNAVAILABLE'
    ? new InvalidStateError('KEY_DAMAGED', 'a public key is not the one that the key ring names', details)
    : new InvalidStateError('STORE_DAMAGED', 'the registry holds what apikey did not write', details);
}

function parseAddress(text: string): string {
  if (isIP(text) !== 0) return text;
  throw new InvalidValueError('INVALID_INPUT', 'this is not an IP address', {
    why: 'expected one address, without a prefix length',
    fix: 'write it like 203.0.113.7 or 2001:db8::7',
  });
}
