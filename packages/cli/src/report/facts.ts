/** What a report is made of, as `collect` reads it: nothing is judged or left out here. */
import type { Attention, AuditEvent, Client, EpochSeconds, KeyView, TokenView } from '@apikey/shared';
import type { ClientHistory } from './life.ts';

export interface Facts {
  /** Epoch seconds. */
  readonly now: EpochSeconds;
  readonly version: string;
  readonly environment: EnvironmentFacts;
  /** False where nothing was ever set up. */
  readonly isSetUp: boolean;
  /** Only these clients were asked for; absent = all. */
  readonly only: readonly string[] | undefined;
  /** Tokens that ended, and events that happened, before this are not wanted. */
  readonly since: EpochSeconds | undefined;
  /** By id. */
  readonly clients: readonly ClientFacts[];
  readonly keys: readonly KeyView[];
  /** The newest, newest first; absent = not wanted. */
  readonly events: readonly AuditEvent[] | undefined;
  /** How many events were asked for. */
  readonly eventLimit: number;
  readonly audit: AuditFacts;
}

export interface EnvironmentFacts {
  readonly name: string;
  readonly issuer: string;
  readonly audience: string;
  /** `DynamoDB, apikey-prod`: no path of this machine. */
  readonly registry: string;
  readonly keys: string;
  /** Both locks lie in one place. */
  readonly embedded: boolean;
  readonly bound: BoundFacts;
}

/** Seconds. */
interface BoundFacts {
  readonly total: number;
  readonly gatewayResultTtl: number;
  readonly maxStaleness: number;
  readonly staleIfError: number;
}

export interface ClientFacts {
  readonly client: Client;
  /** All, by time of issue. */
  readonly tokens: readonly TokenView[];
  /** What the client itself needs. */
  readonly attention: readonly Attention[];
  /** Read where its tokens' lives cannot be told without it. */
  readonly history: ClientHistory | undefined;
}

interface AuditFinding {
  readonly aggregate: string;
  readonly what: string;
  /** It is about times alone. */
  readonly clock?: boolean;
}

/** What verifying the audit chains came to. */
export interface AuditFacts {
  readonly chains: number;
  readonly events: number;
  readonly findings: readonly AuditFinding[];
  /** Those that were counted but not kept. */
  readonly moreFindings: number;
}
