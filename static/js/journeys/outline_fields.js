// The fields of each kind of step.

import { make } from "../customers/rule_parts.js";
import { all } from "./outline_tree.js";
import {
  box, choice, field, number, sideField, suggesting, text, timeField, traitField, unitField, weekdayFields,
} from "./outline_parts.js";

const UNITS = ["minutes", "hours", "days", "weeks", "seconds"];
const FIELDS = { delay, wait: length, branch: () => [], split: () => [], send, update, jump, end };

export function fields(step, it) {
  return (FIELDS[step.type] ?? asked)(step, it);
}

// A kind of step that somebody else offers: it says itself what it has to be told.
function asked(step, it) {
  const kind = it.kindsOffered.find(({ name }) => name === step.type);
  return (kind?.asks ?? []).map((ask) => (ASKED[ask.kind] ?? ASKED.text)(step, ask, it));
}

const ASKED = {
  text: (step, ask, it) => field(it, step, step.id, ask.name, ask.label, text(step[ask.name], { maxlength: 500 }), ask),
  number: (step, { least, most, ...ask }, it) => (
    field(it, step, step.id, ask.name, ask.label, number(step[ask.name], { min: least, max: most, step: "any" }), ask)
  ),
  boolean: (step, ask, it) => flag(step, it, ask.name, ask.label, ask),
  choice: (step, ask, it) => (
    field(it, step, step.id, ask.name, ask.label, choice([["", it.words.choose], ...ask.options], step[ask.name]), ask)
  ),
  trait: (step, ask, it) => (
    suggesting(it, step, step.id, ask.name, ask.label, (q, signal) => it.suggest({ what: "traits", q }, signal), ask)
  ),
  event: (step, ask, it) => suggesting(it, step, step.id, ask.name, ask.label, async (q) => it.eventsLike(q), ask),
};

// Yes or no, where nothing has been said yet too.
function flag(step, it, name, label, { help = "" } = {}) {
  const empty = typeof step[name] === "boolean" ? [] : [["", it.words.choose]];
  const control = choice([...empty, ["true", it.words.yes], ["false", it.words.no]], step[name]);
  control.id = `${name}-${step.id}`;
  control.addEventListener("change", () => {
    step[name] = control.value === "" ? null : control.value === "true";
    it.changed();
  });
  return box(control, name, label, { help });
}

function length(step, it, label = it.words.longest) {
  return [
    field(it, step, step.id, "amount", label, number(step.amount)),
    unitField(it, step, step.id, UNITS),
  ];
}

function delay(step, it) {
  const { words } = it;
  const modes = [["for", words.modeFor], ["time", words.modeTime], ["weekday", words.modeWeekday], ["date", words.modeDate]];
  const become = () => it.become(() => complete(step), `mode-${step.id}`);
  const mode = field(it, step, step.id, "mode", words.mode, choice(modes, step.mode ?? "for"), { changed: become });
  return [mode, ...{ for: () => length(step, it, words.amount), time, weekday, date }[step.mode ?? "for"](step, it)];
}

// Gives a delay that has become another kind of delay something to begin with.
function complete(step) {
  if (step.mode === "time") step.after ??= 1;
  if (step.mode === "weekday") step.weekdays ??= [0];
  if (step.mode !== "for") step.time ??= "09:30";
  if (step.mode === "date") {
    step.side ??= "before";
    if (!["days", "weeks"].includes(step.unit)) step.unit = "days";
  }
  step.amount ??= 1;
  step.unit ??= "days";
}

function time(step, it) {
  const after = number(step.after ?? 0, { min: 0 });
  return [
    field(it, step, step.id, "after", it.words.after, after, { help: it.words.afterHelp }),
    timeField(it, step, step.id),
  ];
}

function weekday(step, it) {
  return [timeField(it, step, step.id), weekdayFields(it, step, step.id)];
}

function date(step, it) {
  return [
    traitField(it, step, step.id, it.words.dateTrait),
    field(it, step, step.id, "amount", it.words.amount, number(step.amount, { min: 0 })),
    unitField(it, step, step.id, ["days", "weeks"]),
    sideField(it, step, step.id),
    timeField(it, step, step.id),
  ];
}

function send(step, it) {
  const { words } = it;
  const named = ({ name, channel, published }) => `${name} (${published ? channel : `${channel}, ${words.unpublished}`})`;
  const options = it.messages.map((one) => [one.id, named(one)]);
  const gone = step.message && !it.messages.some(({ id }) => id === step.message);
  if (gone) options.unshift([step.message, words.missing]);
  const control = choice([["", words.chooseMessage], ...options], step.message, { "data-kind": "number" });
  const link = make("a", { target: "_blank", rel: "noopener", class: "dxp-outline__link" }, words.openMessage);
  const show = () => {
    link.hidden = !it.messages.some(({ id }) => id === step.message);
    link.href = it.addresses.message.replace("/0/", `/${step.message}/`);
  };
  show();
  return [field(it, step, step.id, "message", words.message, control, { changed: show, wide: true }), link];
}

function update(step, it) {
  const { words } = it;
  const kinds = { text: "", number: null, boolean: true, none: null };
  const kind = it.kindOf(step) ?? kindOf(step.value);
  const pick = choice(
    [["text", words.valueText], ["number", words.valueNumber], ["boolean", words.valueBoolean], ["none", words.valueNone]], kind,
  );
  pick.id = `kind-${step.id}`;
  pick.addEventListener("change", () => it.become(() => {
    it.kinds.set(step.id, pick.value);
    step.value = kinds[pick.value];
  }, pick.id));
  return [traitField(it, step, step.id), box(pick, "kind", words.valueKind), ...value(step, kind, it)];
}

function kindOf(value) {
  if (value === null) return "none";
  return { boolean: "boolean", number: "number" }[typeof value] ?? "text";
}

function value(step, kind, it) {
  if (kind === "none") return [];
  if (kind !== "boolean") {
    const control = kind === "number" ? number(step.value, { min: null, step: "any" }) : text(step.value, { maxlength: 500 });
    return [field(it, step, step.id, "value", it.words.value, control)];
  }
  return [flag(step, it, "value", it.words.value)];
}

function jump(step, it) {
  const others = [...all(it.state.outline)].filter((one) => one.step.type !== "jump");
  const options = others.map((one) => [one.step.id, it.titleOf(one.step, one.number)]);
  const known = others.some((one) => one.step.id === step.to);
  const control = choice([[known ? "" : step.to ?? "", it.words.chooseStep], ...options], step.to);
  const become = () => it.become(() => {}, `to-${step.id}`);
  return [field(it, step, step.id, "to", it.words.to, control, { changed: become, wide: true })];
}

function end(step, it) {
  return [field(it, step, step.id, "outcome", it.words.outcome, text(step.outcome, { maxlength: 40 }))];
}
