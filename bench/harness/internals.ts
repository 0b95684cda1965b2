/**
 * Parts of the packages that are not for their users, as they are built. Their types are those of the sources, which are
 * there before anything is built.
 */

async function built<T>(path: string): Promise<T> {
  return (await import(new URL(`../../packages/${path}`, import.meta.url).href)) as T;
}

export const { decisionDeadline } = await built<typeof import('../../packages/authorizer/src/cache/attempts.ts')>(
  'authorizer/dist/cache/attempts.js',
);
export const { RingCache } = await built<typeof import('../../packages/authorizer/src/cache/ring-cache.ts')>(
  'authorizer/dist/cache/ring-cache.js',
);
export type RingCache = InstanceType<typeof RingCache>;
export const { StatusCache } = await built<typeof import('../../packages/authorizer/src/cache/status-cache.ts')>(
  'authorizer/dist/cache/status-cache.js',
);
export type StatusCache = InstanceType<typeof StatusCache>;
export const { Timeline } =
  await built<typeof import('../../packages/authorizer/src/clock.ts')>('authorizer/dist/clock.js');
export type Timeline = InstanceType<typeof Timeline>;
export const { decisionLines } = await built<typeof import('../../packages/authorizer/src/function/decision-lines.ts')>(
  'authorizer/dist/function/decision-lines.js',
);

export const { clientItem, eventItem, pointerItem, ringItem, tokenItem } = await built<
  typeof import('../../packages/shared/src/aws/dynamodb/items.ts')
>('shared/dist/aws/dynamodb/items.js');
export const { bucketsPartition, INDEX_KEYS } = await built<
  typeof import('../../packages/shared/src/aws/dynamodb/keys.ts')
>('shared/dist/aws/dynamodb/keys.js');
