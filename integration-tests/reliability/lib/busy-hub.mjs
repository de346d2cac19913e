/** A hub that is reached by its name, and what makes it busy. */
export class BusyHub {
  constructor(run, name) {
    this.run = run;
    this.name = name;
  }

  /** Two peers that send 2000 messages a second to one another; 200 of them are requests. */
  async load() {
    const source = this.run.start("background");
    const sink = this.run.start("background");
    await sink.call("listen", { hub: this.name });
    await source.call("talk", { hub: this.name });
    return { source, sink };
  }

  /** A peer that asks and checks the answers. */
  async canary() {
    const singer = this.run.start("canary");
    const answerer = this.run.start("canary");
    const answererId = await answerer.call("answer", { hub: this.name });
    await singer.call("sing", { hub: this.name });
    return { report: () => singer.call("report"), singer, answerer, answererId };
  }

  /** Both, under the figures of the run when it is over. */
  async busy() {
    const [{ source }, canary] = await Promise.all([this.load(), this.canary()]);
    return async () => {
      this.run.canaryIsWell("canary", await canary.report());
      this.run.backgroundIsWell(await source.call("report"));
    };
  }
}
