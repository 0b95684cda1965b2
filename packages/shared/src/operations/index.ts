export type * from './types.ts';
export { issueToken, planIssue } from './issue.ts';
export { issueMany, type BulkIssueOptions } from './bulk-issue.ts';
export { surveyBulk, type BulkFinding, type BulkSurvey } from './bulk-survey.ts';
export type { BulkOutcome, BulkRequest } from './bulk-types.ts';
export { meetsEveryItem } from './bulk-endings.ts';
export { identifyIssue } from './proposal.ts';
export { findRotatable, listRotatable, type RotatableFilter } from './rotatable.ts';
export { planRotate, rotateToken, type RotateRequest } from './rotate.ts';
export { requireRoom, type Sink } from './mint-into.ts';
export { PROMOTION_SECONDS } from './promote.ts';
export {
  findRotation,
  finishRotation,
  listRotations,
  planFinish,
  type FinishedRotation,
  type FinishRequest,
  type RotationView,
} from './finish-rotation.ts';
export { listExpiring, type ExpiringFilter } from './expiring.ts';
export { activateToken, type ActivateRequest } from './activate.ts';
export { planRevoke, revokeToken, type RevokeRequest } from './revoke.ts';
export { listTokens, showToken, type ListFilter } from './list.ts';
export { describeTokens } from './token-views.ts';
export {
  ATTENTIONS,
  clientAttention,
  EXPIRING_SECONDS,
  PENDING_SECONDS,
  UNUSED_SECONDS,
  type Attention,
} from './attention.ts';
export { findTokenRecord } from './lookup.ts';
export { ensureKeyRing } from './key-ring.ts';
export { planSeal, SEAL_ALG, sealRegistry, type MadeSeal, type SealDeps, type SealPlan } from './seal.ts';
export { verifySeal, type SealVerdict, type SealVerifyDeps } from './verify-seal.ts';
export { changeContext } from './context.ts';
export { readOwnToken, type OwnToken } from './own-token.ts';
export {
  resumeClient,
  revokeAllTokens,
  revokeClient,
  setClient,
  suspendClient,
  type ClientOutcome,
} from './clients.ts';
export {
  clientEvents,
  listClients,
  openTokensOf,
  showClient,
  type ClientDetails,
  type ClientTokens,
  type ClientView,
} from './client-views.ts';
export {
  activateKey,
  createKey,
  exportJwks,
  nextKeyStep,
  requireRing,
  retireKey,
  revokeKey,
  type KeyOutcome,
  type KeyStep,
} from './keys.ts';
export {
  findKey,
  listKeys,
  planActivateKey,
  planRetireKey,
  planRevokeKey,
  type KeyPlan,
  type KeyView,
} from './key-views.ts';
export { tokensOfKey } from './key-tokens.ts';
export type { ClientSettings } from '../domain/transitions/clients.ts';
export { DEFAULT_QUIET_SECONDS } from '../domain/transitions/finish.ts';
export { KEY_SETTLING_SECONDS } from '../domain/transitions/keys.ts';
export {
  readSigningKeys,
  reconcile,
  type AbandonedAttempt,
  type Reconciliation,
  type ReconcileFinding,
  type ReconcileFindingKind,
} from './reconcile.ts';
export { NOTICE_DAYS, notifyExpiring, type NotifyDeps, type NotifyOutcome } from './notify-expiring.ts';
export { SignLedger } from './sign-ledger.ts';
export { aggregateRef, registrySource, type AuditSource, type StoredAggregate, type Survey } from './audit-source.ts';
export type { GrantVerifier } from './grants.ts';
export { rememberingPublicKeys } from './remembered-keys.ts';
export { oddTimes, type OddTime } from './odd-times.ts';
export { verifyAudit, type AuditCheck, type AuditReport } from './audit-verify.ts';
export { exportAudit, type EarlierExport, type ExportedChain } from './audit-export.ts';
export { listEvents, reasonOf, type EventFilter } from './audit-list.ts';
export { planRestore, type RestorePlan, type RestoreStep } from './restore-plan.ts';
export { restoreRegistry, type RestoreSource } from './restore.ts';
export { environmentStatus, STATUS_TOKENS, type EnvironmentStatus } from './status.ts';
