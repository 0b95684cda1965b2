/** What each kind of attention means and what to do about it, in one table. */
import { EXPIRING_SECONDS, UNUSED_SECONDS, type Attention } from '@apikey/shared';
import { LOWER_BOUND } from '../use-words.ts';

interface AttentionWords {
  /** On a badge, in one or two words. */
  readonly short: string;
  readonly title: string;
  readonly what: string;
  /** Commands, one of which mends it. */
  readonly fix: readonly string[];
}

const DAY = 86_400;

export const ATTENTION_WORDS: Readonly<Record<Attention, AttentionWords>> = {
  expiring: {
    short: 'expiring',
    title: 'Expiring',
    what: `Live tokens that end within ${EXPIRING_SECONDS / DAY} days and have no live replacement.`,
    fix: ['apikey rotate JTI'],
  },
  unused: {
    short: 'unused',
    title: `Unused for more than ${UNUSED_SECONDS / DAY} days`,
    what: `Live tokens without a recorded use for that long: ask the contact whether they are still needed. ${LOWER_BOUND}`,
    fix: ['apikey revoke JTI'],
  },
  pending: {
    short: 'pending',
    title: 'Never activated',
    what: 'Tokens that were prepared more than a day ago and not finished. They let nobody in.',
    fix: ['apikey activate JTI', 'apikey revoke JTI'],
  },
  no_contact: {
    short: 'no contact',
    title: 'Clients without a contact',
    what: 'Nobody can be reached about their tokens.',
    fix: ['apikey clients set CLIENT --contact ADDRESS'],
  },
  past_date: {
    short: 'past its date',
    title: 'Signing keys past their date',
    what: 'Keys that were created and never activated, or that can be retired because nothing depends on them any more.',
    fix: ['apikey keys activate KID', 'apikey keys retire KID'],
  },
};
