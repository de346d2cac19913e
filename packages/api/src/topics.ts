/** Contract of a topic that is asked: `Request<what is sent, what is answered>`. */
export interface Request<Input, Output> {
  readonly kind: "request";
  readonly input: Input;
  readonly output: Output;
}

/** Contract of a topic that is told: `Event<what is sent>`. */
export interface Event<Payload> {
  readonly kind: "event";
  readonly payload: Payload;
}

/** The contracts of a client that was given none: any topic, any payload. */
export interface AnyTopics {
  readonly kind: "any";
}

// biome-ignore lint/suspicious/noExplicitAny: a client without contracts takes what it is given, as JavaScript does
type Untyped = any;

type IsAny<Topics> = Topics extends AnyTopics ? true : false;
type NamesOf<Topics, Shape> = {
  [Name in keyof Topics & string]: Topics[Name] extends Shape ? Name : never;
}[keyof Topics & string];

/** The names of the events among `Topics`. */
export type EventName<Topics> =
  IsAny<Topics> extends true ? string : NamesOf<Topics, Event<Untyped>>;
/** The names of the requests among `Topics`. */
export type RequestName<Topics> =
  IsAny<Topics> extends true ? string : NamesOf<Topics, Request<Untyped, Untyped>>;
/** What an event carries. */
export type PayloadOf<Topics, Name extends string> =
  IsAny<Topics> extends true
    ? Untyped
    : Name extends keyof Topics
      ? Topics[Name] extends Event<infer Payload>
        ? Payload
        : never
      : never;
/** What a request carries. */
export type InputOf<Topics, Name extends string> =
  IsAny<Topics> extends true
    ? Untyped
    : Name extends keyof Topics
      ? Topics[Name] extends Request<infer Input, Untyped>
        ? Input
        : never
      : never;
/** What a request is answered with. */
export type OutputOf<Topics, Name extends string> =
  IsAny<Topics> extends true
    ? Untyped
    : Name extends keyof Topics
      ? Topics[Name] extends Request<Untyped, infer Output>
        ? Output
        : never
      : never;
