/** Takes a listing in batches, so that what is read for each entry is read for many at once. */

/** @param weight what one entry counts as; a batch ends with the entry that reaches `size` */
export async function* inBatches<T>(
  source: AsyncIterable<T> | Iterable<T>,
  size: number,
  weight: (item: T) => number = () => 1,
): AsyncGenerator<T[]> {
  let batch: T[] = [];
  let weighed = 0;
  for await (const item of source) {
    batch.push(item);
    weighed += weight(item);
    if (weighed < size) continue;
    yield batch;
    batch = [];
    weighed = 0;
  }
  if (batch.length > 0) yield batch;
}
