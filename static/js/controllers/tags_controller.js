// The tags of a thing beside its form: shown from an address of their own, since they count at once.
// The fields here have no name, so that the form around them neither sends nor saves them.

const LOOK_EVERY = 2000;
const LOOKS = 30;
const TYPING = 200;

class TagsController extends window.StimulusModule.Controller {
  static targets = ["piece", "said", "tick", "least"];

  static values = { url: String, offer: String, failed: String, none: String };

  connect() {
    this.looks = 0;
    // What somebody ticked by hand, by suggestion: it outlives the next look.
    this.ticked = new Map();
    this.load();
    // What was saved without leaving the page is read anew.
    this.onSaved = () => this.lookSoon(true);
    document.addEventListener("w-autosave:success", this.onSaved);
  }

  disconnect() {
    clearTimeout(this.timer);
    clearTimeout(this.typing);
    document.removeEventListener("w-autosave:success", this.onSaved);
  }

  async load() {
    try {
      const answer = await fetch(this.urlValue);
      if (!answer.ok) throw new Error(answer.statusText);
      this.show(await answer.text());
    } catch {
      this.tell(this.failedValue);
      this.lookSoon();
    }
  }

  show(html) {
    const place = this.place();
    const least = this.hasLeastTarget && this.leastTarget.value;
    this.pieceTarget.innerHTML = html;
    const piece = this.pieceTarget.firstElementChild;
    this.saidTarget.textContent = piece.dataset.said;
    this.saidTarget.classList.add("w-sr-only");
    if (least && this.hasLeastTarget) this.leastTarget.value = least;
    this.tickTargets.forEach((one) => {
      one.checked = this.ticked.get(one.value) ?? one.checked;
    });
    if (place) this.goTo(place);
    if (piece.hasAttribute("data-waiting")) this.lookSoon();
  }

  // Where the keyboard is: what has the focus, and in which facet.
  place() {
    const active = document.activeElement;
    if (!this.pieceTarget.contains(active)) return null;
    return { id: active.id, heading: active.closest("section")?.getAttribute("aria-labelledby") };
  }

  // What was decided is gone: then the facet's heading, so that the next Tab goes on from there.
  goTo({ id, heading }) {
    const found = (id && document.getElementById(id)) || document.getElementById(heading);
    (found || this.pieceTarget).focus();
  }

  tell(words) {
    this.saidTarget.textContent = words;
    this.saidTarget.classList.remove("w-sr-only");
  }

  // The taggers read a moment later: look until they have, but not forever, and not under the hands
  // of somebody who ticks or types.
  lookSoon(anew = false) {
    if (anew) this.looks = 0;
    clearTimeout(this.timer);
    if (this.looks >= LOOKS) return;
    this.looks += 1;
    this.timer = setTimeout(() => {
      const busy = this.pieceTarget.contains(document.activeElement) || document.hidden;
      if (busy) this.lookSoon();
      else this.load();
    }, LOOK_EVERY);
  }

  act(event) {
    const { act, term, suggestion } = event.currentTarget.dataset;
    const told = new FormData();
    if (term) told.append("term", term);
    if (suggestion) told.append("suggestion", suggestion);
    if (event.currentTarget.hasAttribute("data-ticked")) {
      const ticked = this.tickTargets.filter((one) => one.checked);
      if (!ticked.length) {
        this.tell(this.noneValue);
        return;
      }
      ticked.forEach((one) => told.append("suggestion", one.value));
    }
    this.post(act, told);
  }

  add(event) {
    event.preventDefault();
    const { facet } = event.currentTarget.dataset;
    const field = this.pieceTarget.querySelector(`input[data-facet="${facet}"]`);
    if (!field.value.trim()) {
      field.focus();
      return;
    }
    const told = new FormData();
    told.append("facet", facet);
    told.append("term", field.value);
    this.post("give", told);
  }

  async post(act, told) {
    try {
      const answer = await fetch(`${this.urlValue}${act}/`, {
        method: "POST",
        headers: { "X-CSRFToken": window.wagtailConfig.CSRF_TOKEN },
        body: told,
      });
      if (!answer.ok && answer.status !== 409) throw new Error(answer.statusText);
      this.looks = 0;
      this.show(await answer.text());
    } catch {
      this.tell(this.failedValue);
    }
  }

  tick() {
    const least = Number(this.leastTarget.value);
    this.tickTargets.forEach((one) => {
      one.checked = Number(one.dataset.percent) >= least;
      this.ticked.set(one.value, one.checked);
    });
  }

  remember({ currentTarget: one }) {
    this.ticked.set(one.value, one.checked);
  }

  offer(event) {
    const field = event.currentTarget;
    clearTimeout(this.typing);
    this.typing = setTimeout(async () => {
      const asked = new URLSearchParams({ facet: field.dataset.facet, q: field.value });
      const answer = await fetch(`${this.offerValue}?${asked}`);
      if (!answer.ok) return;
      const { terms } = await answer.json();
      field.list.replaceChildren(...terms.map(({ name, also }) => new Option(also, name)));
    }, TYPING);
  }
}

window.wagtail.app.register("dxp-tags", TagsController);
