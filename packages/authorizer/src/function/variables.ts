/** The variables that configure the prebuilt function: their names, what they take, and what it means if they are not set. */

export interface Variable {
  readonly name: `APIKEY_${string}`;
  readonly required?: true;
  /** What holds without it, as the documentation shows it. */
  readonly standard: string;
  /** One sentence for people. */
  readonly meaning: string;
  /** The option of the library that it sets, by which errors are traced back to it. */
  readonly option?: string;
}

/** In the order of the documentation, whose table a test compares with this one. */
export const VARIABLES: readonly Variable[] = [
  { name: 'APIKEY_TABLE', required: true, standard: 'required', meaning: 'the DynamoDB table', option: 'table' },
  {
    name: 'APIKEY_ISSUER',
    required: true,
    standard: 'required',
    meaning: '`iss` of the tokens to accept, compared exactly',
    option: 'issuer',
  },
  {
    name: 'APIKEY_AUDIENCE',
    required: true,
    standard: 'required',
    meaning: "the name of this API; must be in a token's `aud`, compared exactly",
    option: 'audience',
  },
  {
    name: 'APIKEY_KEYS_ALLOW',
    standard: 'none',
    meaning: 'ARNs of the KMS keys that may ever be trusted, separated by commas; required unless `APIKEY_JWKS` is set',
    option: 'allow',
  },
  {
    name: 'APIKEY_JWKS',
    standard: 'none',
    meaning: 'a JWK set of public keys, as `apikey keys export` prints it: these are not fetched from KMS',
  },
  {
    name: 'APIKEY_MAX_STALENESS_TOKENS',
    standard: '0',
    meaning: "seconds that a token's and its client's status may be old",
    option: 'maxStaleness.tokens',
  },
  {
    name: 'APIKEY_MAX_STALENESS_KEYS',
    standard: '60',
    meaning: 'seconds that the key ring may be old',
    option: 'maxStaleness.keys',
  },
  {
    name: 'APIKEY_STALE_IF_ERROR',
    standard: '0',
    meaning:
      "seconds that a live token's last status, and the last key ring, may be used longer while the registry is out of reach",
    option: 'staleIfError',
  },
  {
    name: 'APIKEY_GATEWAY_RESULT_TTL',
    standard: '0',
    meaning: 'seconds for which the gateway reuses an answer: what its authorizer is set to',
    option: 'gatewayResultTtl',
  },
  {
    name: 'APIKEY_MAX_LIFETIME',
    standard: '366d',
    meaning: 'longest lifetime of a token, from `iat` to `exp`',
    option: 'maxLifetime',
  },
  {
    name: 'APIKEY_CLOCK_TOLERANCE',
    standard: '0',
    meaning: 'seconds by which `exp` and `nbf` may be missed, and by which `iat` may be in the future',
    option: 'clockTolerance',
  },
  {
    name: 'APIKEY_ROUTES',
    standard: 'none',
    meaning:
      'which scopes a request needs: a JSON list of `{"method", "path", "scopes"}`; without, a live token opens all',
    option: 'routes',
  },
  {
    name: 'APIKEY_EXACT_PATHS',
    standard: 'false',
    meaning: '`true`: the servers behind tell `/Plans` and `/plans/` from `/plans`',
  },
  {
    name: 'APIKEY_STAGES',
    standard: 'any',
    meaning: 'the stages that are served, separated by commas',
    option: 'stages',
  },
  {
    name: 'APIKEY_ADDRESS_IN_CACHE_KEY',
    standard: 'false',
    meaning: 'REST: `true` if the source address is an identity source of the `REQUEST` authorizer',
    option: 'addressInCacheKey',
  },
  {
    name: 'APIKEY_USAGE_KEY',
    standard: 'none',
    meaning: 'REST: `client` or `jti`, to be sent as `usageIdentifierKey`',
    option: 'usageIdentifierKey',
  },
  {
    name: 'APIKEY_HTTP_RESPONSES',
    standard: 'simple',
    meaning: 'HTTP: `policy` if the authorizer of payload format 2.0 does not have simple responses enabled',
    option: 'responses',
  },
  {
    name: 'APIKEY_TRACK_USAGE',
    standard: 'false',
    meaning: '`true`: the last use of each token is recorded in the table, which takes a policy that allows it',
  },
  { name: 'APIKEY_LOG', standard: 'off', meaning: '`json`: one line for each decision' },
  { name: 'APIKEY_METRICS', standard: 'off', meaning: '`emf`: CloudWatch metrics, embedded in the log' },
  { name: 'APIKEY_METRICS_NAMESPACE', standard: 'apikey', meaning: 'the namespace of these metrics' },
];
