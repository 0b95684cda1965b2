/** All commands, in the order in which the help lists them. */
import type { CommandNode } from '../command-line/definition.ts';
import { activate } from './activate/command.ts';
import { audit } from './audit/command.ts';
import { clients } from './clients/command.ts';
import { completion } from './completion/command.ts';
import { config } from './config/command.ts';
import { doctor } from './doctor/command.ts';
import { expiring } from './expiring/command.ts';
import { help } from './help/command.ts';
import { iam } from './iam/command.ts';
import { init } from './init/command.ts';
import { issue } from './issue/command.ts';
import { keys } from './keys/command.ts';
import { list } from './list/command.ts';
import { report } from './report/command.ts';
import { rotate } from './rotate/command.ts';
import { revoke } from './revoke/command.ts';
import { serve } from './serve/command.ts';
import { restore } from './restore/command.ts';
import { show } from './show/command.ts';
import { status } from './status/command.ts';
import { verify } from './verify/command.ts';
import { version } from './version/command.ts';

export const COMMANDS: readonly CommandNode[] = [
  issue,
  rotate,
  activate,
  list,
  show,
  verify,
  expiring,
  revoke,
  clients,
  keys,
  audit,
  restore,
  report,
  status,
  init,
  doctor,
  iam,
  serve,
  config,
  completion,
  version,
  help,
];
