// Keeps a piece of a page fresh while somebody looks at it.

class LiveController extends window.StimulusModule.Controller {
  static values = { url: String, every: { type: Number, default: 3000 } };

  connect() {
    this.timer = setInterval(() => this.refresh(), this.everyValue);
  }

  disconnect() {
    clearInterval(this.timer);
  }

  async refresh() {
    // Nobody looks, or somebody reads just there.
    if (document.hidden || this.element.contains(document.activeElement)) return;
    try {
      const answer = await fetch(this.urlValue);
      if (answer.ok) this.element.innerHTML = await answer.text();
    } catch {
      // The server is away for a moment; the next look may find it.
    }
  }
}

window.wagtail.app.register("dxp-live", LiveController);
