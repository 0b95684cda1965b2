/** Decides once about each token of a file, remembering nothing: `node decide.ts DATA-DIR TOKENS-FILE`. */
import { createAuthorizer } from '@apikey/authorizer';
import { localKeys, localStatus } from '@apikey/authorizer/local';
import { readFileSync } from 'node:fs';
import { AUDIENCE, ISSUER } from '../harness/acting.ts';

const [dataDir = '', tokensFile = ''] = process.argv.slice(2);
const { authorize } = createAuthorizer({
  issuer: ISSUER,
  audience: AUDIENCE,
  status: localStatus({ dataDir }),
  keys: localKeys({ dataDir }),
  cache: { tokens: 0, statuses: 0 },
});
for (const token of readFileSync(tokensFile, 'utf8').trim().split('\n')) {
  await authorize({ token });
}
