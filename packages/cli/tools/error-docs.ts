/** Writes `docs/errors.md` from the tables in the code: `pnpm docs:errors`. */
import { writeFileSync } from 'node:fs';
import { ERRORS, JWS_ERRORS, type ErrorKind } from '@apikey/shared';
import { EXIT_CODES } from '../src/exit-codes.ts';

/** The page as it must be. */
export function errorDocs(): string {
  const entries = Object.entries(ERRORS).map(([code, entry]) => ({ code, ...entry, retryable: 'retryable' in entry }));
  const kinds = new Set<ErrorKind>(entries.map(({ kind }) => kind));
  const sections = [...kinds].map((kind) => {
    const { code: exit, meaning } = EXIT_CODES[kind];
    const rows = entries
      .filter((entry) => entry.kind === kind)
      .map((entry) => `| \`${entry.code}\` | ${entry.meaning} | ${entry.retryable ? 'yes' : ''} |`);
    return [`## Exit code ${exit}: ${meaning}`, '', '| code | meaning | safe to retry |', '|---|---|---|', ...rows, ''];
  });
  const jws = Object.entries(JWS_ERRORS).map(([code, meaning]) => `| \`${code}\` | ${meaning} |`);
  return [
    '# Errors',
    '',
    'Every error of `apikey` has a stable code. With `--json` it is `error.code` of the object on standard error; the exit',
    'code follows from its kind. This page is written from the code by `pnpm docs:errors`.',
    '',
    ...sections.flat(),
    '## Why a token cannot be read or verified (`JwsError`)',
    '',
    'Thrown by `verifyCompactJws` and its like. A request that carries such a token is denied with `malformed`,',
    '`wrong_type` or `bad_signature`.',
    '',
    '| code | meaning |',
    '|---|---|',
    ...jws,
    '',
  ].join('\n');
}

if (import.meta.main) writeFileSync(new URL('../../../docs/errors.md', import.meta.url), errorDocs());
