export type * from './types.ts';
export { issueToken, planIssue } from './issue.ts';
export { findRotatable, listRotatable, type RotatableFilter } from './rotatable.ts';
export { planRotate, rotateToken, type RotateRequest } from './rotate.ts';
export { activateToken, type ActivateRequest } from './activate.ts';
export { planRevoke, revokeToken, type RevokeRequest } from './revoke.ts';
export { listTokens, showToken, viewOf, type ListFilter } from './list.ts';
export { findTokenRecord } from './lookup.ts';
export { ensureKeyRing } from './key-ring.ts';
export { changeContext } from './context.ts';
export { readOwnToken, type OwnToken } from './own-token.ts';
export {
  clientEvents,
  listClients,
  resumeClient,
  revokeAllTokens,
  revokeClient,
  setClient,
  showClient,
  suspendClient,
  type ClientDetails,
  type ClientOutcome,
  type ClientView,
} from './clients.ts';
export {
  activateKey,
  createKey,
  exportJwks,
  nextKeyStep,
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
export { KEY_SETTLING_SECONDS } from '../domain/transitions/keys.ts';
