/** Puts a text that is no secret into Parameter Store; what was there before stays as an earlier version. */
import { PutParameterCommand, SSMClient, type ParameterTier } from '@aws-sdk/client-ssm';
import { RefusedError } from '../../domain/errors.ts';
import { INTERACTIVE } from '../client-settings.ts';
import { Session } from '../session.ts';
import { text } from '../vendor-error.ts';
import type { ParametersClient, ParametersTarget } from './calls.ts';

/** Why AWS may refuse this name or this value. The place is not fit for it: no retry helps. */
const UNFIT: Readonly<Record<string, string>> = {
  HierarchyTypeMismatchException: 'it is of another type',
  HierarchyLevelLimitExceededException: 'its path has too many levels',
  ParameterPatternMismatchException: 'it has a pattern that the value does not match',
  ParameterMaxVersionLimitExceeded: 'it has 100 versions, the oldest of which bears a label',
  ParameterLimitExceeded: 'the account has all the parameters that it may',
  ValidationException: 'Parameter Store takes no such name or value',
};

/** Resolves with the version that was made. Throws port errors, and `WRONG_STATE` for a parameter that cannot take it. */
export async function putParameter(name: string, value: string, target: ParametersTarget): Promise<number> {
  const session = new Session<ParametersClient>((settings) => new SSMClient(settings), {
    timing: INTERACTIVE,
    ...target,
  });
  try {
    const input = {
      Name: name,
      Value: value,
      Type: 'String',
      Overwrite: true,
      // AWS takes what the length needs, and an advanced parameter stays one.
      Tier: 'Intelligent-Tiering' satisfies ParameterTier,
    } as const;
    const { Version = 0 } = await session.run(
      {
        action: 'ssm:PutParameter',
        resource: name,
        write: true,
        translate: (cause) => {
          const why = UNFIT[text(cause, 'name') ?? ''];
          if (why === undefined) return undefined;
          const fix = 'name another parameter';
          return new RefusedError('WRONG_STATE', `ssm:${name} cannot take this`, { why, fix, cause });
        },
      },
      (client, abortSignal) => client.send(new PutParameterCommand(input), { abortSignal }),
    );
    return Version;
  } finally {
    session.close();
  }
}
