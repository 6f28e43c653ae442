// The question builder: shows the controls that fit, writes filters and whose acts count.

class QuestionController extends window.StimulusModule.Controller {
  static targets = ["control"];

  connect() {
    this.follow();
  }

  // Controls that depend on others come and go with them.
  follow() {
    const form = new FormData(this.element);
    for (const control of this.controlTargets) {
      const only = Object.entries(JSON.parse(control.dataset.only));
      control.hidden = !only.every(([key, values]) => values.includes(form.getAll(key).at(-1) ?? ""));
    }
  }
}

window.wagtail.app.register("dxp-question", QuestionController);
