// Says to a draft what its channels say, at the field it is about, while somebody writes; counts on
// demand who lacks what a message shows, and takes over a fragment's newer words.

const WAIT = 400;

class NotesController extends window.StimulusModule.Controller {
  static targets = ["segment", "told", "stale"];

  // whole: the door reads the form as it stands, blocks too.
  static values = {
    url: String,
    gaps: String,
    channel: String,
    language: String,
    fields: { type: String, default: "subject preheader text url" },
    whole: Boolean,
  };

  connect() {
    this.form = this.element.closest("form");
    this.onInput = (event) => {
      if (this.wholeValue || this.fields.includes(event.target.name)) this.soon();
    };
    this.form.addEventListener("input", this.onInput);
    this.form.addEventListener("change", this.onInput);
    this.onFocus = (event) => {
      if (this.fields.includes(event.target.name)) this.last = event.target;
    };
    this.form.addEventListener("focusin", this.onFocus);
    this.ask();
  }

  disconnect() {
    clearTimeout(this.timer);
    this.form.removeEventListener("input", this.onInput);
    this.form.removeEventListener("change", this.onInput);
    this.form.removeEventListener("focusin", this.onFocus);
  }

  get fields() {
    return this.fieldsValue.split(" ");
  }

  get token() {
    return this.form.querySelector("[name=csrfmiddlewaretoken]").value;
  }

  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), WAIT);
  }

  field(name) {
    // Blocks have no field of their own; their number stands before them.
    return this.form.querySelector(`[name="${name}"], [name="${name}-count"]`);
  }

  async ask() {
    const told = this.wholeValue ? new FormData(this.form) : this.written();
    told.set("channel", this.channelValue);
    told.set("language", this.languageValue);
    const asked = JSON.stringify([...told]);
    this.asked = asked;
    const answer = await this.post(this.urlValue, told);
    // Somebody wrote on in the meantime.
    if (!answer?.ok || this.asked !== asked) return;
    this.say((await answer.json()).advice);
  }

  written() {
    const told = new FormData();
    this.fields.forEach((name) => {
      told.set(name, this.field(name)?.value ?? "");
    });
    return told;
  }

  post(url, body) {
    const headers = { "X-CSRFToken": this.token };
    return fetch(url, { method: "POST", headers, body }).catch(() => null);
  }

  say(advice) {
    this.fields.forEach((name) => {
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

  // Where somebody wrote last; at the end of the text, where nobody wrote yet.
  put({ params }) {
    const field = this.last ?? this.field("text") ?? this.field("subject");
    const end = field.value.length;
    const [from, to] = this.last ? [field.selectionStart, field.selectionEnd] : [end, end];
    field.setRangeText(params.words, from, to, "end");
    field.focus();
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  async take({ currentTarget, params }) {
    const answer = await this.post(params.url, new FormData());
    const place = currentTarget.closest("[data-told]");
    const told = document.createElement("span");
    told.textContent = answer?.ok ? place.dataset.told : place.dataset.failed;
    currentTarget.replaceWith(told);
    if (answer?.ok) this.staleTargets.forEach((one) => one.remove());
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
