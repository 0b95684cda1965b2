/** What must not compile: an authorizer without its four required options. Checked by `tsc -p packages/authorizer`. */
import { createAuthorizer, nodeMiddleware, type AuthorizerOptions, type Decision } from '../src/index.ts';

declare const options: AuthorizerOptions;
declare const decision: Decision;
const { issuer, audience, status, keys } = options;

createAuthorizer({ issuer, audience, status, keys });
// @ts-expect-error -- issuer is required
createAuthorizer({ audience, status, keys });
// @ts-expect-error -- audience is required
createAuthorizer({ issuer, status, keys });
// @ts-expect-error -- status is required
createAuthorizer({ issuer, audience, keys });
// @ts-expect-error -- keys are required
createAuthorizer({ issuer, audience, status });
// @ts-expect-error -- nothing of this has a default
createAuthorizer({});
// @ts-expect-error -- an audience that is not given is not "any audience"
createAuthorizer({ issuer, audience: undefined, status, keys });
// @ts-expect-error -- one audience, not a list of which any would do
createAuthorizer({ issuer, audience: ['a', 'b'], status, keys });
// @ts-expect-error -- a misspelt limit would silently not apply
createAuthorizer({ issuer, audience, status, keys, maxStalenes: { tokens: 0 } });
// @ts-expect-error -- an authorizer is required
nodeMiddleware();
// @ts-expect-error -- a decision says whether it is an allowance before it names a client
decision.client.trim();
if (decision.allowed) decision.client.trim();
