// Says to a draft what its channel says, at the field it is about, while somebody writes; and counts
// on demand who lacks what the message shows.

const WAIT = 400;
const FIELDS = ["subject", "preheader", "text", "url"];

class NotesController extends window.StimulusModule.Controller {
  static targets = ["segment", "told"];

  static values = { url: String, gaps: String, channel: String };

  connect() {
    this.form = this.element.closest("form");
    this.onInput = (event) => {
      if (FIELDS.includes(event.target.name)) this.soon();
    };
    this.form.addEventListener("input", this.onInput);
    this.ask();
  }

  disconnect() {
    clearTimeout(this.timer);
    this.form.removeEventListener("input", this.onInput);
  }

  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), WAIT);
  }

  field(name) {
    return this.form.querySelector(`[name="${name}"]`);
  }

  async ask() {
    const told = new FormData();
    told.set("channel", this.channelValue);
    FIELDS.forEach((name) => {
      told.set(name, this.field(name)?.value ?? "");
    });
    const asked = JSON.stringify([...told]);
    this.asked = asked;
    const token = this.form.querySelector("[name=csrfmiddlewaretoken]").value;
    const answer = await fetch(this.urlValue, {
      method: "POST",
      headers: { "X-CSRFToken": token },
      body: told,
    }).catch(() => null);
    // Somebody wrote on in the meantime.
    if (!answer?.ok || this.asked !== asked) return;
    this.say((await answer.json()).advice);
  }

  say(advice) {
    FIELDS.forEach((name) => {
      const field = this.field(name);
      if (!field) return;
      const note = this.note(field);
      note.replaceChildren(
        ...advice
          .filter((one) => one.field === name)
          .map((one) => {
            const line = document.createElement("span");
            line.textContent = one.text;
            line.className = one.blocks ? "dxp-note__blocks" : "";
            return line;
          }),
      );
    });
  }

  note(field) {
    const id = `note-${field.name}`;
    let note = document.getElementById(id);
    if (!note) {
      note = document.createElement("p");
      note.id = id;
      note.className = "dxp-note";
      note.setAttribute("role", "status");
      (field.closest(".w-field__input") ?? field).after(note);
      const told = [field.getAttribute("aria-describedby"), id].filter(Boolean);
      field.setAttribute("aria-describedby", told.join(" "));
    }
    return note;
  }

  async count() {
    const segment = this.segmentTarget.value;
    this.toldTarget.replaceChildren();
    if (!segment) return;
    const answer = await fetch(`${this.gapsValue}?segment=${encodeURIComponent(segment)}`).catch(
      () => null,
    );
    const { none, failed } = this.toldTarget.dataset;
    const told = answer?.ok ? (await answer.json()).told : [failed];
    if (this.segmentTarget.value !== segment) return;
    this.toldTarget.replaceChildren(
      ...(told.length ? told : [none]).map((text) => {
        const line = document.createElement("li");
        line.textContent = text;
        return line;
      }),
    );
  }
}

window.wagtail.app.register("dxp-notes", NotesController);
