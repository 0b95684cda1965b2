/** Every command on one environment, as its admins run it, with tokens that the world watches for. */
import { sized } from './built-cli.ts';
import { ask, startServe, type ServeProcess } from './gateway-world.ts';
import type { CanaryWorld, How } from './canary-world.ts';

export interface Stage {
  /** What only this backend has: an exit code of commands that the other one refuses, and arguments that it needs. */
  readonly iamCode: number;
  readonly reconcile: readonly [args: readonly string[], code: number | 'any'];
}

interface Told {
  /** Live to the end of the story, and in the hands of its holder. */
  readonly token: string;
  readonly jti: string;
}

const BATCH = 'client,note\nbatch-a,first\nbatch-b,second\n';
const form = (token: string) => ({
  method: 'POST',
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  body: new URLSearchParams({ token }).toString(),
});

export async function tellStory(world: CanaryWorld, stage: Stage): Promise<Told> {
  /** With what `--debug` adds. */
  const change = (args: readonly string[], how?: How) => world.run([...args, '--debug'], how);
  let looks = 0;
  const look = async (args: readonly string[], how?: How): Promise<void> => {
    looks += 1;
    const outputs = [['--debug'], ['--debug', '--json']];
    // Both in the long run, one and then the other in the short one.
    for (const output of sized(0, 1) === 1 ? outputs : [outputs[looks % 2] ?? []])
      await world.run([...args, ...output], how);
  };
  await change(['init', '--yes']);
  const kept = await world.token('issue', '--client', 'partner', '--scope', 'plans:read', '--note', 'nightly import');
  await look(['issue', '--client', 'partner', '--dry-run']);
  await takeTokensIn(world, kept);

  await change(['clients', 'set', 'partner', '--contact', 'ops@partner.example', '--cidr', '127.0.0.0/8']);
  await change(['clients', 'suspend', 'partner', '--yes', '--reason', 'a drill']);
  await look(['verify'], { stdin: kept.token, code: 10 });
  await change(['clients', 'resume', 'partner', '--yes']);
  for (const args of [
    ['clients', 'list'],
    ['clients', 'show', 'partner'],
    ['list', '--all'],
    ['show', kept.jti],
  ]) {
    await look(args);
  }
  await look(['expiring', '--within', '365d'], { code: 11 });

  await manyTokens(world, change, look, kept);
  await gateways(world, kept);
  const leaked = await world.token('issue', '--client', 'leaky');
  await endTokens(world, change, leaked);
  await keysOfTheRing(world, change, look);
  await evidence(change, look, stage);
  await look(['doctor'], { code: 'any' });
  for (const role of ['issuer', 'revoker', 'auditor', 'authorizer', 'sealer', 'admin']) {
    await change(['iam', role, '--account', '111122223333'], { code: stage.iamCode });
  }
  await look(['config', 'show']);
  await look(['config', 'path']);
  await look(['status']);
  await change(['config', 'init', '--dry-run'], { code: 'any' });
  await change(['config', 'set', 'max_ttl', '300d', '--dry-run'], { code: 'any' });
  await change(['version']);
  await change(['help', 'issue']);
  await change(['completion', 'bash'], { process: true });
  await world.run(['complete', '--', 'issue', '--client', kept.token, '--note', kept.token], { process: true });
  return kept;
}

/** Where a token is what is asked for, in every way in which it can be given. */
async function takeTokensIn(world: CanaryWorld, { token, jti }: Told): Promise<void> {
  world.write('held.token', `${token}\n`);
  world.tokenFiles.add('held.token');
  const forged = token.replace(/.{12}$/, 'AAAAAAAAAAAA');
  for (const output of sized(0, 1) === 1 ? ['--json', '--no-color'] : ['--json']) {
    const run = (args: readonly string[], how: How) => world.run([...args, '--debug', output], how);
    await run(['verify'], { stdin: `Authorization: Bearer ${token}\n` });
    await run(['verify', '--token-file', 'held.token', '--from', '203.0.113.7'], {});
    await run(['verify', token], {});
    await run(['verify', forged], { code: 10 });
    await run(['verify'], { stdin: token.slice(0, -30), code: 10 });
    await run(['verify'], { stdin: `${token}${token}`, code: 10 });
    await run(['verify'], { stdin: `${token} ${token}`, code: 2 });
    await run(['verify', '--token-file', token], { code: 3 });
    await run(['activate', jti], { stdin: token, code: 'any' });
    await run(['activate', jti], { stdin: forged, code: 'any' });
    await run(['revoke', '--token', '--dry-run'], { stdin: token });
    await run(['revoke', '--token', '--yes'], { stdin: forged, code: 'any' });
  }
}

async function manyTokens(
  world: CanaryWorld,
  change: (args: readonly string[], how?: How) => Promise<unknown>,
  look: (args: readonly string[], how?: How) => Promise<void>,
  kept: Told,
): Promise<void> {
  await change(['issue', '--client', 'filed', '-o', 'filed.token']);
  world.collect('filed.token');
  await change(['issue', '--client', 'filed', '-o', 'filed.token'], { code: 5 });
  world.write('batch.csv', BATCH);
  await change(['issue', '--from', 'batch.csv', '--json'], { reveals: true });
  world.write('tokens.csv', `client,note\nbatch-a,${kept.token}\n${kept.token},x\n`);
  world.tokenFiles.add('tokens.csv');
  await change(['issue', '--from', 'tokens.csv', '--json'], { code: 'any' });
  world.write('tokens.csv', `client,${kept.token}\nbatch-a,x\n`);
  await change(['issue', '--from', 'tokens.csv', '--json'], { code: 'any' });

  await world.token('rotate', '--client', 'filed', '--grace', '1h');
  await look(['rotate', '--status']);
  await change(['rotate', '--finish', '--client', 'filed', '--yes'], { code: 5 });
  await change(['rotate', '--client', 'batch-a', '--grace', '0', '-o', 'rotated.token', '--yes']);
  world.collect('rotated.token');
  await change(['rotate', '--all', '--client', 'batch-b', '--yes', '--json'], { reveals: true });
}

/** The gateway, its log in both forms, and requests that carry a token wherever one can stand. */
async function gateways(world: CanaryWorld, { token }: Told): Promise<void> {
  const flags = ['--allow-revoke', '--trust-proxy', '127.0.0.1/32', '--track-usage'];
  for (const log of ['json', 'text']) {
    const own = await world.token('issue', '--client', 'holder', '--ttl', '1h');
    await using gateway = await startServe(world.cli, ['--log', log, '--debug', ...flags]);
    using watch = world.watch(gateway.running.process.pid);
    await sendTokens(world, gateway, token, own.token);
    watch.look();
    // The database is open now, with what SQLite keeps beside it.
    world.searchFiles(`while apikey serve --log ${log} runs`);
    gateway.running.process.kill('SIGTERM');
    const { stdout, stderr } = await gateway.running.outcome;
    world.found(`apikey serve --log ${log}`, [...watch.hits, ...world.canaries.search(stdout + stderr)]);
    if (log === 'json' && !stdout.includes('"apikey.decision"')) throw new Error('apikey serve logged no decision');
  }
  await world.run(['serve', '--port', '70000'], { code: 2 });
  await world.run(['serve', '--log', token, '--debug'], { code: 2 });
}

async function sendTokens(world: CanaryWorld, { url }: ServeProcess, token: string, own: string): Promise<void> {
  const forged = token.replace(/.{12}$/, 'AAAAAAAAAAAA');
  const asked = {
    // A proxy that names none but itself leaves the address unknown, and this client is held to networks.
    allowed: await ask(url, { path: '/authorize', token, headers: { 'x-forwarded-for': '127.0.0.2' } }),
    forged: await ask(url, { path: '/authorize', token: forged }),
    twice: await ask(url, { path: '/authorize', headers: { authorization: [`Bearer ${token}`, `Bearer ${token}`] } }),
    scheme: await ask(url, { path: '/authorize', headers: { authorization: `Basic ${btoa(`partner:${token}`)}` } }),
    path: await ask(url, { path: `/${token}`, token }),
    query: await ask(url, { path: `/authorize?access_token=${token}` }),
    original: await ask(url, {
      path: '/authorize',
      token,
      headers: { 'x-original-method': token, 'x-original-uri': `/plans/${token}?t=${token}`, 'x-forwarded-for': token },
    }),
    request: await ask(url, { path: '/authorize', token, headers: { 'x-request-id': token, cookie: `t=${token}` } }),
    introspected: await ask(url, { path: '/introspect', ...form(token) }),
    notForm: await ask(url, { path: '/introspect', method: 'POST', body: token, headers: { 'content-type': token } }),
    ended: await ask(url, { path: '/revoke', ...form(own) }),
    after: await ask(url, { path: '/authorize', token: own }),
    keys: await ask(url, { path: '/.well-known/jwks.json' }),
    health: await ask(url, { path: '/readyz', token }),
    metrics: await ask(url, { path: '/metrics' }),
  };
  if (asked.allowed.status !== 200 || asked.introspected.status !== 200 || asked.after.status !== 401) {
    const seen = [asked.allowed, asked.introspected, asked.after].map(({ status }) => status);
    throw new Error(`the gateway answered otherwise than the story needs: ${seen.join(', ')}`);
  }
  for (const [name, reply] of Object.entries(asked)) {
    world.found(`the answer to ${name}`, world.canaries.search(JSON.stringify(reply)));
  }
}

async function endTokens(
  world: CanaryWorld,
  change: (args: readonly string[], how?: How) => Promise<unknown>,
  leaked: Told,
): Promise<void> {
  await using gateway = await startServe(world.cli);
  const probe = ['--wait', '--probe', `${gateway.url}/authorize`];
  await change(['revoke', '--token', '--yes', '--reason', 'leaked', ...probe], { stdin: leaked.token });
  await change(['revoke', '--token', '--yes', '--json'], { stdin: leaked.token });
  await change(['verify'], { stdin: leaked.token, code: 10 });
  const listed = await world.token('issue', '--client', 'listed');
  // The mistake of somebody who has tokens, and not their ids.
  world.write('list.txt', `${listed.token}\n`);
  world.tokenFiles.add('list.txt');
  await change(['revoke', '--from', 'list.txt', '--yes'], { code: 'any' });
  world.write('list.txt', `# one\n${listed.jti}\n`);
  await change(['revoke', '--from', 'list.txt', '--yes', '--json']);
  await change(['revoke', '--client', 'batch-a', '--all', '--yes']);
  await change(['clients', 'revoke', 'batch-b', '--confirm', 'batch-b']);
}

async function keysOfTheRing(
  world: CanaryWorld,
  change: (args: readonly string[], how?: How) => Promise<unknown>,
  look: (args: readonly string[], how?: How) => Promise<void>,
): Promise<void> {
  const ring = async (): Promise<{ kid: string; state: string }[]> =>
    JSON.parse((await world.run(['keys', 'list', '--json'])).stdout) as { kid: string; state: string }[];
  await change(['keys', 'create']);
  const [, pending] = await ring();
  await change(['keys', 'activate', `${pending?.kid}`, '--yes'], { code: 5 });
  await change(['keys', 'activate', `${pending?.kid}`, '--yes', '--now']);
  await change(['keys', 'rotate', '--now']);
  await change(['keys', 'retire', `${pending?.kid}`], { code: 5 });
  await change(['keys', 'revoke', `${pending?.kid}`, '--confirm', `${pending?.kid}`, '--reason', 'a drill']);
  await look(['keys', 'list']);
  await change(['keys', 'export']);
}

async function evidence(
  change: (args: readonly string[], how?: How) => Promise<unknown>,
  look: (args: readonly string[], how?: How) => Promise<void>,
  { reconcile: [reconcile, reconcileCode] }: Stage,
): Promise<void> {
  await change(['audit', 'list', '--json-lines']);
  await look(['audit']);
  await change(['audit', 'export', '-o', 'audit.jsonl']);
  await change(['audit', 'export'], { seals: true });
  await change(['audit', 'seal', '--to', 'seal.jws']);
  await change(['audit', 'seal'], { seals: true });
  await look(['audit', 'verify', '--seal', 'seal.jws']);
  await look(['audit', 'verify', '--from', 'audit.jsonl']);
  await look(['audit', 'reconcile', ...reconcile], { code: reconcileCode });
  await look(['restore', '--from', 'audit.jsonl', '--dry-run']);
  await change(['restore', '--from', 'audit.jsonl', '--yes']);
  await change(['report', '-o', 'report.html', '--json']);
  await change(['report']);
}
