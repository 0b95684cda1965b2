import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { REDACTED, redact } from './redact.ts';

const TOKEN = 'eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJpc3MiOiJodHRwczovL2EifQ.c2lnbmF0dXJl-_1';
/** A thumbprint may hold the three characters by chance. */
const KID = 'abceyJdefghijklmnopqrstuvwxyz0123456789ABCD';

describe('redact', () => {
  it.each([
    ['a bare token', TOKEN],
    ['a token in a sentence', `the header Bearer ${TOKEN}, twice: ${TOKEN}.`],
    ['a token glued to other text', `x${TOKEN}`],
    ['a token in a URL', `https://a/?t=${TOKEN}&x=1`],
    ['a token after an escape', `Bearer%20${TOKEN}`],
    ['a token in JSON', JSON.stringify({ token: TOKEN })],
    ['a header alone', TOKEN.slice(0, 40)],
    ['a token without its header', TOKEN.slice(TOKEN.indexOf('.') + 1)],
    ['a token that was cut off', TOKEN.slice(0, 60)],
  ])('removes %s', (_, text) => {
    const shown = redact(text);
    expect(shown).toContain(REDACTED);
    expect(shown).not.toMatch(/eyJ|c2lnbmF0dXJl/);
  });

  it('leaves ids, key ids, hashes and words alone', () => {
    const text = `jti 3f0e8a52-1c44-4c5e-9f0d-7a1f0f6f2d11 kid ${KID}. sha ${'0af1'.repeat(16)} eyJ`;
    expect(redact(text)).toBe(text);
  });

  it('never lets the signature of a token through, whatever stands around it', () => {
    const words = fc.string({ unit: fc.constantFrom(...'abcZ019 \n"\'.,:;=/%&{}[]()<>') });
    fc.assert(
      fc.property(words, words, (before, after) => {
        expect(redact(`${before}${TOKEN}${after}`)).not.toContain('c2lnbmF0dXJl');
      }),
    );
  });
});
