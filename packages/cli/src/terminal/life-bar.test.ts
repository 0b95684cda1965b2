import { describe, expect, it } from 'vitest';
import { lifeBar, lifePaint, type Life } from './life-bar.ts';
import type { Style } from './style.ts';

const DAY = 86_400;
const life = (remaining: number, whole = 90 * DAY, replaced = false): Life => ({ remaining, whole, replaced });
const style: Style = {
  bold: (text) => `bold ${text}`,
  dim: (text) => `dim ${text}`,
  red: (text) => `red ${text}`,
  green: (text) => `green ${text}`,
  yellow: (text) => `yellow ${text}`,
};
const paint = (shown: Life): string => lifePaint(shown, style)('bar');

describe('the bar of a remaining life', () => {
  it.each([
    [90 * DAY, '████████'],
    [80 * DAY, '████████'],
    [78 * DAY, '███████░'],
    [45 * DAY, '████░░░░'],
    [11 * DAY, '█░░░░░░░'],
    [1, '█░░░░░░░'],
    [0, '░░░░░░░░'],
    [-1, '░░░░░░░░'],
    [Number.NaN, '░░░░░░░░'],
  ])('of 90 days with %d seconds left is %s', (remaining, bar) => {
    expect(lifeBar(life(remaining), 8)).toBe(bar);
  });

  it('has always so many cells, whatever the numbers', () => {
    for (const whole of [-5, 0, 1, 1e9]) {
      for (const remaining of [-5, 0, 0.5, 3, 1e9, Infinity]) {
        for (const cells of [1, 6, 20]) expect(lifeBar(life(remaining, whole), cells)).toHaveLength(cells);
      }
    }
  });
});

describe('its colour', () => {
  it('is green with more than two weeks left, yellow within them, red in the last three days, and dim at the end', () => {
    expect(paint(life(14 * DAY + 1))).toBe('green bar');
    expect(paint(life(14 * DAY))).toBe('yellow bar');
    expect(paint(life(3 * DAY + 1))).toBe('yellow bar');
    expect(paint(life(3 * DAY))).toBe('red bar');
    expect(paint(life(0))).toBe('dim bar');
  });

  it('stays green where another token is in place', () => {
    expect(paint(life(60, DAY, true))).toBe('green bar');
    expect(paint(life(0, DAY, true))).toBe('dim bar');
  });
});
