import { describe, expect, it } from 'vitest';
import { KNOWN_VARIABLES, unknownVariables } from './variables.ts';

describe('variables that begin with APIKEY_', () => {
  it('are fine where they are known, empty, or of another kind', () => {
    const env = Object.fromEntries(KNOWN_VARIABLES.map((name) => [name, 'x']));
    expect(unknownVariables({ ...env, APIKEY_ENVV: '', API_KEY: 'x', PATH: 'x', XAPIKEY_EN: 'x' })).toEqual([]);
  });

  it.each([
    ['APIKEY_ENVV', 'APIKEY_ENV'],
    ['APIKEY_EVN', 'APIKEY_ENV'],
    ['APIKEY_EN', 'APIKEY_ENV'],
    ['APIKEY_KEY', 'APIKEY_KEYS'],
    ['APIKEY_ISUER', 'APIKEY_ISSUER'],
    ['APIKEY_CONF', 'APIKEY_CONFIG'],
    ['APIKEY_DATADIR', 'APIKEY_DATA_DIR'],
    ['APIKEY_MAXTTL', 'APIKEY_MAX_TTL'],
    ['apikey_env', 'APIKEY_ENV'],
    ['APIKEY_Registry', 'APIKEY_REGISTRY'],
  ])('%s is nearly %s', (name, meant) => {
    expect(() => unknownVariables({ [name]: 'prod' })).toThrow(`there is no variable ${name}`);
    expect(() => unknownVariables({ [name]: 'prod' })).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', fix: expect.stringContaining(`did you mean ${meant}?`) }),
    );
  });

  it('every name within one edit of a known one is refused', () => {
    for (const name of KNOWN_VARIABLES) {
      for (let at = 'APIKEY_'.length; at < name.length; at += 1) {
        const shorter = name.slice(0, at) + name.slice(at + 1);
        if (!KNOWN_VARIABLES.includes(shorter))
          expect(() => unknownVariables({ [shorter]: 'x' })).toThrow('no variable');
        expect(() => unknownVariables({ [`${name.slice(0, at)}Q${name.slice(at)}`]: 'x' })).toThrow('no variable');
      }
    }
  });

  it('of the functions, and of others, are only listed', () => {
    const rest = `ADDRESS_IN_CACHE_KEY CLOCK_TOLERANCE GATEWAY_RESULT_TTL HTTP_RESPONSES JWKS KEYS_ALLOW LOG MAX_LIFETIME
      MAX_STALENESS_KEYS MAX_STALENESS_TOKENS METRICS METRICS_NAMESPACE ROUTES STAGES STALE_IF_ERROR TABLE TOKEN
      TOPIC_ARN TRACK_USAGE`;
    const names = rest.split(/\s+/).map((name) => `APIKEY_${name}`);
    expect(unknownVariables(Object.fromEntries(names.map((name) => [name, 'x'])))).toEqual(names);
  });
});
