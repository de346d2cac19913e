/** What can stand in a line, in one at a time. */
export class Place {
  before: Place | undefined = undefined;
  after: Place | undefined = undefined;
}

/** Things in a line, from which any of them may go: a `Map` finds its first one slowly when many before that have gone. */
export class Line<Item extends Place> {
  /** Stands before the first and after the last. */
  readonly #end = new Place();

  constructor() {
    this.#end.before = this.#end;
    this.#end.after = this.#end;
  }

  get first(): Item | undefined {
    return this.#item(this.#end.after);
  }

  /** From the first to the last; what was passed may be removed meanwhile. */
  *[Symbol.iterator](): Generator<Item, void, undefined> {
    let item = this.first;
    while (item !== undefined) {
      const next = this.#item(item.after);
      yield item;
      item = next;
    }
  }

  /** Puts something at the end. */
  push(item: Item): void {
    const end = this.#end;
    const last = end.before as Place;
    item.before = last;
    item.after = end;
    last.after = item;
    end.before = item;
  }

  /** Takes something out of its line, whichever it is. */
  static remove(item: Place): void {
    const { before, after } = item;
    if (before === undefined || after === undefined) return;
    before.after = after;
    after.before = before;
    // Else what has gone would hold what came after it, for as long as nobody collects old garbage.
    item.before = undefined;
    item.after = undefined;
  }

  #item(place: Place | undefined): Item | undefined {
    return place === this.#end ? undefined : (place as Item | undefined);
  }
}
