import { describe, expect, it } from 'vitest';
import { lifeBar, lifePaint, type Life } from './life-bar.ts';
import type { Style } from './style.ts';
import { ASCII, UNICODE } from './symbols.ts';

const DAY = 86_400;
const life = (remaining: number, replaced = false): Life => ({ remaining, replaced });
const style: Style = {
  bold: (text) => `bold ${text}`,
  dim: (text) => `dim ${text}`,
  red: (text) => `red ${text}`,
  green: (text) => `green ${text}`,
  yellow: (text) => `yellow ${text}`,
  symbols: UNICODE,
};
const paint = (shown: Life): string => lifePaint(shown, style)('bar');

describe('the bar of a remaining life', () => {
  it.each([
    [90 * DAY, '████████'],
    [14 * DAY, '████████'],
    [12 * DAY, '███████░'],
    [10 * DAY, '██████░░'],
    [7 * DAY, '████░░░░'],
    [1.5 * DAY, '█░░░░░░░'],
    [Infinity, '████████'],
    [1, '█░░░░░░░'],
    [0, '░░░░░░░░'],
    [-1, '░░░░░░░░'],
    [Number.NaN, '░░░░░░░░'],
  ])('shows the share of two weeks: %d seconds left is %s', (remaining, bar) => {
    expect(lifeBar(life(remaining), 8)).toBe(bar);
  });

  it('has always so many cells, whatever the numbers', () => {
    for (const remaining of [-5, 0, 0.5, 3, 1e9, Infinity]) {
      for (const cells of [0, 1, 6, 20]) {
        expect(lifeBar(life(remaining), cells)).toHaveLength(cells);
        expect(lifeBar(life(remaining), cells, ASCII)).toMatch(/^#*\.*$/);
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
    expect(paint(life(60, true))).toBe('green bar');
    expect(paint(life(0, true))).toBe('dim bar');
  });
});
