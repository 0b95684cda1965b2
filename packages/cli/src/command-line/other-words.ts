/** Words that people try because other programs have them: which command they mean here. None of them runs anything. */

interface Meant {
  readonly why?: string;
  readonly fix: string;
}

const LOGIN: Meant = {
  why: 'apikey has no sessions: on AWS, credentials come from AWS; the embedded backend needs none',
  fix: 'sign in to AWS, for example with: aws sso login --profile NAME; then add --profile NAME, or set AWS_PROFILE',
};
const END_OF_KEY: Meant = {
  why: 'a key that no token depends on is retired; one that others may have used is revoked, with all its tokens',
  fix: 'run: apikey keys retire KID, or apikey keys revoke KID',
};

/** The group under which they are tried, the words, and what to run. */
const WORDS: readonly (readonly [group: string, words: string, meant: Meant | string])[] = [
  ['', 'create new add generate mint', 'issue --client NAME'],
  ['', 'delete rm remove del destroy kill disable', 'revoke JTI'],
  ['', 'whoami info', 'status'],
  ['', 'login logout signin auth', LOGIN],
  ['', 'ls tokens search find', 'list'],
  ['', 'get describe inspect view', 'show JTI'],
  ['', 'renew refresh roll replace', 'rotate JTI'],
  ['', 'check validate introspect decode', 'verify < FILE'],
  ['', 'log logs history events', 'audit'],
  ['', 'setup', 'init'],
  ['', 'configure', 'config init'],
  ['', 'settings env', 'config show'],
  ['', 'start server proxy gateway', 'serve'],
  ['', 'backup export', 'audit export -o FILE'],
  ['', 'import', 'issue --from FILE'],
  ['', 'suspend', 'clients suspend CLIENT'],
  ['', 'resume', 'clients resume CLIENT'],
  ['', 'jwks', 'keys export'],
  ['clients', 'create new add edit update register', 'clients set CLIENT'],
  ['clients', 'delete rm remove', 'clients revoke CLIENT'],
  ['clients', 'get describe info', 'clients show CLIENT'],
  ['clients', 'ls', 'clients list'],
  ['clients', 'disable block', 'clients suspend CLIENT'],
  ['clients', 'enable unblock', 'clients resume CLIENT'],
  ['keys', 'new add generate', 'keys create'],
  ['keys', 'delete rm remove', END_OF_KEY],
  ['keys', 'ls get show', 'keys list'],
  ['keys', 'jwks public', 'keys export'],
  ['config', 'get list ls view', 'config show'],
  ['config', 'create new', 'config init'],
  ['config', 'edit update add', 'config set KEY VALUE'],
  ['config', 'file where', 'config path'],
  ['audit', 'log logs show ls', 'audit list'],
  ['audit', 'check', 'audit verify'],
];

/** @param path of the group under which the word was tried; empty for the program */
export function meantBy(word: string, path: readonly string[]): Meant | undefined {
  const group = path[0] ?? '';
  const [, , meant] = WORDS.find(([under, words]) => under === group && words.split(' ').includes(word)) ?? [];
  return typeof meant === 'string' ? { fix: `run: apikey ${meant}` } : meant;
}
