// What the outline editor asks the server: whether the draft is complete, and who stands where.

const WAIT = 500;
const EVERY = 5000;

export class Checks {
  constructor({ address, token, draft, hear, failed }) {
    Object.assign(this, { address, token, draft, hear, failed });
  }

  soon() {
    this.stop();
    this.timer = setTimeout(() => this.now(), WAIT);
  }

  stop() {
    clearTimeout(this.timer);
    this.asking?.abort();
  }

  async now() {
    this.stop();
    this.asking = new AbortController();
    try {
      this.hear(await this.post({ draft: this.draft() }, this.asking.signal));
    } catch (error) {
      if (error.name !== "AbortError") this.failed();
    }
  }

  // Steps that somebody pastes, as the server reads them.
  async tidied(text) {
    const { steps } = await this.post({ paste: text });
    return steps ?? [];
  }

  async post(told, signal) {
    const answer = await fetch(this.address, {
      method: "POST", signal, body: new URLSearchParams(told), headers: { "X-CSRFToken": this.token },
    });
    if (!answer.ok) throw new Error(answer.statusText);
    return answer.json();
  }
}

// Only while somebody looks at the page.
export class Counts {
  constructor({ address, hear }) {
    Object.assign(this, { address, hear });
  }

  start() {
    if (this.address) this.timer = setInterval(() => this.now(), EVERY);
  }

  stop() {
    clearInterval(this.timer);
  }

  async now() {
    if (document.visibilityState !== "visible" || this.isAsking) return;
    this.isAsking = true;
    try {
      const answer = await fetch(this.address, { headers: { Accept: "application/json" } });
      if (answer.ok) this.hear(await answer.json());
    } catch {
      // The next time will do.
    }
    this.isAsking = false;
  }
}
