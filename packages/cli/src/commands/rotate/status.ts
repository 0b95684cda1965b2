/** `apikey rotate --status`: who still uses the old token of a rotation. */
import { findRotation, listRotations, type RotationView } from '@apikey/shared';
import { ifSetUp, openForReading } from '../../backends.ts';
import type { Settings } from '../../config/resolve.ts';
import type { Context } from '../../context.ts';
import { sameEnvironment } from '../../environment-words.ts';
import { EXIT_CODES } from '../../exit-codes.ts';
import type { RotateStatusOptions, RotationTarget } from './options.ts';
import { LOWER_BOUND } from '../../use-words.ts';
import { nextStep, rotationLines, rotationStatusJson } from './rotation-words.ts';

export async function showRotations(
  { target }: RotateStatusOptions,
  settings: Settings,
  { io, terminal }: Context,
): Promise<number> {
  const now = io.clock.now() / 1000;
  const env = settings.env.value;
  const rotations = await rotationsOf(target, settings, io);
  if (terminal.json) {
    terminal.printJson(rotations.map((rotation) => rotationStatusJson(rotation, now, settings)));
  } else if (rotations.length === 0) {
    terminal.warn(nothingWords(target, env));
  } else {
    const blocks = rotations.map((rotation) =>
      [
        ...rotationLines(rotation, now, env, terminal.style, ''),
        `${terminal.style.dim('next')}       ${nextStep(rotation, sameEnvironment(settings))}`,
      ].join('\n'),
    );
    terminal.print(blocks.join('\n\n'));
    terminal.say(LOWER_BOUND);
  }
  return EXIT_CODES.done.code;
}

async function rotationsOf(
  { jti, client }: RotationTarget,
  settings: Settings,
  { clock }: Context['io'],
): Promise<RotationView[]> {
  // A token that was named must exist; that nothing is under way is no error.
  const opening = openForReading(settings);
  const backend = jti === undefined && client === undefined ? await ifSetUp(opening) : await opening;
  if (backend === undefined) return [];
  const deps = { registry: backend.registry, clock };
  try {
    if (jti === undefined) return await Array.fromAsync(listRotations(deps, client));
    const found = await findRotation(deps, jti, client);
    return found === undefined ? [] : [found];
  } finally {
    await backend.registry.close();
  }
}

function nothingWords({ jti, client }: RotationTarget, env: string): string {
  if (jti !== undefined) return `token ${jti} was not replaced, and replaces none`;
  const whose = client === undefined ? '' : ` of client ${client}`;
  return `no rotation${whose} is under way in environment ${env}`;
}
