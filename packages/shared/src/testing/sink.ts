/** A token sink that keeps what it is given, and fails when told to. */
import type { TokenRecord } from '../domain/records.ts';
import type { TokenSink } from '../ports/token-sink.ts';

export interface Delivery {
  readonly token: string;
  readonly record: TokenRecord;
}

export interface ArraySink extends TokenSink {
  readonly tokens: readonly string[];
  readonly deliveries: readonly Delivery[];
  /** How often `check` was called. */
  readonly checks: number;
  /** From now on `check` rejects with this; nothing = it succeeds again. */
  failCheck(error?: Error): void;
  /** From now on `deliver` rejects with this and keeps nothing; nothing = it succeeds again. */
  failDelivery(error?: Error): void;
}

export function arraySink(): ArraySink {
  const deliveries: Delivery[] = [];
  let checks = 0;
  let checkError: Error | undefined;
  let deliveryError: Error | undefined;
  return {
    deliveries,
    get tokens() {
      return deliveries.map(({ token }) => token);
    },
    get checks() {
      return checks;
    },
    failCheck: (error) => {
      checkError = error;
    },
    failDelivery: (error) => {
      deliveryError = error;
    },
    check: async () => {
      checks += 1;
      if (checkError !== undefined) throw checkError;
    },
    deliver: async (token, record) => {
      if (deliveryError !== undefined) throw deliveryError;
      deliveries.push({ token, record });
    },
  };
}
