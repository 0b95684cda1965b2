/** What a million requests cost, from what they make the fleet do and the list prices of `prices.json`. Dollars. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Price {
  readonly price: number;
  readonly per: string;
  readonly source: string;
  readonly confirmed: string;
}

interface PriceList {
  readonly date: string;
  readonly region: string;
  readonly prices: Readonly<Record<PriceName, Price>>;
}

type PriceName =
  | 'lambdaMillionRequests'
  | 'lambdaGigabyteSecondArm'
  | 'dynamodbMillionReadUnits'
  | 'apiGatewayMillionRestRequests'
  | 'apiGatewayMillionHttpRequests'
  | 'kmsTenThousandAsymmetricRequests'
  | 'cloudwatchGigabyteLogs';

export const PRICES = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'prices.json'), 'utf8')) as PriceList;

/** The template's default. */
const MEMORY_GIGABYTES = 0.5;

/** What one request of the API causes, on average. */
export interface Work {
  readonly asksPerRequest: number;
  readonly statusesPerRequest: number;
  readonly ringsPerRequest: number;
  /** Of each time that the function was asked. */
  readonly billedMillis: number;
}

/** Dollars for a million requests. */
export interface Cost {
  readonly lambda: number;
  readonly reads: number;
  /** With a line of the log for each decision. */
  readonly log: number;
}

export function costOf(work: Work, lineBytes: number): Cost {
  const { asksPerRequest, statusesPerRequest, ringsPerRequest, billedMillis } = work;
  const gigabyteSeconds = asksPerRequest * 1e6 * (billedMillis / 1000) * MEMORY_GIGABYTES;
  // A status is a record and a client: two items, a unit each.
  const units = 2 * statusesPerRequest + ringsPerRequest;
  return {
    lambda: asksPerRequest * dollars('lambdaMillionRequests') + gigabyteSeconds * dollars('lambdaGigabyteSecondArm'),
    reads: units * dollars('dynamodbMillionReadUnits'),
    log: ((asksPerRequest * 1e6 * lineBytes) / 1e9) * dollars('cloudwatchGigabyteLogs'),
  };
}

/** Dollars for a million requests of the public keys that each instance fetches once, if it lives so many seconds. */
export function keyCost(instances: number, seconds: number, requestsPerSecond: number): number {
  const fetches = (instances / seconds / requestsPerSecond) * 1e6;
  return (fetches / 10_000) * dollars('kmsTenThousandAsymmetricRequests');
}

export function dollars(name: PriceName): number {
  return PRICES.prices[name].price;
}
