/** How serious a line is. */
export type Level = "trace" | "debug" | "info" | "warn" | "error" | "fatal";

/** All levels, the least serious first. */
export const LEVELS: readonly Level[] = ["trace", "debug", "info", "warn", "error", "fatal"];

/** Words that programs use for a level. */
const WORDS: ReadonlyMap<string, Level> = new Map<string, Level>([
  ...LEVELS.map((level) => [level, level] as const),
  ["warning", "warn"],
  ["notice", "info"],
  ["critical", "fatal"],
]);
const SHORTEST = 4;
const LONGEST = 8;
/** A level stands near the beginning, or it is none: a long line costs no more than a short one. */
const MAX_JSON = 1024;
const MAX_WORDS = 96;
const MAX_TOKENS = 6;

const [ESC, SPACE, QUOTE, TAB] = [0x1b, 0x20, 0x22, 0x09];
const [OPEN_ROUND, CLOSE_ROUND, COLON, LESS, EQUALS, GREATER] = [
  0x28, 0x29, 0x3a, 0x3c, 0x3d, 0x3e,
];
const [OPEN_SQUARE, CLOSE_SQUARE, OPEN_CURLY, SMALL_M] = [0x5b, 0x5d, 0x7b, 0x6d];

/**
 * How serious a line says to be, where it does so in a way that is common: `{"level":30,…}` of pino and bunyan,
 * `{"level":"info",…}` of winston, `[ERROR]`, `error:`, `WARN `, `level=warn`, also behind a time or a `[label]`. A
 * plain word of a sentence is no level.
 */
export function levelOf(text: string): Level | undefined {
  return text.charCodeAt(0) === OPEN_CURLY ? levelOfJson(text) : levelOfWords(text);
}

/** Whether `level` is as serious as `least`; what has no level is not. */
export function isAtLeast(level: Level | undefined, least: Level): boolean {
  return level !== undefined && LEVELS.indexOf(level) >= LEVELS.indexOf(least);
}

/** Not parsed: the key can only be met outside of a text, because inside its quotes are escaped. */
function levelOfJson(text: string): Level | undefined {
  const head = text.length > MAX_JSON ? text.slice(0, MAX_JSON) : text;
  const key = head.indexOf('"level":');
  if (key < 0) return undefined;
  let at = key + 8;
  if (head.charCodeAt(at) === SPACE) at += 1;
  if (head.charCodeAt(at) === QUOTE) {
    const end = head.indexOf('"', at + 1);
    return end < 0 ? undefined : wordAt(head, at + 1, end);
  }
  return levelOfNumber(head, at);
}

/** The numbers of pino and bunyan: 10 is trace, 60 fatal; one between two belongs to the lower. */
function levelOfNumber(text: string, at: number): Level | undefined {
  const tens = text.charCodeAt(at) - 48;
  const isTwoDigits = isDigit(text.charCodeAt(at + 1)) && !isDigit(text.charCodeAt(at + 2));
  return isTwoDigits ? LEVELS[tens - 1] : undefined;
}

/** Goes over times and labels until the first word, which is a level or there is none. */
function levelOfWords(text: string): Level | undefined {
  const end = Math.min(text.length, MAX_WORDS);
  let at = 0;
  for (let token = 0; token < MAX_TOKENS && at < end; token += 1) {
    const start = overOpening(text, at, end);
    const isLabel = start > at && isOpening(text.charCodeAt(start - 1));
    const wordEnd = overLetters(text, start, end);
    const next = wordEnd < text.length ? text.charCodeAt(wordEnd) : SPACE;
    if (wordEnd > start) {
      if (next === EQUALS) {
        if (isLevelKey(text, start, wordEnd)) return levelOfValue(text, wordEnd + 1);
      } else {
        if (isMark(next) || (isBlank(next) && isUpper(text, start))) {
          const level = wordAt(text, start, wordEnd);
          if (level !== undefined) return level;
        }
        if (!isLabel) return undefined;
      }
    }
    at = overToken(text, wordEnd, end, isLabel);
  }
  return undefined;
}

function levelOfValue(text: string, from: number): Level | undefined {
  const start = text.charCodeAt(from) === QUOTE ? from + 1 : from;
  return wordAt(text, start, overLetters(text, start, Math.min(text.length, start + LONGEST + 1)));
}

function wordAt(text: string, start: number, end: number): Level | undefined {
  const length = end - start;
  if (length < SHORTEST || length > LONGEST) return undefined;
  return WORDS.get(text.slice(start, end).toLowerCase());
}

/** Over blanks, opening brackets, and colours of the terminal. */
function overOpening(text: string, from: number, end: number): number {
  let at = from;
  while (at < end) {
    const code = text.charCodeAt(at);
    if (code === ESC) at = overColor(text, at, end);
    else if (isBlank(code) || isOpening(code)) at += 1;
    else break;
  }
  return at;
}

function overColor(text: string, from: number, end: number): number {
  let at = from + 1;
  while (at < end && text.charCodeAt(at) !== SMALL_M) at += 1;
  return at + 1;
}

function overLetters(text: string, from: number, end: number): number {
  let at = from;
  while (at < end && isLetter(text.charCodeAt(at))) at += 1;
  return at;
}

/** To the blank behind a token, a quoted value or a label, which may hold blanks. */
function overToken(text: string, from: number, end: number, isLabel: boolean): number {
  let at = from;
  let isQuoted = false;
  while (at < end) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) isQuoted = !isQuoted;
    else if (isLabel && (code === CLOSE_SQUARE || code === CLOSE_ROUND)) return at + 1;
    else if (!isQuoted && !isLabel && isBlank(code)) return at;
    at += 1;
  }
  return at;
}

function isLevelKey(text: string, start: number, end: number): boolean {
  const length = end - start;
  if (length === 5) return text.startsWith("level", start);
  return length === 3 ? text.startsWith("lvl", start) : text.startsWith("severity", start);
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB;
}

function isOpening(code: number): boolean {
  return code === OPEN_SQUARE || code === OPEN_ROUND || code === LESS;
}

/** What makes a word a level in any case: `error:`, `[error]`, or the end of its colour. */
function isMark(code: number): boolean {
  return (
    code === COLON ||
    code === CLOSE_SQUARE ||
    code === CLOSE_ROUND ||
    code === GREATER ||
    code === ESC
  );
}

function isUpper(text: string, at: number): boolean {
  const [first, second] = [text.charCodeAt(at), text.charCodeAt(at + 1)];
  return first < 0x61 && second < 0x61;
}

function isLetter(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a);
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}
