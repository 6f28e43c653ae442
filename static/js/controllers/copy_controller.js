// Copies a text and says so. Where the browser forbids it, the text is selected instead.

class CopyController extends window.StimulusModule.Controller {
  static targets = ["text", "said"];

  static values = { done: String, failed: String };

  async copy() {
    const text = this.textTarget.textContent.trim();
    try {
      await navigator.clipboard.writeText(text);
      this.saidTarget.textContent = this.doneValue;
    } catch {
      window.getSelection().selectAllChildren(this.textTarget);
      this.saidTarget.textContent = this.failedValue;
    }
  }
}

window.wagtail.app.register("dxp-copy", CopyController);
