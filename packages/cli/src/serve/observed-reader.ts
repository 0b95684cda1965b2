/** A status source that tells how often it is asked. */
import type { StatusReader } from '@apikey/shared';
import type { Metrics } from './metrics.ts';

export function observedReader(reader: StatusReader, metrics: Pick<Metrics, 'read'>): StatusReader {
  const observe = async <T>(kind: Parameters<Metrics['read']>[0], read: () => Promise<T>): Promise<T> => {
    const sent = performance.now();
    try {
      const answer = await read();
      metrics.read(kind, 'ok', sent);
      return answer;
    } catch (error) {
      metrics.read(kind, 'error', sent);
      throw error;
    }
  };
  return {
    readStatus: (jti, client, signal) => observe('status', () => reader.readStatus(jti, client, signal)),
    readKeyRing: (signal) => observe('ring', () => reader.readKeyRing(signal)),
  };
}
