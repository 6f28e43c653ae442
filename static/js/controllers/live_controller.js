// Keeps a piece of a page fresh while somebody looks at it, until they pause it. What was opened
// stays open (by its data-key), and who reads by keyboard stays where they are.

class LiveController extends window.StimulusModule.Controller {
  static targets = ["piece", "pause", "toggle"];

  static values = { url: String, every: { type: Number, default: 3000 }, now: Boolean };

  connect() {
    this.toggleTargets.forEach((button) => {
      button.hidden = false;
    });
    this.timer = setInterval(() => this.refresh(), this.everyValue);
    if (this.nowValue) this.refresh();
  }

  disconnect() {
    clearInterval(this.timer);
  }

  toggle() {
    const paused = !this.isPaused;
    this.toggleTarget.setAttribute("aria-pressed", String(paused));
    if (!paused) this.refresh();
  }

  get isPaused() {
    if (this.hasPauseTarget) return this.pauseTarget.checked;
    return this.hasToggleTarget && this.toggleTarget.getAttribute("aria-pressed") === "true";
  }

  // Somebody marks text, or stands in the list on something that has no key to find it by again.
  get isBusy() {
    const marked = window.getSelection();
    if (!marked.isCollapsed && this.pieceTarget.contains(marked.anchorNode)) return true;
    const focused = document.activeElement;
    return this.pieceTarget.contains(focused) && !focused.matches("details[data-key] > summary");
  }

  // Ask for something else of what the piece offers, and stay on it.
  async ask() {
    const asked = this.pieceTarget.querySelector("[data-live-ask]");
    const address = new URL(this.urlValue, window.location.href);
    address.searchParams.set(asked.dataset.liveAsk, asked.value);
    this.urlValue = address.pathname + address.search;
    document.activeElement.blur();
    this.isAsked = true;
    clearInterval(this.timer);
    this.timer = setInterval(() => this.refresh(), this.everyValue);
    await this.refresh();
  }

  async refresh() {
    if (this.isPaused || document.hidden || this.isBusy) return;
    try {
      const answer = await fetch(this.urlValue);
      if (!answer.ok) return;
      const fresh = await answer.text();
      if (!this.isPaused && !this.isBusy) this.show(fresh);
    } catch {
      // The server is away for a moment; the next look may find it.
    }
  }

  show(fresh) {
    const keyOf = (element) => element?.closest("details[data-key]")?.dataset.key;
    const open = [...this.pieceTarget.querySelectorAll("details[data-key][open]")].map(keyOf);
    const focused = this.pieceTarget.contains(document.activeElement)
      ? keyOf(document.activeElement)
      : undefined;
    this.pieceTarget.innerHTML = fresh;
    this.pieceTarget.querySelectorAll("details[data-key]").forEach((element) => {
      const { key } = element.dataset;
      element.open = open.includes(key);
      if (key === focused) element.querySelector("summary").focus();
    });
    // Who asked stands at the question again, unless they went elsewhere meanwhile.
    const asked = this.isAsked && this.pieceTarget.querySelector("[data-live-ask]");
    if (asked) {
      this.isAsked = false;
      if (document.activeElement === document.body) asked.focus();
    }
    // What is finished will not change any more.
    if (this.pieceTarget.querySelector("[data-live-end]")) clearInterval(this.timer);
  }
}

window.wagtail.app.register("dxp-live", LiveController);
