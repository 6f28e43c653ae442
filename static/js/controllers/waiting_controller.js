// Watches a question that takes long, and shows its page as soon as the answer is there.

class WaitingController extends window.StimulusModule.Controller {
  static targets = ["bar", "words"];

  static values = { url: String, done: String };

  connect() {
    this.timer = setInterval(() => this.look(), 1000);
  }

  disconnect() {
    clearInterval(this.timer);
  }

  async look() {
    try {
      const answer = await fetch(this.urlValue, { headers: { Accept: "application/json" } });
      if (!answer.ok) return;
      const { waits, progress } = await answer.json();
      if (!waits) this.show();
      else if (progress !== null) this.barTarget.value = Math.round(progress * 100);
    } catch {
      // The server is away for a moment; the next look may find it.
    }
  }

  // A file is saved without leaving this page, so that it says that it is done.
  show() {
    clearInterval(this.timer);
    this.wordsTarget.textContent = this.doneValue;
    this.barTarget.value = 100;
    window.location.reload();
  }
}

window.wagtail.app.register("dxp-waiting", WaitingController);
