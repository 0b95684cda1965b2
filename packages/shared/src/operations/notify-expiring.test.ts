import { describe, expect, it } from 'vitest';
import type { NoticeLog, NoticeMessage, NoticeSender } from '../ports/notices.ts';
import { UnavailableError } from '../ports/errors.ts';
import { memoryNotices } from '../testing/memory-notices.ts';
import { setClient } from './clients.ts';
import { issueToken } from './issue.ts';
import { NOTICE_DAYS, notifyExpiring, type NotifyDeps, type NotifyOutcome } from './notify-expiring.ts';
import { revokeToken } from './revoke.ts';
import { rotateToken } from './rotate.ts';
import { newWorld, partner, type World } from './world.fixture.ts';

const DAY_MILLIS = 86_400_000;
const DAY = 86_400;

interface Post extends World {
  readonly messages: NoticeMessage[];
  readonly notices: NoticeLog;
  readonly run: (environment?: string) => Promise<NotifyOutcome>;
  /** While it is set, nothing can be sent. */
  broken: Error | undefined;
}

async function newPost(): Promise<Post> {
  const world = await newWorld();
  const messages: NoticeMessage[] = [];
  const sender: NoticeSender = {
    send: async (message) => {
      if (post.broken !== undefined) throw post.broken;
      messages.push(message);
    },
  };
  const notices = memoryNotices();
  const deps: NotifyDeps = { ...world.deps, notices, sender, environment: 'prod' };
  const run: Post['run'] = (environment = 'prod') => notifyExpiring({ ...deps, environment });
  const post: Post = { ...world, messages, notices, run, broken: undefined };
  return post;
}

const issue = async (post: Post, client: string, days: number): Promise<string> =>
  (await issueToken(post.deps, { ...partner, client, ttl: days * DAY }, post.sink)).record.jti;

describe('telling people of tokens that expire', () => {
  it('tells of each token at 30, 14, 7 and 1 days, once each, when it runs every day', async () => {
    const post = await newPost();
    const lives = Array.from({ length: 40 }, (_, index) => index + 1);
    const tokens = new Map<string, number>();
    for (const days of lives) tokens.set(await issue(post, `client-${days % 7}`, days), days);
    const seen: { jti: string; days: number; left: number }[] = [];
    for (let day = 0; day <= 40; day += 1) {
      const before = post.messages.length;
      expect(await post.run()).toMatchObject({ failed: 0 });
      for (const { text, attributes } of post.messages.slice(before)) {
        for (const [jti] of text.matchAll(/(?<=^ {2})[0-9a-f-]{36}$/gm)) {
          seen.push({ jti, days: Number(attributes['days']), left: (tokens.get(jti) ?? 0) - day });
        }
      }
      post.clock.advance(DAY_MILLIS);
    }
    // The first time that so many days are left; a token that never had so many is not told of.
    const expected = [...tokens].flatMap(([jti, life]) =>
      NOTICE_DAYS.filter((days) => days < life).map((days) => ({ jti, days, left: days })),
    );
    const order = (a: { jti: string; days: number }, b: { jti: string; days: number }): number =>
      a.jti.localeCompare(b.jti) || a.days - b.days;
    expect(seen.toSorted(order)).toEqual(expected.toSorted(order));
  });

  it('says whose they are, whom to reach and what to do', async () => {
    const post = await newPost();
    const jti = await issue(post, 'partner', 20);
    await setClient(post.deps, 'partner', { contact: 'ops@partner.example' });
    post.clock.advance(7 * DAY_MILLIS);
    await post.run();
    expect(post.messages).toHaveLength(1);
    expect(post.messages[0]).toMatchObject({
      subject: 'apikey prod: 1 token of partner expires',
      attributes: {
        event: 'token.expiring',
        environment: 'prod',
        client: 'partner',
        days: '14',
        contact: 'ops@partner.example',
      },
    });
    expect(post.messages[0]?.text).toContain('Contact: ops@partner.example');
    expect(post.messages[0]?.text).toContain('(in 13 days)');
    expect(post.messages[0]?.text).toContain(`apikey rotate ${jti} --env prod`);
  });

  it('puts the tokens of one client into one message', async () => {
    const post = await newPost();
    await issue(post, 'partner', 20);
    await issue(post, 'partner', 20);
    await issue(post, 'another', 20);
    post.clock.advance(7 * DAY_MILLIS);
    expect(await post.run()).toMatchObject({ told: 3 });
    expect(post.messages.map(({ subject }) => subject)).toEqual([
      'apikey prod: 1 token of another expires',
      'apikey prod: 2 tokens of partner expire',
    ]);
  });

  it('does not tell of tokens that were revoked, or that have a successor', async () => {
    const post = await newPost();
    const revoked = await issue(post, 'partner', 20);
    const replaced = await issue(post, 'partner', 20);
    await revokeToken(post.deps, { jti: revoked });
    const rotation = { client: 'partner', jti: replaced, grace: 15 * DAY, ttl: 90 * DAY, takeOver: false };
    await rotateToken(post.deps, rotation, post.sink);
    post.clock.advance(7 * DAY_MILLIS);
    expect(await post.run()).toMatchObject({ told: 0, failed: 0 });
    expect(post.messages).toEqual([]);
  });

  it('tells with the next run what could not be sent, and does not let one error keep others back', async () => {
    const post = await newPost();
    await issue(post, 'partner', 20);
    await issue(post, 'another', 20);
    post.clock.advance(7 * DAY_MILLIS);
    post.broken = new UnavailableError('the topic is gone');
    expect(await post.run()).toMatchObject({ told: 0, failed: 2, errors: [post.broken, post.broken] });
    post.broken = undefined;
    expect(await post.run()).toMatchObject({ told: 2, failed: 0 });
    expect(await post.run()).toMatchObject({ told: 0, failed: 0 });
    expect(post.messages).toHaveLength(2);
  });

  it('tells once where two runs overlap', async () => {
    const post = await newPost();
    for (let index = 0; index < 5; index += 1) await issue(post, 'partner', 20);
    post.clock.advance(7 * DAY_MILLIS);
    const outcomes = await Promise.all([post.run(), post.run(), post.run()]);
    expect(outcomes.reduce((sum, { told }) => sum + told, 0)).toBe(5);
  });

  it('skips the days that it slept through', async () => {
    const post = await newPost();
    await issue(post, 'partner', 40);
    post.clock.advance(34 * DAY_MILLIS);
    expect(await post.run()).toMatchObject({ told: 1 });
    expect(post.messages[0]?.attributes['days']).toBe('7');
  });

  it('tells of a token in its grace whose successor was revoked: it ends sooner than it expires', async () => {
    const post = await newPost();
    const old = await issue(post, 'partner', 300);
    const rotation = { client: 'partner', jti: old, grace: 10 * DAY, takeOver: false };
    const { record: successor } = await rotateToken(post.deps, rotation, post.sink);
    expect(await post.run()).toMatchObject({ told: 0 });
    await revokeToken(post.deps, { jti: successor.jti });
    expect(await post.run()).toMatchObject({ told: 1 });
    expect(post.messages[0]?.attributes['days']).toBe('14');
    expect(post.messages[0]?.text).toContain(old);
  });

  it('keeps to what SNS takes, whatever the tokens and the environment are called', async () => {
    const post = await newPost();
    const scopes = Array.from({ length: 15 }, (_, index) => `${index}:`.padEnd(128, 'x'));
    const client = 'c'.repeat(63);
    for (let index = 0; index < 90; index += 1) {
      await issueToken(post.deps, { ...partner, client, scopes, note: '🙂'.repeat(100), ttl: 20 * DAY }, post.sink);
    }
    post.clock.advance(7 * DAY_MILLIS);
    expect(await post.run('prüf\n'.repeat(10))).toMatchObject({ told: 90, failed: 0 });
    expect(post.messages.length).toBeGreaterThan(1);
    for (const { subject, text } of post.messages) {
      expect(subject).toMatch(/^[\x20-\x7E]{1,99}$/);
      expect(Buffer.byteLength(text)).toBeLessThan(200 * 1024);
    }
  });

  it('sends again only what could not be noted as sent', async () => {
    const post = await newPost();
    const jtis = [await issue(post, 'partner', 20), await issue(post, 'partner', 20)];
    post.clock.advance(7 * DAY_MILLIS);
    const confirm = post.notices.confirm.bind(post.notices);
    post.notices.confirm = (notice, at) =>
      notice.jti === jtis[0] ? Promise.reject(new UnavailableError('no answer')) : confirm(notice, at);
    expect(await post.run()).toMatchObject({ told: 2, failed: 0, errors: [{ code: 'UNAVAILABLE' }] });
    post.notices.confirm = confirm;
    expect(await post.run()).toMatchObject({ told: 0 });
    post.clock.advance(15 * 60_000);
    expect(await post.run()).toMatchObject({ told: 1, errors: [] });
    expect(post.messages[1]?.text).toContain(jtis[0]);
  });
});
