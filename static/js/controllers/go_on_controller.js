// Sends a form that goes on where the last page stopped; without it, people press its button.

class GoOnController extends window.StimulusModule.Controller {
  connect() {
    this.timer = setTimeout(() => this.element.requestSubmit(), 400);
  }

  disconnect() {
    clearTimeout(this.timer);
  }
}

window.wagtail.app.register("dxp-go-on", GoOnController);
