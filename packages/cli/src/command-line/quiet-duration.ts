/** `rotate --finish --quiet 24h` says how long a token must have been quiet, where `--quiet` alone asks for no words. */

const QUIET = '--quiet';
const QUIET_FOR = '--quiet-for';
/** The beginning of a token id, or all of it: then the flag before it stood alone. */
const JTI_LIKE = /^[0-9a-f]{6}[0-9a-f-]*$/i;

/** Gives the flag with a value its own name. Only for the command that takes one. */
export function nameQuietDuration(argv: readonly string[]): string[] {
  if (!argv.includes('rotate') || !argv.includes('--finish')) return [...argv];
  return argv.map((word, index) => {
    if (word.startsWith(`${QUIET}=`)) return QUIET_FOR + word.slice(QUIET.length);
    const next = argv[index + 1];
    return word === QUIET && next !== undefined && !next.startsWith('-') && !JTI_LIKE.test(next) ? QUIET_FOR : word;
  });
}
