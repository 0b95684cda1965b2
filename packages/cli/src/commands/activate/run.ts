/** `apikey activate`: finishes an issue that ended between delivery and activation. */
import { activateToken, findTokenRecord, RefusedError, type TokenRecord } from '@apikey/shared';
import { openBackend } from '../../backends.ts';
import type { Invocation } from '../../command-line/definition.ts';
import type { Settings } from '../../config/resolve.ts';
import type { Context } from '../../context.ts';
import { sameEnvironment } from '../../environment-words.ts';
import { EXIT_CODES } from '../../exit-codes.ts';
import { parseTokenId } from '../../token-id.ts';
import { readToken } from '../../token-input.ts';
import { fieldLines } from '../../terminal/fields.ts';
import { issuedJson } from '../../token-json.ts';
import { moment } from '../../token-words.ts';

export async function run({ flags, args }: Invocation, context: Context): Promise<number> {
  const { jti, client } = parseTokenId(args[0], flags.text('client'));
  const { io, terminal } = context;
  const settings = await context.settings();
  const token = await readToken({ file: flags.text('tokenFile') }, context);
  const deps = await openBackend(settings, io, 'sign');
  try {
    if (flags.on('dryRun')) {
      await dryRun(await findTokenRecord(deps.registry, jti, client), settings, context);
      return EXIT_CODES.done.code;
    }
    const { record, replaced, alreadyActive } = await activateToken(deps, {
      jti,
      token,
      ...(client === undefined ? {} : { client }),
    });
    if (terminal.json) terminal.printJson({ ...issuedJson(record), alreadyActive, env: settings.env.value });
    const now = deps.clock.now() / 1000;
    const { aside } = terminal;
    terminal.say(
      [
        alreadyActive
          ? `Token ${record.jti} of ${record.client} was active already`
          : `${aside.green('Activated')} token ${record.jti} of ${aside.bold(record.client)}`,
        ...fieldLines(
          [
            ['env', settings.env.value],
            ['expires', moment(record.exp, now)],
            ['replaces', replaced?.jti],
            ['old ends', replaced === undefined ? undefined : moment(replaced.liveUntil, now)],
          ],
          aside,
        ),
        `Next: apikey show${sameEnvironment(settings)} ${record.jti}`,
      ].join('\n'),
    );
    return EXIT_CODES.done.code;
  } finally {
    await deps.registry.close();
  }
}

async function dryRun(record: TokenRecord, settings: Settings, { terminal }: Context): Promise<void> {
  if (record.state === 'revoked') {
    throw new RefusedError('WRONG_STATE', `token ${record.jti} is revoked`, {
      why: 'a revoked token is never live again',
      fix: 'issue another token',
    });
  }
  const alreadyActive = record.state === 'active';
  if (terminal.json) {
    terminal.printJson({ dryRun: true, ...issuedJson(record), alreadyActive, env: settings.env.value });
    return;
  }
  terminal.warn(
    [
      `${terminal.aside.bold('Dry run')}, nothing is changed. In environment ${settings.env.value} this would`,
      alreadyActive
        ? `  change nothing: token ${record.jti} is active already`
        : `  check the token given, and activate ${record.jti} of ${record.client}`,
    ].join('\n'),
  );
}
