/** Seals the audit log on a schedule, and puts a copy where who can write the registry cannot reach it. */
import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseDuration, SEAL_RING, sealRegistry, type SealDeps } from '@apikey/shared';
import { dynamoRegistry, dynamoSealStore } from '@apikey/shared/dynamodb';
import { kmsKeyProvider } from '@apikey/shared/kms';
import { putParameter } from '@apikey/shared/ssm';
import { callerIdentity } from '@apikey/shared/sts';
import { MAX_PARAMETER_CHARACTERS } from '../backends/parameters.ts';
import { VariableReader, type Variables } from './variables.ts';

export interface SealResult {
  readonly at: string;
  readonly kid: string;
  readonly chains: number;
}

/** @throws VariablesError */
export function sealFunction(variables: Variables, write: (line: object) => void): () => Promise<SealResult> {
  const reader = new VariableReader(variables);
  const table = reader.required('APIKEY_TABLE');
  const name = reader.required('APIKEY_ENV');
  const issuer = reader.required('APIKEY_ISSUER');
  const audience = reader.required('APIKEY_AUDIENCE');
  const aliasBase = reader.required('APIKEY_KEYS');
  const parameter = reader.optional('APIKEY_SEAL_PARAMETER');
  reader.end();
  const clock = { now: () => Date.now() };
  const description = `apikey key for seals of environment ${name}`;
  let actor: string | undefined;
  const deps = async (): Promise<SealDeps> => {
    actor ??= (await callerIdentity()).arn;
    return {
      registry: dynamoRegistry({ table }),
      seals: dynamoSealStore({ table }),
      keys: kmsKeyProvider({ aliasBase, clock, ring: SEAL_RING, description }),
      clock,
      delay: {
        wait: async (milliseconds) => {
          await sleep(milliseconds);
        },
      },
      entropy: { uuid: () => randomUUID(), bytes: (count) => randomBytes(count), fraction: () => Math.random() },
      actor,
      // It issues nothing: the limits of tokens do not matter.
      environment: { name, issuer, audience, defaultTtl: parseDuration('1d'), maxTtl: parseDuration('1d') },
    };
  };
  return async () => {
    const maxLength = parameter === undefined ? undefined : MAX_PARAMETER_CHARACTERS;
    const made = await sealRegistry(await deps(), { maxLength });
    if (parameter !== undefined) await putParameter(parameter, made.seal, {});
    const result = { at: made.payload.at, kid: made.kid, chains: made.payload.chains.length };
    write({ event: 'apikey.sealed', environment: name, ...result, ...(parameter === undefined ? {} : { parameter }) });
    return result;
  };
}
