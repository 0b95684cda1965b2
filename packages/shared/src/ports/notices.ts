/** Who was told that a token will expire, so that each is told once; and the way by which they are told. */
import type { EpochMillis, EpochSeconds } from '../domain/records.ts';

/** One thing to tell: that this token expires within so many days. */
export interface Notice {
  readonly jti: string;
  readonly days: number;
  /** `exp` of the token, from which a backend computes how long to keep this. */
  readonly exp: EpochSeconds;
}

export interface NoticeLog {
  /**
   * Takes a notice, for this caller alone. False for one that was sent, or that another caller took less than 15
   * minutes ago: whoever takes it and ends without a word loses it by then.
   */
  claim(notice: Notice, at: EpochMillis): Promise<boolean>;
  /** Never to be sent again. */
  confirm(notice: Notice, at: EpochMillis): Promise<void>;
  /** Could not be sent: the next one to ask gets it. */
  release(notice: Notice): Promise<void>;
}

/** What people are told, with what their subscriptions may filter by. */
export interface NoticeMessage {
  /** Printable ASCII, less than 100 characters. */
  readonly subject: string;
  readonly text: string;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface NoticeSender {
  /** Resolves once it was taken for delivery. */
  send(message: NoticeMessage): Promise<void>;
}
