/** A place in a line, with what stands there. */
export interface Place<Item> {
  readonly item: Item;
}

class Link<Item> implements Place<Item> {
  readonly item: Item;
  before: Link<Item> = this;
  after: Link<Item> = this;

  constructor(item: Item) {
    this.item = item;
  }
}

/** Things in a line, from which any of them may go: a `Map` finds its first one slowly when many before that have gone. */
export class Line<Item> {
  /** Stands before the first and after the last. */
  readonly #end: Link<Item> = new Link(undefined as Item);

  get first(): Place<Item> | undefined {
    const { after } = this.#end;
    return after === this.#end ? undefined : after;
  }

  /** Puts something at the end. */
  push(item: Item): Place<Item> {
    const link = new Link(item);
    const end = this.#end;
    link.before = end.before;
    link.after = end;
    end.before.after = link;
    end.before = link;
    return link;
  }

  /** Takes something out of its line, whichever it is. */
  static remove<Item>(place: Place<Item>): void {
    const { before, after } = place as Link<Item>;
    before.after = after;
    after.before = before;
  }
}
