/** All commands, in the order in which the help lists them. */
import type { CommandNode } from '../command-line/definition.ts';
import { activate } from './activate/command.ts';
import { clients } from './clients/command.ts';
import { completion } from './completion/command.ts';
import { config } from './config/command.ts';
import { doctor } from './doctor/command.ts';
import { help } from './help/command.ts';
import { iam } from './iam/command.ts';
import { init } from './init/command.ts';
import { issue } from './issue/command.ts';
import { keys } from './keys/command.ts';
import { list } from './list/command.ts';
import { rotate } from './rotate/command.ts';
import { revoke } from './revoke/command.ts';
import { show } from './show/command.ts';
import { verify } from './verify/command.ts';

export const COMMANDS: readonly CommandNode[] = [
  issue,
  rotate,
  activate,
  list,
  show,
  verify,
  revoke,
  clients,
  keys,
  init,
  doctor,
  iam,
  config,
  completion,
  help,
];
