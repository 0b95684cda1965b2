/** Completion in a real shell: what a person gets for pressing tab. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);
const BIN = fileURLToPath(new URL('../dist/bin.js', import.meta.url));

/** What bash offers for a line whose cursor stands behind its last word. */
async function offered(...words: string[]): Promise<string[]> {
  const script = `
    apikey() { '${process.execPath}' '${BIN}' "$@"; }
    source <(apikey completion bash)
    compopt() { :; } # Only known to a shell that completes.
    _get_comp_words_by_ref() { cur="\${COMP_WORDS[COMP_CWORD]}"; prev="\${COMP_WORDS[COMP_CWORD-1]}"; words=("\${COMP_WORDS[@]}"); cword=$COMP_CWORD; }
    COMP_WORDS=(apikey "$@"); COMP_CWORD=$#
    __apikey_complete
    printf '%s\\n' "\${COMPREPLY[@]}"
  `;
  const { stdout } = await run('bash', ['-c', script, 'bash', ...words]);
  return stdout
    .split('\n')
    .map((line) => line.split(/\s/)[0] ?? '')
    .filter((line) => line !== '');
}

test('commands, their subcommands and flags are offered', async () => {
  expect(await offered('iss')).toEqual(['issue']);
  expect(await offered('clients', 're')).toEqual(['resume', 'revoke']);
  expect(await offered('issue', '--request')).toEqual(['--request-id']);
});

test.each(['bash', 'zsh', 'fish', 'powershell'])('there is a script for %s', async (shell) => {
  const { stdout, stderr } = await run(process.execPath, [BIN, 'completion', shell]);
  expect(stdout).toContain('apikey');
  expect(stderr).toBe('');
});

test('a shell that is not known is a usage error', async () => {
  await expect(run(process.execPath, [BIN, 'completion', 'tcsh'])).rejects.toMatchObject({ code: 2, stdout: '' });
});
