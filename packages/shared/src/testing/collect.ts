/** Lists as arrays, for comparisons. */

/** All items, or the first `limit`, after which the iterator is left. */
export async function collect<T>(items: AsyncIterable<T>, limit: number = Number.POSITIVE_INFINITY): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) {
    list.push(item);
    if (list.length >= limit) break;
  }
  return list;
}
