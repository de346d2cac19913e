/** The topics of the shared config; the hub's own peer answers them. */
export const SET = "elpis.hub.config.set";
export const GET = "elpis.hub.config.get";
export const DELETE = "elpis.hub.config.delete";
export const LIST = "elpis.hub.config.list";
export const WATCH = "elpis.hub.config.watch";

/** What a key has, as it travels: null stands for no value, so that it is not taken for one that was set. */
export interface ConfigItem {
  readonly version: number;
  readonly value: Uint8Array | null;
}

/** Asks for the keys after `after` that begin with `prefix`. */
export interface ListInput {
  readonly prefix?: string;
  readonly after?: string;
}

/** As much of a list as fits; `more` when there is more after the last key. */
export interface ListOutput {
  readonly entries: ReadonlyArray<readonly [key: string, value: Uint8Array]>;
  readonly more: boolean;
}
