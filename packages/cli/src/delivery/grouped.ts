/** Gathers what is asked for at the same time, so that it can be done together: one write, one trip to the disk. */

/**
 * Makes a function that queues its argument and resolves, or rejects, as `handOver` says of it. While one group is
 * being handed over the next one gathers; there is never more than one under way.
 *
 * @param handOver answers with an error for each item that failed, in their order; a rejection is that of all
 */
export function grouped<T>(
  most: number,
  handOver: (items: readonly T[]) => Promise<readonly (Error | undefined)[]>,
): (item: T) => Promise<void> {
  interface Waiting {
    readonly item: T;
    readonly settle: (error: unknown) => void;
  }
  let queue: Waiting[] = [];
  let busy = false;

  const drain = async (): Promise<void> => {
    // Whoever is about to ask in this turn of the event loop comes along.
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (queue.length > 0) {
      const group = queue.slice(0, most);
      queue = queue.slice(most);
      try {
        const errors = await handOver(group.map(({ item }) => item));
        for (const [n, { settle }] of group.entries()) settle(errors[n]);
      } catch (error) {
        for (const { settle } of group) settle(error);
      }
    }
    busy = false;
  };

  return (item) =>
    new Promise<void>((resolve, reject) => {
      queue.push({ item, settle: (error) => (error === undefined ? resolve() : reject(error)) });
      if (busy) return;
      busy = true;
      void drain();
    });
}
