/** `apikey rotate`: replaces tokens, hands the new ones over, and tells when the old ones end. */
import {
  describeTokens,
  findRotatable,
  findTokenRecord,
  planRotate,
  rememberingPublicKeys,
  requireRoom,
  rotateToken,
  type IssuedToken,
  type IssuePlan,
  type OperationDeps,
  type TokenRecord,
} from '@apikey/shared';
import { openBackend } from '../../backends.ts';
import type { Invocation } from '../../command-line/definition.ts';
import type { Settings } from '../../config/resolve.ts';
import type { Context } from '../../context.ts';
import { destinationSink, requestFor } from '../../delivery/destination.ts';
import { deliveredJson, plannedJson, whence } from '../../delivery/words.ts';
import { EXIT_CODES } from '../../exit-codes.ts';
import { confirm } from '../../terminal/confirm.ts';
import { parseRotateOptions, type RotateOneOptions } from './options.ts';
import { rotationJson, rotationPlanJson } from './rotation-json.ts';
import { cutLines, graceEnd, rotatedWords, rotationPlanWords, type Rotation } from './words.ts';

export async function run(invocation: Invocation, context: Context): Promise<number> {
  const options = parseRotateOptions(invocation);
  const settings = await context.settings();
  if (options.kind === 'status') {
    const { showRotations } = await import('./status.ts');
    return showRotations(options, settings, context);
  }
  // What ends a token does not wait for a clock.
  const deps = await openBackend(settings, context.io, options.kind === 'finish' ? 'existing' : 'sign');
  try {
    if (options.kind === 'finish') {
      const { finishOne } = await import('./finish.ts');
      return await finishOne(deps, options, settings, context);
    }
    if (options.kind === 'one') return await rotateOne(deps, options, settings, context);
    const { rotateAll } = await import('./all.ts');
    // Few keys signed the grants of all tokens.
    return await rotateAll({ ...deps, keys: rememberingPublicKeys(deps.keys) }, options, settings, context);
  } finally {
    await deps.registry.close();
  }
}

async function rotateOne(
  deps: OperationDeps,
  options: RotateOneOptions,
  settings: Settings,
  context: Context,
): Promise<number> {
  const { destination, successor } = options;
  const now = (): number => deps.clock.now() / 1000;
  const env = settings.env.value;
  const old = await findOld(deps, options);
  const json = (record: TokenRecord): object => rotationJson(record, graceEnd(old, record, now()), env);
  const sink = await destinationSink(destination, json, settings, context);
  await sink.check();
  const request = {
    ...successor,
    grace: successor.grace ?? settings.defaultGrace,
    client: old.client,
    clientNamed: options.token.client !== undefined,
    jti: old.jti,
  };
  const rotation: Rotation = { old, destination };
  if (options.dryRun) {
    const plan = await planRotate(deps, request);
    requireRoom(sink, plan);
    tellPlan(plan, rotation, settings, now(), context);
    return EXIT_CODES.done.code;
  }
  if (request.grace === 0 && !options.yes) {
    // What would be refused is refused before anybody has to think about it.
    requireRoom(sink, await planRotate(deps, request));
    await confirmCut(deps, rotation, settings, context);
  }
  context.onInterrupt({
    why: 'the new token was not handed over; the old one stays as it was',
    fix: 'run the command again, with --take-over if a rotation is said to have been started',
  });
  const issued = await rotateToken(deps, requestFor(destination, request, deps), sink);
  tellDone(issued, rotation, settings, now(), context);
  return EXIT_CODES.done.code;
}

function findOld(deps: OperationDeps, { token, successor }: RotateOneOptions): Promise<TokenRecord> {
  return token.jti === undefined
    ? findRotatable(deps, token.client, successor.requestId)
    : findTokenRecord(deps.registry, token.jti, token.client);
}

async function confirmCut(
  deps: OperationDeps,
  { old, destination }: Rotation,
  settings: Settings,
  context: Context,
): Promise<void> {
  const { io, terminal, inputAllowed } = context;
  const now = deps.clock.now() / 1000;
  const views = await describeTokens(deps, [old]);
  await confirm(io, terminal, inputAllowed, {
    question: [
      `Replace token ${old.jti} and end it at once?`,
      ...views.flatMap((view) => cutLines(view, settings, now, terminal.aside)),
      `Whoever uses it is locked out until they have the new one from ${whence(destination)}. Go on?`,
    ].join('\n'),
    action: `ending token ${old.jti} of ${old.client} without a grace`,
    flag: '--yes',
  });
}

function tellPlan(plan: IssuePlan, rotation: Rotation, settings: Settings, now: number, { terminal }: Context): void {
  const graceUntil = graceEnd(rotation.old, plan.record, now);
  if (terminal.json) {
    const json = rotationPlanJson(plan, graceUntil, settings.env.value);
    terminal.printJson({ ...json, ...plannedJson(rotation.destination) });
  } else terminal.warn(rotationPlanWords(plan, rotation, settings, now, terminal.aside));
}

function tellDone(
  issued: IssuedToken,
  rotation: Rotation,
  settings: Settings,
  now: number,
  { terminal }: Context,
): void {
  const { record, replaced } = issued;
  const delivered = deliveredJson(rotation.destination, issued);
  if (terminal.json && delivered !== undefined) {
    const graceUntil = replaced?.liveUntil ?? graceEnd(rotation.old, record, now);
    terminal.printJson({ ...delivered, ...rotationJson(record, graceUntil, settings.env.value) });
  }
  terminal.say(rotatedWords(issued, rotation, settings, now, terminal.aside));
}
