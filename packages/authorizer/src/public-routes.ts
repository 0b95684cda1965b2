/** Keeps public routes apart from those that take a token, whatever reading of a path a server has. */
import { AuthorizerConfigError } from './config-error.ts';
import { pathsOverlap } from './lambda/overlap.ts';
import { foldPath } from './path-readings.ts';
import type { CompiledRoute } from './routes.ts';

/** Throws `AuthorizerConfigError` where some request could match a public route and one that takes a token. */
export function requirePublicApart(routes: readonly CompiledRoute[], option: string, exactPaths: boolean): void {
  const scoped = routes.filter((route) => !route.public);
  for (const [index, route] of routes.entries()) {
    const other = route.public && scoped.find((it) => methodsMeet(route, it) && readingsMeet(route, it, exactPaths));
    if (typeof other !== 'object') continue;
    throw new AuthorizerConfigError(
      `${option}[${index}].public`,
      `is true, but ${other.method} ${other.path} takes a token for some of the same requests, in some server's reading ` +
        'of their paths: change one of the two',
    );
  }
}

/** A HEAD request matches routes for GET, too. */
function methodsMeet({ method: a }: CompiledRoute, { method: b }: CompiledRoute): boolean {
  if (a === b || a === '*' || b === '*') return true;
  return [a, b].every((method) => method === 'GET' || method === 'HEAD');
}

function readingsMeet({ path: a }: CompiledRoute, { path: b }: CompiledRoute, exactPaths: boolean): boolean {
  const [one, other] = [a, b].map((path) => barePattern(foldPath(path, exactPaths)));
  if (one === undefined || other === undefined) return true;
  if (pathsOverlap(one, other)) return true;
  return !exactPaths && (pathsOverlap(`${one}/`, other) || pathsOverlap(one, `${other}/`));
}

/**
 * A pattern for what is left of matching paths without `;parameters`. Where a star stands for a `;`, what the pattern has
 * up to the next slash is a parameter's: `/files/*.pdf` matches `/files/secret.txt;x.pdf`, which is `/files/secret.txt` to Tomcat.
 */
export function barePattern(path: string): string {
  return path.replaceAll(/;[^/*]*/g, '').replaceAll(/\*[^/]*/g, '*');
}
