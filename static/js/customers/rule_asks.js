// What the builder asks the server: suggestions, and the size of a rule while it is written.

const QUIET = 900;

export class Suggestions {
  constructor(address) {
    this.address = address;
    this.known = new Map();
  }

  async ask(query, signal) {
    const asked = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
    const address = `${this.address}?${new URLSearchParams(asked)}`;
    if (!this.known.has(address)) {
      const answer = await fetch(address, { signal, headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(answer.statusText);
      this.known.set(address, (await answer.json()).found);
    }
    return this.known.get(address);
  }
}

// First an estimate at once; when the writer pauses, the exact number and some people. Only the
// latest rule is asked about.
export class Sizes {
  constructor({ address, token, wait, rule, hear }) {
    Object.assign(this, { address, token, wait, rule, hear });
  }

  soon() {
    this.stop();
    this.timer = setTimeout(() => this.now(), this.wait);
  }

  stop() {
    clearTimeout(this.timer);
    this.asking?.abort();
  }

  async now() {
    this.stop();
    this.asking = new AbortController();
    const { signal } = this.asking;
    const rule = this.rule();
    this.hear({ state: "estimating" });
    try {
      const first = await this.post(rule, "sample", signal);
      this.hear({ state: "estimated", ...first });
      if (first.error) return;
      await new Promise((done) => { this.timer = setTimeout(done, QUIET); });
      await Promise.all([
        first.exact ? null : this.exact(rule, first, signal),
        this.post(rule, "people", signal).then(({ people }) => this.hear({ state: "people", people })),
      ]);
    } catch (error) {
      if (error.name !== "AbortError") this.hear({ state: "offline" });
    }
  }

  async exact(rule, first, signal) {
    this.hear({ state: "counting", ...first });
    this.hear({ state: "counted", ...(await this.post(rule, "exact", signal)) });
  }

  async post(rule, how, signal) {
    const answer = await fetch(this.address, {
      method: "POST", signal, body: new URLSearchParams({ rule, how }),
      headers: { "X-CSRFToken": this.token },
    });
    if (!answer.ok) throw new Error(answer.statusText);
    return answer.json();
  }
}
