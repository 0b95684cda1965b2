/** Seals in memory: a store that keeps the port's contract. */
import type { SealStore } from '../ports/seal-store.ts';

export function memorySeals(): SealStore {
  const kept: { readonly at: string; readonly seal: string }[] = [];
  return {
    put: async (at, seal) => {
      if (!kept.some((it) => it.seal === seal)) kept.push({ at, seal });
    },
    latest: async () => kept.toSorted((a, b) => (a.at < b.at ? -1 : 1)).at(-1)?.seal,
  };
}
