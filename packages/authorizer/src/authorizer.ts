/** Creates authorizers: the one entry point that every face and every embedding program goes through. */
import { Decider } from './decider.ts';
import type { AuthorizeRequest, Decision } from './decision.ts';
import { parseOptions, type AuthorizerOptions } from './options.ts';
import type { Refusal } from './refusal.ts';
import { routesArePublic, type RouteTable } from './routes.ts';

type RoutedRequest = Pick<AuthorizeRequest, 'method' | 'path' | 'routes'>;

export interface Authorizer {
  /**
   * Decides on one request. Resolves to an allowance or a denial; rejects with an `AuthorizerFault` when the registry or
   * the keys are out of reach, after at most 1.5 seconds, and with nothing else.
   */
  readonly authorize: (request: AuthorizeRequest) => Promise<Decision>;
  /**
   * Whether the request takes no token: all routes that it matches are public, both the authorizer's own and those of the
   * face. The faces ask this first. `authorize` does not: it denies every request without a token.
   */
  readonly isPublic: (request: RoutedRequest) => boolean;
  /** For faces: reports to `onDecision` an event that they refuse without a decision, so that no refusal goes unseen. */
  readonly refuse: (refusal: Refusal) => void;
  /** Seconds for which a gateway may reuse an answer; an allowance holds for at least that long. */
  readonly gatewayResultTtl: number;
  /** The routes of its own options: they hold in every face. */
  readonly routes: RouteTable | undefined;
  /** How the routes of faces are to be compiled. */
  readonly exactPaths: boolean;
}

/**
 * Makes an authorizer. Nothing is opened or read before the first request.
 *
 * @throws AuthorizerConfigError for an option that is missing, unknown or out of range
 */
export function createAuthorizer(options: AuthorizerOptions): Authorizer {
  const settings = parseOptions(options);
  const decider = new Decider(settings);
  return Object.freeze({
    authorize: (request: AuthorizeRequest) => decider.authorize(request),
    isPublic: ({ method, path, routes }: RoutedRequest) => {
      const tables = [settings.routes, routes].filter((table) => table !== undefined);
      return tables.length > 0 && tables.every((table) => routesArePublic(table, method, path));
    },
    refuse: (refusal: Refusal) => decider.refuse(refusal),
    gatewayResultTtl: settings.gatewayResultTtl,
    routes: settings.routes,
    exactPaths: settings.exactPaths,
  });
}
