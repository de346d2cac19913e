import { badQuery } from "./errors.ts";

/** What is kept has a time. */
export interface Timed {
  /** In milliseconds since 1970. */
  readonly time: number;
}

/** Which of what is kept, and how much of that. */
export interface PageQuery {
  /** `size`: the newest so many; `time`: those since then. */
  readonly by: "size" | "time";
  /** How many, or milliseconds since 1970; undefined: all. */
  readonly value: number | undefined;
  /** @default newest first */
  readonly order: "asc" | "desc";
  readonly offset: number;
  readonly limit: number;
}

/** A part of a list. */
export interface Page<Item> {
  /** How many there are in all. */
  readonly count: number;
  readonly offset: number;
  readonly limit: number;
  readonly items: readonly Item[];
}

/** Keeps the newest of what comes, and no more. */
export class RecentLog<Item extends Timed> {
  #capacity: number;
  #items: Item[] = [];
  #next = 0;
  #total = 0;

  /** @param capacity how many are kept. @default 100 */
  constructor(capacity = 100) {
    if (!(Number.isSafeInteger(capacity) && capacity >= 1)) {
      throw badQuery("capacity", "a whole number from 1", capacity);
    }
    this.#capacity = capacity;
  }

  /** From now on at least so many are kept. */
  grow(capacity: number): void {
    if (!(capacity > this.#capacity)) return;
    this.#items = this.all();
    this.#next = this.#items.length;
    this.#capacity = capacity;
  }

  /** How many are kept. */
  get size(): number {
    return this.#items.length;
  }

  /** How many have come. */
  get total(): number {
    return this.#total;
  }

  add(item: Item): void {
    this.#items[this.#next] = item;
    this.#next = (this.#next + 1) % this.#capacity;
    this.#total += 1;
  }

  /** All of them, oldest first. */
  all(): Item[] {
    return [...this.#items.slice(this.#next), ...this.#items.slice(0, this.#next)];
  }

  /** Those that are asked for, without paging: newest first unless `order` says otherwise. */
  query(query: Partial<Omit<PageQuery, "offset" | "limit">> = {}): Item[] {
    return select(this.all(), { ...readPageQuery({}), ...query });
  }
}

/** A page of a list in which the oldest comes first. */
export function page<Item extends Timed>(items: readonly Item[], query: PageQuery): Page<Item> {
  const found = select(items, query);
  const { offset, limit } = query;
  return { count: found.length, offset, limit, items: found.slice(offset, offset + limit) };
}

function select<Item extends Timed>(items: readonly Item[], query: PageQuery): Item[] {
  const { by, value, order } = query;
  let found = [...items];
  if (value !== undefined && by === "time") found = found.filter(({ time }) => time >= value);
  if (value !== undefined && by === "size") found = value === 0 ? [] : found.slice(-value);
  return order === "asc" ? found : found.reverse();
}

/** How many a page has that says nothing else. */
const DEFAULT_LIMIT = 100;

/**
 * Reads a page query from a URL.
 *
 * @throws ELPIS_TELEMETRY_BAD_QUERY
 */
export function readPageQuery(query: Readonly<Record<string, unknown>>): PageQuery {
  const by = query.by ?? "size";
  if (by !== "size" && by !== "time") throw badQuery("by", '"size" or "time"', by);
  const order = String(query.order ?? "desc").toLowerCase();
  if (order !== "asc" && order !== "desc") throw badQuery("order", '"asc" or "desc"', query.order);
  return {
    by,
    order,
    value: query.value === undefined ? undefined : whole("value", query.value),
    offset: whole("offset", query.offset ?? 0),
    limit: whole("limit", query.limit ?? DEFAULT_LIMIT, 10_000),
  };
}

function whole(part: string, value: unknown, max: number = Number.MAX_SAFE_INTEGER): number {
  const number = typeof value === "string" && value !== "" ? Number(value) : value;
  if (Number.isSafeInteger(number) && (number as number) >= 0 && (number as number) <= max) {
    return number as number;
  }
  throw badQuery(part, `a whole number from 0 to ${max}`, value);
}
