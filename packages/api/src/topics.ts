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

/** Contract of a topic that is streamed: `Stream<what is asked, what comes, what may be sent meanwhile>`. */
export interface Stream<Input, Item, Sent = never> {
  readonly kind: "stream";
  readonly input: Input;
  readonly item: Item;
  readonly sent: Sent;
}

/** Contract of a topic that is queued work: `Job<what is to be done>`. */
export interface Job<Payload> {
  readonly kind: "job";
  readonly job: Payload;
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
/** The names of the streams among `Topics`. */
export type StreamName<Topics> =
  IsAny<Topics> extends true ? string : NamesOf<Topics, Stream<Untyped, Untyped, Untyped>>;
/** The names of the jobs among `Topics`. */
export type JobName<Topics> = IsAny<Topics> extends true ? string : NamesOf<Topics, Job<Untyped>>;
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
/** What a stream is opened with. */
export type QueryOf<Topics, Name extends string> =
  IsAny<Topics> extends true
    ? Untyped
    : Name extends keyof Topics
      ? Topics[Name] extends Stream<infer Input, Untyped, Untyped>
        ? Input
        : never
      : never;
/** What a stream gives. */
export type ItemOf<Topics, Name extends string> =
  IsAny<Topics> extends true
    ? Untyped
    : Name extends keyof Topics
      ? Topics[Name] extends Stream<Untyped, infer Item, Untyped>
        ? Item
        : never
      : never;
/** What whoever opened a stream may send on it. */
export type SentOf<Topics, Name extends string> =
  IsAny<Topics> extends true
    ? Untyped
    : Name extends keyof Topics
      ? Topics[Name] extends Stream<Untyped, Untyped, infer Sent>
        ? Sent
        : never
      : never;
/** What a job carries. */
export type JobOf<Topics, Name extends string> =
  IsAny<Topics> extends true
    ? Untyped
    : Name extends keyof Topics
      ? Topics[Name] extends Job<infer Payload>
        ? Payload
        : never
      : never;
