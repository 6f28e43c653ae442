// What can be done to a step, and what the parts of the screen ask about the outline as a whole.

import { canMove, locate, move, moveIn, moveOut, renamed } from "./outline_tree.js";

const MOVES = {
  up: (steps, id) => move(steps, id, -1),
  down: (steps, id) => move(steps, id, 1),
  into: moveIn,
  out: moveOut,
};

export function does(editor) {
  const { words } = editor.known;
  return {
    acts: acts(editor, words),
    titleOf: (step, number) => `${words.step} ${number}: ${step.name || wordsOf(editor, step.type).label}`,
    wordsOf: (kind) => wordsOf(editor, kind),
    numberOf: (step) => editor.it.numbers.get(step.id),
    kindOf: (step) => editor.it.kinds.get(step.id),
    isOpen: (arm) => editor.it.opened.has(arm.id),
    isNaming: (step) => editor.it.naming.has(step.id),
    eventsLike: (typed) => {
      const wanted = typed.toLowerCase();
      return editor.known.events.filter((name) => name.toLowerCase().includes(wanted)).slice(0, 50).map((value) => ({ value }));
    },
    resum: (step) => editor.resum(step),
    suggested: (n) => editor.say((editor.vocabulary.told?.words.suggested ?? "").replace("%(n)s", n)),
    jumpsTo: (id) => editor.it.jumps.filter(({ step }) => step.to === id).map(({ number }) => number),
    openMenu: ({ owner, key }, place) => openMenu(editor, owner, key, place),
    closeMenu: (focus) => {
      editor.it.menu = null;
      editor.draw(focus);
    },
    toggle: (arm) => {
      const { opened } = editor.it;
      if (!opened.delete(arm.id)) opened.add(arm.id);
      editor.draw(`rule-${arm.id}`);
    },
  };
}

// What a kind of step is called: others may offer kinds too.
function wordsOf({ known }, kind) {
  const { words } = known;
  return known.kindsOffered.find(({ name }) => name === kind) ?? { label: words[kind], help: words[`${kind}Help`] };
}

function openMenu(editor, owner, key, place) {
  const { menu } = editor.it;
  const isSame = menu && menu.owner === owner && menu.key === key && menu.place === place;
  editor.it.menu = isSame ? null : { owner, key, place };
  editor.draw(isSame ? `gap-${owner}-${key}-${place}` : "new-delay");
}

function acts(editor, words) {
  const steps = () => editor.it.state.outline;
  const moving = (name) => (id) => {
    if (!canMove(locate(steps(), id), name)) return false;
    return editor.become(() => MOVES[name](steps(), id), `${name}-${id}`, words.moved);
  };
  const take = (id) => {
    const { list, place, owner } = locate(steps(), id);
    const near = list[place + 1] ?? list[place - 1];
    let focus = "outline-heading";
    if (owner) focus = `title-${owner}`;
    if (near) focus = `title-${near.id}`;
    editor.become(() => list.splice(place, 1), focus, words.removed);
  };
  return {
    ...Object.fromEntries(Object.keys(MOVES).map((name) => [name, moving(name)])),
    rename: (id) => {
      const { naming } = editor.it;
      if (!naming.delete(id)) naming.add(id);
      editor.draw(naming.has(id) ? `name-${id}` : `rename-${id}`);
    },
    copy: (id) => {
      editor.clip.copy(id);
    },
    cut: (id) => {
      editor.clip.copy(id);
      take(id);
    },
    duplicate: (id) => {
      const { list, place, step } = locate(steps(), id);
      const [copy] = renamed([step]);
      editor.become(() => list.splice(place + 1, 0, copy), `duplicate-${copy.id}`, words.added);
    },
    remove: take,
  };
}
