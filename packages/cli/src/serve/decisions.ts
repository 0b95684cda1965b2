/** Asks the authorizer about requests, and tells the operator what came of it. */
import type { IncomingMessage } from 'node:http';
import {
  answerDenied,
  answerFault,
  PUBLIC_ACCESS,
  readCredential,
  type Allowed,
  type Answer,
  type Authorizer,
  type DecisionReport,
  type PublicAccess,
  type RouteTable,
} from '@apikey/authorizer';

/** The request that is decided about, which need not be the one that asks. */
export interface Subject {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly sourceAddress: string | undefined;
}

/** Why a request was refused before anything was decided about its token. */
export type RefusalReason =
  /** A proxy says two things about the request that it asks about. */
  | 'contradictory_request'
  /** A header that a backend could take for one that only a proxy or the gateway may set. */
  | 'disguised_header'
  | 'unsupported_target'
  | 'unsupported_method'
  | 'unsupported_encoding'
  | 'unsupported_expectation'
  /** It is not HTTP, does not end in time, or does not name one host. */
  | 'unreadable_request';

/** A decision, or a refusal that came before it. */
export type GatewayReport = Omit<DecisionReport, 'reason'> & {
  readonly reason?: NonNullable<DecisionReport['reason']> | RefusalReason;
  /** Nothing was decided. */
  readonly refused?: true;
};

export interface DecisionsOptions {
  readonly authorizer: Authorizer;
  /** Absent = a live token opens everything. */
  readonly routes: RouteTable | undefined;
  readonly onDecision: (report: GatewayReport, subject: Subject) => void;
  /** What is behind a fault, for whoever has to mend it. */
  readonly onFault: (error: unknown) => void;
}

const PUBLIC_REPORT: DecisionReport = {
  allowed: true,
  public: true,
  latencyMs: 0,
  cache: { token: 'none', status: 'none' },
};

export class Decisions {
  readonly #options: DecisionsOptions;

  constructor(options: DecisionsOptions) {
    this.#options = options;
  }

  get hasRoutes(): boolean {
    return this.#options.routes !== undefined;
  }

  /** Tells the operator of a request that is refused without a decision. */
  refuse(reason: RefusalReason, subject: Subject): void {
    const cache = { token: 'none', status: 'none' } as const;
    this.#options.onDecision({ allowed: false, refused: true, reason, latencyMs: 0, cache }, subject);
  }

  /** Never rejects: leave to go on, or the answer to give instead. The token is taken from the request itself. */
  async decide({ rawHeaders }: IncomingMessage, subject: Subject): Promise<Allowed | PublicAccess | Answer> {
    const { authorizer, routes, onDecision, onFault } = this.#options;
    try {
      if (authorizer.isPublic({ ...subject, routes })) {
        onDecision(PUBLIC_REPORT, subject);
        return PUBLIC_ACCESS;
      }
      const decision = await authorizer.authorize({
        token: readCredential({ rawHeaders }),
        ...subject,
        routes,
        onDecision: (report) => onDecision(report, subject),
      });
      return decision.allowed ? decision : answerDenied(decision);
    } catch (error) {
      onFault(error);
      return answerFault();
    }
  }
}
