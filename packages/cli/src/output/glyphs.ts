/** What bars and marks are drawn with. */
export interface Glyphs {
  /** A cell of a bar that is filled, and its halves. */
  readonly full: string;
  readonly left: string;
  readonly right: string;
  /** A cell of a bar whose end is not known. */
  readonly open: string;
  /** Marks what is not over. */
  readonly more: string;
  /** Stands for what was cut off. */
  readonly cut: string;
}

const UNICODE: Glyphs = { full: "█", left: "▌", right: "▐", open: "░", more: "…", cut: "…" };
const ASCII: Glyphs = { full: "=", left: "=", right: "=", open: "-", more: ">", cut: "~" };

/** What the terminal can show: blocks, unless it is a dumb one or its language is not in UTF-8. */
export function glyphsFor(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): Glyphs {
  if (env.TERM === "dumb") return ASCII;
  if (platform === "win32") return UNICODE;
  const language = [env.LC_ALL, env.LC_CTYPE, env.LANG].find(
    (one) => one !== undefined && one !== "",
  );
  return /utf-?8/i.test(language ?? "") ? UNICODE : ASCII;
}

/**
 * A bar to scale, `width` cells wide: where something began and ended, as shares of the whole. What is too short for a cell
 * gets half a one. Pure.
 */
export function drawBar(from: number, to: number, width: number, glyphs: Glyphs): string {
  const halves = 2 * width;
  const first = Math.min(Math.max(Math.round(from * halves), 0), halves - 1);
  const end = Math.min(Math.max(Math.round(to * halves), first + 1), halves);
  return Array.from({ length: width }, (_, at) => {
    const isLeft = first <= 2 * at && 2 * at < end;
    const isRight = first <= 2 * at + 1 && 2 * at + 1 < end;
    if (isLeft) return isRight ? glyphs.full : glyphs.left;
    return isRight ? glyphs.right : " ";
  }).join("");
}
