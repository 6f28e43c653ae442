// Where people enter, and what makes them leave: goals and exits.

import { button, make, tool } from "../customers/rule_parts.js";
import { choice, field, number, propertyField, segmentField, sideField, timeField, traitField, unitField, weekdayFields } from "./outline_parts.js";
import { matcher } from "./outline_rules.js";
import { MOST_ARMS } from "./outline_tree.js";

const TYPES = ["segment", "event", "date", "schedule", "api", "hand"];
const FIELDS = { segment, event, date, schedule, api: hint, hand: hint };
const FRESH = {
  segment: () => ({ change: "entered", segment: null }),
  event: () => ({ event: "", where: [], key: "" }),
  date: () => ({ trait: "", amount: 0, unit: "days", side: "before", time: "09:30", yearly: false }),
  schedule: () => ({ segment: null, every: "once", on: "", time: "09:30" }),
  api: () => ({}),
  hand: () => ({}),
};
const ID = "entry";

export function freshEntry(type) {
  return { type, ...FRESH[type]() };
}

export function entry(it) {
  const told = it.state.entry;
  const named = (type) => it.words[`entry${type[0].toUpperCase()}${type.slice(1)}`];
  const pick = choice(TYPES.map((type) => [type, named(type)]), told.type);
  pick.id = `type-${ID}`;
  pick.addEventListener("change", () => it.become(() => {
    it.state.entry = freshEntry(pick.value);
  }, pick.id));
  return make(
    "div", { class: "dxp-outline__fields", id: "entry-fields" },
    make(
      "div", { class: "dxp-outline__field dxp-outline__field--wide" },
      make("label", { for: pick.id }, it.words.entryType), pick,
    ),
    ...FIELDS[told.type](told, it),
  );
}

function segment(told, it) {
  const { words } = it;
  const changes = [["entered", words.entered], ["left", words.left]];
  return [
    field(it, told, ID, "change", words.change, choice(changes, told.change)),
    segmentField(it, told, ID, { changed: () => it.count() }),
    make("p", { class: "dxp-outline__help", id: "entry-size", role: "status" }),
  ];
}

function event(told, it) {
  return [
    matcher(it, told, ID),
    propertyField(it, told, ID, "key", it.words.key, it.words.keyHelp),
  ];
}

function date(told, it) {
  const { words } = it;
  const yearly = make("input", { type: "checkbox", checked: told.yearly === true });
  return [
    traitField(it, told, ID, words.dateTrait),
    field(it, told, ID, "amount", words.amount, number(told.amount, { min: 0 })),
    unitField(it, told, ID, ["days", "weeks"]),
    sideField(it, told, ID),
    timeField(it, told, ID),
    field(it, told, ID, "yearly", words.yearly, yearly),
    segmentField(it, told, ID, { empty: words.anySegment }),
  ];
}

function schedule(told, it) {
  const { words } = it;
  const every = choice(["once", "day", "week", "month"].map((one) => [one, words[one]]), told.every);
  const become = () => it.become(() => {
    if (told.every === "week") told.weekdays ??= [0];
  }, `every-${ID}`);
  return [
    segmentField(it, told, ID, { changed: () => it.count() }),
    make("p", { class: "dxp-outline__help", id: "entry-size", role: "status" }),
    field(it, told, ID, "every", words.every, every, { changed: become }),
    field(it, told, ID, "on", words.on, make("input", { type: "date", value: told.on ?? "" })),
    timeField(it, told, ID),
    ...(told.every === "week" ? [weekdayFields(it, told, ID)] : []),
  ];
}

function hint(told, it) {
  return [make("p", { class: "dxp-outline__help" }, it.words[told.type === "api" ? "entryApiHelp" : "entryHandHelp"])];
}

// Goals or exits: a short list of events.
export function endings(name, it) {
  const { words } = it;
  const all = it.state[name];
  const word = words[name.slice(0, -1)];
  const one = (told, place) => make(
    "li", { class: "dxp-outline__ending", id: `${name}-${place}`, "data-ending": `${name}-${place}` },
    make(
      "div", { class: "dxp-outline__head" },
      make("h4", {}, `${word} ${place + 1}`),
      tool(
        `remove-${name}-${place}`, `${words.remove}: ${word} ${place + 1}`, "bin",
        () => it.become(() => all.splice(place, 1), `add-${name}`, words.removed),
      ),
    ),
    matcher(it, told, `${name}-${place}`, { same: Boolean(it.state.entry.key) || Boolean(told.same) }),
  );
  const add = () => it.become(
    () => all.push({ event: "", where: [] }), `event-${name}-${all.length}`, words.added, `${name}-${all.length}`,
  );
  return make(
    "div", {},
    all.length ? make("ul", { class: "dxp-outline__endings" }, ...all.map(one)) : null,
    all.length < MOST_ARMS ? button(`add-${name}`, words[name === "goals" ? "addGoal" : "addExit"], "plus", add) : null,
  );
}
