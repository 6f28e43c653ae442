// The outline as elements: lists of cards, the gaps between them, and the menu of new steps.

import { button, icon, make, tool } from "../customers/rule_parts.js";
import { fields } from "./outline_fields.js";
import { field, text } from "./outline_parts.js";
import { canMove, DEEPEST, ends, KINDS, letter, ways } from "./outline_tree.js";
import { feet, way } from "./outline_ways.js";

// Every act has a button and a key.
export const TOOLS = [
  { do: "up", icon: "arrow-up", keys: "Alt+Shift+ArrowUp", code: "ArrowUp" },
  { do: "down", icon: "arrow-down", keys: "Alt+Shift+ArrowDown", code: "ArrowDown" },
  { do: "into", icon: "arrow-right", keys: "Alt+Shift+ArrowRight", code: "ArrowRight" },
  { do: "out", icon: "arrow-left", keys: "Alt+Shift+ArrowLeft", code: "ArrowLeft" },
  { do: "rename", icon: "edit", keys: "Alt+Shift+R", code: "KeyR" },
  { do: "copy", icon: "copy", keys: "Alt+Shift+C", code: "KeyC" },
  { do: "cut", icon: "cut", keys: "Alt+Shift+X", code: "KeyX" },
  { do: "duplicate", icon: "plus-inverse", keys: "Alt+Shift+D", code: "KeyD" },
  { do: "remove", icon: "bin", keys: "Alt+Shift+Delete", code: "Delete" },
];
const MOVES = ["up", "down", "into", "out"];
const WITH_WAYS = ["wait", "branch", "split"];
const ICONS = {
  delay: "time", wait: "history", branch: "list-ul", split: "resubmit", send: "mail", update: "tag",
  jump: "redirect", end: "circle-check",
};

export function list(steps, { owner = "", key = "", prefix = "", depth = 0 }, it) {
  const spot = { owner, key, depth };
  const items = steps.map((step, place) => make(
    "li", { class: "dxp-outline__item" },
    gap(spot, place, it),
    card(step, `${prefix}${place + 1}`, depth, it),
  ));
  const isOver = steps.length > 0 && ends(steps.at(-1));
  return make(
    "div", { class: "dxp-outline__steps" },
    !steps.length && !owner ? make("p", { class: "dxp-quiet" }, it.words.empty) : null,
    items.length ? make("ol", { class: "dxp-outline__list" }, ...items) : null,
    isOver ? null : last(spot, steps.length, it),
  );
}

function gapId({ owner, key }, place) {
  return `gap-${owner}-${key}-${place}`;
}

function isOpen({ owner, key }, place, it) {
  return it.menu && it.menu.owner === owner && it.menu.key === key && it.menu.place === place;
}

function gap(spot, place, it) {
  const open = isOpen(spot, place, it);
  const plus = make(
    "button",
    {
      type: "button", class: "dxp-outline__plus", id: gapId(spot, place), "aria-label": it.words.addHere,
      title: it.words.addHere, "aria-expanded": String(Boolean(open)), onclick: () => it.openMenu(spot, place),
    },
    icon("plus"),
  );
  return make("div", { class: `dxp-outline__gap${open ? " dxp-outline__gap--open" : ""}` }, plus, open ? menu(spot, place, it) : null);
}

function last(spot, place, it) {
  const open = isOpen(spot, place, it);
  const words = spot.owner || place ? it.words.add : it.words.addFirst;
  const plus = button(gapId(spot, place), words, "plus", () => it.openMenu(spot, place));
  plus.setAttribute("aria-expanded", String(Boolean(open)));
  return make("div", { class: "dxp-outline__last" }, plus, open ? menu(spot, place, it) : null);
}

function menu(spot, place, it) {
  const { words } = it;
  const kinds = [...KINDS, ...it.kindsOffered.map(({ name }) => name)].filter((kind) => spot.depth < DEEPEST || !WITH_WAYS.includes(kind));
  const choices = kinds.map((kind) => make(
    "button",
    { type: "button", class: "dxp-outline__kind", id: `new-${kind}`, onclick: () => it.add(spot, place, kind) },
    icon(ICONS[kind] ?? "cog"), make("strong", {}, it.wordsOf(kind).label), make("span", {}, it.wordsOf(kind).help),
  ));
  return make(
    "div",
    {
      class: "dxp-outline__menu", role: "group", "aria-label": words.addHere,
      onkeydown: (event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        it.closeMenu(gapId(spot, place));
      },
    },
    make("div", { class: "dxp-outline__kinds" }, ...choices),
    make(
      "div", { class: "dxp-outline__menu-foot" },
      it.hasClip() ? button("new-paste", words.paste, "clipboard-list", () => it.paste(spot, place)) : null,
      button("new-close", words.close, "cross", () => it.closeMenu(gapId(spot, place))),
    ),
  );
}

function card(step, number, depth, it) {
  const title = it.titleOf(step, number);
  const from = it.jumpsTo(step.id);
  return make(
    "section",
    { class: `dxp-outline__card dxp-outline__card--${step.type}`, id: `step-${step.id}`, "data-step": step.id, "aria-labelledby": `title-${step.id}` },
    make(
      "div", { class: "dxp-outline__head" },
      make("h3", { id: `title-${step.id}`, tabindex: "-1" }, icon(ICONS[step.type] ?? "cog"), ` ${title}`),
      make("span", { class: "dxp-outline__tally", id: `tally-${step.id}` }, ...tally(it.counts[step.id], it)),
    ),
    tools(step, title, it),
    from.length ? make("p", { class: "dxp-outline__help" }, it.words.jumpedTo.replace("%(n)s", from.join(", "))) : null,
    make("div", { class: "dxp-outline__fields" }, it.isNaming(step) ? naming(step, it) : null, ...fields(step, it)),
    ...ways(step).map((one, place) => way(step, one, place, `${number}${letter(place)}`, depth, it)),
    ...feet(step, it),
  );
}

export function naming(part, it) {
  return field(it, part, part.id, "name", it.words.name, text(part.name, { maxlength: 80 }), { changed: () => it.retitle() });
}

// Who stands here and who was here: each number opens the list of these people.
export function tally(found, it) {
  const kinds = [["waiting", ""], ["failed", "&show=failed"], ["passed", "&show=passed"], ["left", "&show=left"]];
  const shown = kinds.filter(([kind]) => found?.[kind]);
  return shown.flatMap(([kind, query], place) => [
    place ? " · " : "",
    make(
      "a", { href: `${found.url}${query}`, class: `dxp-outline__${kind}` },
      `${found[kind].toLocaleString()} ${it.words[kind === "left" ? "leftHere" : kind]}`,
    ),
  ]);
}

// One stop of the Tab key; the arrows go from one button to the next.
function tools(step, title, it) {
  const { words } = it;
  const shown = TOOLS.map((one) => {
    const off = MOVES.includes(one.do) && !canMove(it.places.get(step.id), one.do);
    return tool(
      `${one.do}-${step.id}`, `${words[one.do]} (${one.keys})`, one.icon, () => it.act(one.do, step.id),
      { tabindex: "-1", "aria-keyshortcuts": one.keys, "aria-disabled": off ? "true" : null },
    );
  });
  shown[0].setAttribute("tabindex", "0");
  const bar = make("div", { class: "dxp-rule__tools dxp-outline__tools", role: "toolbar", "aria-label": `${words.tools}: ${title}` }, ...shown);
  bar.addEventListener("keydown", (event) => {
    const here = shown.indexOf(document.activeElement);
    const there = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: shown.length - 1 }[event.key];
    if (there === undefined || event.altKey) return;
    event.preventDefault();
    const next = shown[(there + shown.length) % shown.length];
    for (const one of shown) one.setAttribute("tabindex", one === next ? "0" : "-1");
    next.focus();
  });
  return bar;
}
