// What an event must be: its name and the conditions on its properties; and several in a row.

import { Combobox } from "./combobox.js";
import { get, put, reshaped, shapeOf } from "./rule_form.js";
import { button, make, select, tool } from "./rule_parts.js";
import { value } from "./rule_values.js";

const MOST_STEPS = 5;
const FEWEST_STEPS = 2;

export function eventName(spot) {
  const settle = () => spot.redraw();
  const box = new Combobox({
    id: spot.id, label: spot.label, value: spot.get(), say: spot.it.suggested,
    ask: (q, signal) => spot.it.suggest({ what: "events", q }, signal),
    chose: (name, option) => {
      spot.put(name);
      if (option) settle();
    },
  });
  return box.element;
}

export function wheres(spot, eventPath) {
  const { id, it, leaf, path } = spot;
  const rows = spot.get() ?? [];
  const event = get(leaf, eventPath);
  if (rows.length) it.learn(event);
  const add = () => {
    spot.put([...rows, { prop: "", cmp: "eq", value: "" }]);
    spot.redraw(`${id}-${rows.length}-prop`);
  };
  const drop = (place) => {
    spot.put(rows.filter((_, other) => other !== place));
    spot.redraw(rows.length > 1 ? `${id}-${Math.max(0, place - 1)}-prop` : `${id}-add`);
  };
  return make(
    "div", { class: "dxp-rule__wheres" },
    ...rows.map((row, place) => make(
      "div", { class: "dxp-rule__row dxp-rule__where", role: "group", "aria-label": `${it.words.where} ${place + 1}` },
      make("span", { class: "dxp-rule__word" }, place ? it.words.and : it.words.where),
      ...where({ ...spot, id: `${id}-${place}`, path: `${path}.${place}` }, row, event),
      tool(`${id}-${place}-remove`, `${it.words.remove}: ${it.words.where} ${place + 1}`, "bin", () => drop(place)),
    )),
    button(`${id}-add`, it.words.add_where, "plus", add, "dxp-rule__small"),
  );
}

function where(spot, row, event) {
  const { id, it, leaf, path } = spot;
  const type = it.typeOfProperty(event, row.prop);
  const cmps = it.cmps[type] ?? it.cmps.any;
  if (!cmps.some(([cmp]) => cmp === row.cmp)) cmps.push([row.cmp, row.cmp]);
  const prop = new Combobox({
    id: `${id}-prop`, label: it.words.property, value: row.prop, say: it.suggested,
    ask: (q, signal) => it.suggest({ what: "properties", event, q }, signal),
    chose: (name, option) => {
      row.prop = name;
      spot.changed(`${id}-prop`);
      if (option) become(row, it.typeOfProperty(event, name), spot);
    },
  });
  const compared = select(`${id}-cmp`, it.words.cmp, cmps, row.cmp, (cmp) => {
    row.cmp = cmp;
    become(row, type, spot);
  });
  const its = value({
    ...spot, id: `${id}-value`, label: it.words.value, cmp: row.cmp, type,
    get: () => row.value,
    put: (next) => {
      put(leaf, `${path}.value`, next);
      spot.changed(`${id}-value`);
    },
    suggest: (q, signal) => it.suggest({ what: "property_values", event, of: row.prop, q }, signal),
  });
  return [prop.element, compared, its];
}

function become(row, type, spot) {
  row.value = reshaped(row.value, shapeOf(row.cmp, type), type);
  spot.changed();
  spot.redraw();
}

// The two parts of a matcher: the event, and what its properties must say.
export function matcherParts(spot) {
  const { id, path, leaf } = spot;
  const at = (name) => ({
    ...spot, id: `${id}-${name}`, path: `${path}.${name}`,
    get: () => get(leaf, `${path}.${name}`),
    put: (next) => {
      put(leaf, `${path}.${name}`, next);
      spot.changed(`${id}-${name}`);
    },
  });
  return [eventName({ ...at("event"), label: spot.it.words.event }), wheres(at("where"), `${path}.event`)];
}

function matcher(spot) {
  const [event, its] = matcherParts(spot);
  return make("div", { class: "dxp-rule__matcher" }, make("div", { class: "dxp-rule__row" }, event), its);
}

// What must not happen in between, say: there only when somebody adds it.
export function optionalMatcher(spot) {
  const { id, it, label } = spot;
  if (!spot.get()) {
    const add = () => {
      spot.put({ event: "" });
      spot.redraw(`${id}-event`);
    };
    return button(`${id}-add`, label, "plus", add, "dxp-rule__small");
  }
  const drop = () => {
    spot.put(undefined);
    spot.redraw(`${id}-add`);
  };
  return make(
    "div", { class: "dxp-rule__step", role: "group", "aria-label": label },
    make(
      "div", { class: "dxp-rule__steps-head" },
      make("strong", {}, label), tool(`${id}-remove`, `${it.words.remove}: ${label}`, "bin", drop),
    ),
    matcher(spot),
  );
}

export function steps(spot) {
  const { id, it, path } = spot;
  const all = spot.get();
  const become = (next, focus) => {
    spot.put(next);
    spot.redraw(focus);
  };
  const move = (place, by) => {
    const next = [...all];
    next.splice(place + by, 0, next.splice(place, 1)[0]);
    become(next, `${id}-${place + by}-event`);
  };
  const title = (place) => `${it.words.step} ${place + 1}`;
  const one = (_, place) => make("li", {}, make(
    "div", { class: "dxp-rule__step", role: "group", "aria-label": title(place) },
    make(
      "div", { class: "dxp-rule__steps-head" }, make("strong", {}, title(place)),
      tool(`${id}-${place}-up`, `${it.words.up}: ${title(place)}`, "arrow-up", () => move(place, -1), { disabled: place === 0 }),
      tool(`${id}-${place}-down`, `${it.words.down}: ${title(place)}`, "arrow-down", () => move(place, 1), { disabled: place === all.length - 1 }),
      tool(
        `${id}-${place}-remove`, `${it.words.remove}: ${title(place)}`, "bin",
        () => become(all.filter((__, other) => other !== place), `${id}-${Math.max(0, place - 1)}-event`),
        { disabled: all.length <= FEWEST_STEPS },
      ),
    ),
    matcher({ ...spot, id: `${id}-${place}`, path: `${path}.${place}` }),
  ));
  const add = () => become([...all, { event: "" }], `${id}-${all.length}-event`);
  return make(
    "div", { class: "dxp-rule__steps" },
    make("ol", { class: "dxp-plain" }, ...all.map(one)),
    all.length < MOST_STEPS ? button(`${id}-add`, it.words.add_step, "plus", add, "dxp-rule__small") : null,
  );
}
