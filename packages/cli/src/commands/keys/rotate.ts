/** `apikey keys rotate`: the next safe step towards a new signing key, or with `--wait` and `--now` all of them. */
import {
  activateKey,
  createKey,
  formatDuration,
  KEY_SETTLING_SECONDS,
  nextKeyStep,
  requireRing,
  type KeyRing,
  type RingKey,
  type SigningAlg,
} from '@apikey/shared';
import type { Invocation } from '../../command-line/definition.ts';
import type { Context } from '../../context.ts';
import { sameEnvironment } from '../../environment-words.ts';
import { distance } from '../../terminal/distance.ts';
import { wait } from '../../wait.ts';
import { tellActivated } from './activate.ts';
import { algInUse, parseAlg, tellCreated } from './create.ts';
import { dryRun, withKeys, type KeyWork } from './key-command.ts';
import { keyJson } from './key-json.ts';
import { sameRing } from './ring.ts';

/** What was done: `waiting` = nothing, the pending key is too new. */
type Done = 'created' | 'activated' | 'waiting';

export function run({ flags }: Invocation, context: Context): Promise<number> {
  const alg = parseAlg(flags);
  const through = flags.on('wait') || flags.on('now');
  return withKeys(flags, context, async (work) => {
    if (flags.on('dryRun')) {
      await tellPlan(alg, work);
      return;
    }
    const { deps, terminal } = work;
    const first = nextKeyStep(await ringOf(work), deps.clock.now());
    const key = first.step === 'create' ? await create(alg, work) : first.key;
    const next = nextKeyStep(await ringOf(work), deps.clock.now());
    if (!through && next.step !== 'activate') {
      if (first.step !== 'create') terminal.say(waitingWords(key, next.step === 'wait' ? next.seconds : 0, work));
      report(first.step === 'create' ? 'created' : 'waiting', key, work);
      return;
    }
    if (!flags.on('now') && next.step === 'wait') await settle(key, next.seconds, work);
    report('activated', await activate(key, work), work);
  });
}

async function create(alg: SigningAlg | undefined, work: KeyWork): Promise<RingKey> {
  const { key } = await createKey(work.deps, alg ?? (await algInUse(work)), work.ring);
  tellCreated(key, work);
  return key;
}

async function activate({ kid }: RingKey, work: KeyWork): Promise<RingKey> {
  const former = (await ringOf(work)).keys.find(({ state }) => state === 'active');
  const { key } = await activateKey(work.deps, kid, { now: work.flags.on('now') }, work.ring);
  tellActivated(key, former, work);
  return key;
}

async function settle({ kid }: RingKey, seconds: number, work: KeyWork): Promise<void> {
  work.onInterrupt({
    why: `key ${kid} stays pending; the active key goes on signing`,
    fix: 'run the command again: it goes on where this one stopped',
  });
  await wait(seconds, `until key ${kid} may sign`, work);
}

function report(done: Done, key: RingKey, { terminal, deps, env }: KeyWork): void {
  if (!terminal.json) return;
  const seconds =
    done === 'activated' ? 0 : Math.max(0, Math.ceil(key.createdAt + KEY_SETTLING_SECONDS - deps.clock.now() / 1000));
  terminal.printJson({ step: done, ...keyJson(key), waitSeconds: seconds, env });
}

function waitingWords({ kid }: RingKey, seconds: number, { deps, ring, config, env }: KeyWork): string {
  const now = deps.clock.now() / 1000;
  return [
    `Key ${kid} in environment ${env} is pending, and may sign ${distance(now + seconds, now)}: until then verifiers may not know it`,
    `Next: apikey keys rotate${sameEnvironment(config)}${sameRing(ring)} --wait waits for it; --now does not`,
  ].join('\n');
}

async function tellPlan(alg: SigningAlg | undefined, work: KeyWork): Promise<void> {
  const next = nextKeyStep(await ringOf(work), work.deps.clock.now());
  if (next.step === 'create') {
    const made = alg ?? (await algInUse(work));
    dryRun(work, [`create a key of ${made}`], { step: 'create', alg: made });
  } else {
    const { kid } = next.key;
    const words =
      next.step === 'wait'
        ? `wait ${formatDuration(next.seconds)} for key ${kid} to become known`
        : `activate key ${kid}`;
    dryRun(work, [words], { step: next.step, kid, waitSeconds: next.step === 'wait' ? next.seconds : 0 });
  }
}

function ringOf({ deps, ring }: KeyWork): Promise<KeyRing> {
  return requireRing(deps, ring);
}
