import { type Logger, symbols } from "pino";

type Keyed = Readonly<Record<string | symbol, unknown>>;

/** What pino keeps a serializer for whole lines under. */
const WHOLE = Symbol.for("pino.*");
/** What it keeps what is hidden of every key under. */
const ANY = symbols.wildcardFirstSym;

/** Whether a logger writes what it is given under a key as it is: nothing of it is hidden, or made into something else. */
export function isWrittenPlain(logger: Logger | undefined, key: string): boolean {
  if (logger === undefined) return false;
  const of = (symbol: symbol): Keyed => (logger as unknown as Record<symbol, Keyed>)[symbol] ?? {};
  const serializers = of(symbols.serializersSym);
  // By keys of which something is hidden.
  const stringifiers = of(symbols.stringifiersSym);
  const { log } = of(symbols.formattersSym);
  return (
    !Object.hasOwn(serializers, key) &&
    serializers[WHOLE] === undefined &&
    !Object.hasOwn(stringifiers, key) &&
    stringifiers[ANY] === undefined &&
    log === undefined
  );
}
