/** Reads `--routes FILE`: a JSON list of `{ method, path, scopes }`, or `{ path, public: true }`. */
import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { AuthorizerConfigError, compileRoutes, type RouteTable } from '@apikey/authorizer';
import { InvalidValueError, parseJsonObject } from '@apikey/shared';
import { readInputFile } from './input-file.ts';

const FIX = 'write [{ "method": "GET", "path": "/plans/*", "scopes": ["plans:read"] }]; docs/gateway.md has the rules';

export interface RoutesFile {
  /** As the user wrote it. */
  readonly shown: string;
  readonly path: string;
  readonly exactPaths: boolean;
}

export function readRoutesFile({ shown, path, exactPaths }: RoutesFile): RouteTable {
  return parseRoutes(
    shown,
    readInputFile(shown, () => readFileSync(path)),
    exactPaths,
  );
}

/** Throws `CONFIG_INVALID`, which names the file and the member. */
export function parseRoutes(shown: string, bytes: Uint8Array, exactPaths = false): RouteTable {
  const routes = parseList(shown, bytes);
  if (routes.length === 0) throw invalid(shown, 'it has no route, so that every request would be denied');
  try {
    return compileRoutes(routes, { exactPaths });
  } catch (error) {
    if (!(error instanceof AuthorizerConfigError)) throw error;
    throw invalid(shown, error.message.replace(/^routes(?=\[)/, 'route '), error);
  }
}

function parseList(shown: string, bytes: Uint8Array): Parameters<typeof compileRoutes>[0] {
  if (!isUtf8(bytes)) throw invalid(shown, 'it is not UTF-8');
  const text = Buffer.from(bytes).toString('utf8');
  try {
    JSON.parse(text);
  } catch (error) {
    throw invalid(shown, error instanceof Error ? error.message.split('\n', 1).join('') : 'it is not JSON', error);
  }
  // Strict where JSON.parse is not: of a member given twice, the last would win without a word.
  const list: unknown = parseStrictly(shown, text);
  if (!Array.isArray(list)) throw invalid(shown, 'it must be a list of { method, path, scopes }');
  return list;
}

function parseStrictly(shown: string, text: string): unknown {
  try {
    return parseJsonObject(Buffer.from(`{"routes":${text}}`))['routes'];
  } catch (error) {
    throw invalid(shown, 'a member is given twice in one object, or a text is not well-formed', error);
  }
}

function invalid(shown: string, why: string, cause?: unknown): InvalidValueError {
  const details = { why, fix: FIX };
  return new InvalidValueError(
    'CONFIG_INVALID',
    `${shown} holds no routes`,
    cause === undefined ? details : { ...details, cause },
  );
}
