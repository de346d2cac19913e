/**
 * msgpackr reads long text with a `TextDecoder` that it makes when it is loaded and that takes a byte order mark at the
 * beginning away, which would change what was sent. While this stands, the one it makes keeps the mark. Nothing but
 * msgpackr is loaded between this module and the call of {@link restore}.
 */
const original = globalThis.TextDecoder;

globalThis.TextDecoder = class extends original {
  constructor() {
    super("utf-8", { ignoreBOM: true });
  }
};

/** Puts the decoder of the process back. */
export function restore(): void {
  globalThis.TextDecoder = original;
}
