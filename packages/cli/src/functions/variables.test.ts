import { expect, it } from 'vitest';
import { notifyFunction } from './notify.ts';
import { timeOf } from './scheduled-event.ts';
import { sealFunction } from './seal.ts';

it('a function that lacks variables says which, all at once, before anything is sent', () => {
  expect(() => notifyFunction({ APIKEY_TABLE: 'apikey-prod', APIKEY_TOPIC_ARN: '' }, () => {})).toThrow(
    'not set: APIKEY_ENV, APIKEY_TOPIC_ARN',
  );
  expect(() => sealFunction({}, () => {})).toThrow(
    'not set: APIKEY_TABLE, APIKEY_ENV, APIKEY_ISSUER, APIKEY_AUDIENCE, APIKEY_KEYS',
  );
});

it('a run is for the time that was scheduled, and for now where there is none', () => {
  expect(timeOf({ time: '2027-02-01T00:00:00Z' }, 5)).toBe(Date.parse('2027-02-01T00:00:00Z'));
  expect(timeOf({}, 5)).toBe(5);
  expect(() => timeOf({ time: 'soon' }, 5)).toThrow(TypeError);
});
