/** Signing keys as JSON: the field names that scripts rely on. Fields are only ever added; what is absent is null. */
import { formatSeconds, type Attention, type KeyView, type RingKey } from '@apikey/shared';

type Time = string | null;

export interface KeyJson {
  readonly kid: string;
  readonly alg: string;
  readonly state: RingKey['state'];
  readonly ref: string;
  readonly createdAt: string;
  readonly activatedAt: Time;
  readonly retiringAt: Time;
  readonly retiredAt: Time;
  readonly revokedAt: Time;
}

export function keyJson({ kid, alg, state, ref, createdAt, ...times }: RingKey): KeyJson {
  return {
    kid,
    alg,
    state,
    ref,
    createdAt: formatSeconds(createdAt),
    activatedAt: time(times.activatedAt),
    retiringAt: time(times.retiringAt),
    retiredAt: time(times.retiredAt),
    revokedAt: time(times.revokedAt),
  };
}

export interface KeyViewJson extends KeyJson {
  readonly liveTokens: number;
  /** Pending, or of suspended clients. */
  readonly otherTokens: number;
  readonly activateFrom: Time;
  readonly retireFrom: Time;
  readonly attention: readonly Attention[];
}

export function keyViewJson({
  key,
  liveTokens,
  otherTokens,
  activateFrom,
  retireFrom,
  attention,
}: KeyView): KeyViewJson {
  return {
    ...keyJson(key),
    liveTokens,
    otherTokens,
    activateFrom: time(activateFrom),
    retireFrom: time(retireFrom),
    attention,
  };
}

function time(seconds: number | undefined): Time {
  return seconds === undefined ? null : formatSeconds(seconds);
}
