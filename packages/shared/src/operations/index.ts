export type * from './types.ts';
export { issueToken, planIssue } from './issue.ts';
export { activateToken, type ActivateRequest } from './activate.ts';
export { planRevoke, revokeToken, type RevokeRequest } from './revoke.ts';
export { listTokens, showToken, viewOf, type ListFilter } from './list.ts';
export { findTokenRecord } from './lookup.ts';
export { ensureKeyRing } from './key-ring.ts';
export { changeContext } from './context.ts';
