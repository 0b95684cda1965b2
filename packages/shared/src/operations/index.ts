export type * from './types.ts';
export { issueToken, planIssue } from './issue.ts';
export { findRotatable, planRotate, rotatableTokens, rotateToken, type RotateRequest } from './rotate.ts';
export { activateToken, type ActivateRequest } from './activate.ts';
export { planRevoke, revokeToken, type RevokeRequest } from './revoke.ts';
export { listTokens, showToken, viewOf, type ListFilter } from './list.ts';
export { findTokenRecord } from './lookup.ts';
export { ensureKeyRing } from './key-ring.ts';
export { changeContext } from './context.ts';
export { readOwnToken, type OwnToken } from './own-token.ts';
export {
  listClients,
  resumeClient,
  revokeAllTokens,
  revokeClient,
  setClient,
  showClient,
  suspendClient,
  type ClientView,
} from './clients.ts';
export {
  activateKey,
  createKey,
  exportJwks,
  nextKeyStep,
  retireKey,
  revokeKey,
  tokensOfKey,
  type KeyStep,
} from './keys.ts';
