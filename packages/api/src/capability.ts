/** A typed name for something that one plugin provides and others use, so that plugins never import one another. */
export interface Capability<Value> {
  readonly id: string;
  /** Carries the type; never there at run time. */
  readonly type?: Value;
}

/**
 * Makes a capability token. Tokens are compared by `id`, so two copies of a package agree.
 *
 * @example export const clock: Capability<Clock> = capability<Clock>("clock");
 */
export function capability<Value>(id: string): Capability<Value> {
  return Object.freeze({ id });
}
