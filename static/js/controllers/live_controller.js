// Keeps a piece of a page fresh while somebody looks at it, until they pause it.

class LiveController extends window.StimulusModule.Controller {
  static targets = ["piece", "pause"];

  static values = { url: String, every: { type: Number, default: 3000 } };

  connect() {
    this.timer = setInterval(() => this.refresh(), this.everyValue);
  }

  disconnect() {
    clearInterval(this.timer);
  }

  async refresh() {
    // Paused, nobody looks, or somebody reads just there by keyboard.
    const busy = this.pieceTarget.contains(document.activeElement);
    if (this.pauseTarget.checked || document.hidden || busy) return;
    try {
      const answer = await fetch(this.urlValue);
      if (answer.ok) this.pieceTarget.innerHTML = await answer.text();
    } catch {
      // The server is away for a moment; the next look may find it.
    }
  }
}

window.wagtail.app.register("dxp-live", LiveController);
