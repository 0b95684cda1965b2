/**
 * Calls by which the suite sets up the emulator that are not worth a client of their own, as plain HTTP. Nothing is signed: the emulator verifies no
 * signature, and reads from the credential scope which service is meant.
 */

/** Puts an object into a bucket, which is made if need be. */
export async function putObject(endpoint: string, bucket: string, key: string, body: Uint8Array): Promise<void> {
  await emulatorCall(`${endpoint}/${bucket}`, 's3', { method: 'PUT' });
  await emulatorCall(`${endpoint}/${bucket}/${key}`, 's3', { method: 'PUT', body: Buffer.from(body) });
}

/** Adds variables to those that a function has. */
export async function addFunctionVariables(
  endpoint: string,
  name: string,
  variables: Readonly<Record<string, string>>,
): Promise<void> {
  const url = `${endpoint}/2015-03-31/functions/${name}/configuration`;
  const present: unknown = JSON.parse(await emulatorCall(url, 'lambda', {}));
  const body = JSON.stringify({ Environment: { Variables: { ...variablesOf(present), ...variables } } });
  await emulatorCall(url, 'lambda', { method: 'PUT', body, headers: { 'content-type': 'application/json' } });
}

function variablesOf(configuration: unknown): object {
  const environment: unknown = Object(configuration).Environment;
  const variables: unknown = Object(environment).Variables;
  if (typeof variables === 'object' && variables !== null) return variables;
  throw new Error('the function has no variables');
}

export async function emulatorCall(url: string, service: string, { headers, ...init }: RequestInit): Promise<string> {
  const scope = `test/20260101/us-east-1/${service}/aws4_request`;
  const authorization = `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=none`;
  const answer = await fetch(url, {
    ...init,
    headers: { ...Object.fromEntries(new Headers(headers)), authorization },
    signal: AbortSignal.timeout(60_000),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${service} answered ${answer.status}: ${text.slice(0, 500)}`);
  return text;
}
