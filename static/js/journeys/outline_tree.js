// The outline as data: steps in lists, branches in waits. No page, so that it is easy to check.

export const BRANCHES = ["happened", "timeout"];

const FRESH = {
  delay: () => ({ amount: 1, unit: "days" }),
  wait: () => ({ event: "", amount: 3, unit: "days", happened: [], timeout: [] }),
  send: () => ({ message: null }),
  end: () => ({ outcome: "completed" }),
};

export function fresh(type) {
  const letters = Array.from(crypto.getRandomValues(new Uint8Array(8)), (n) => (n % 36).toString(36));
  return { id: `s${letters.join("")}`, type, ...FRESH[type]() };
}

// Every list of steps, the outermost first, with the wait and the branch it belongs to.
export function* lists(steps, owner = "", branch = "") {
  yield { steps, owner, branch };
  for (const step of steps) {
    for (const name of BRANCHES) {
      if (Array.isArray(step[name])) yield* lists(step[name], step.id, name);
    }
  }
}

// Where a step stands: its list and its place in it.
export function locate(steps, id) {
  for (const { steps: list } of lists(steps)) {
    const place = list.findIndex((step) => step.id === id);
    if (place >= 0) return { list, place, step: list[place] };
  }
  return null;
}

export function branchOf(steps, owner, name) {
  if (!owner) return steps;
  return locate(steps, owner)?.step[name] ?? null;
}

export function ends(step) {
  if (step.type === "end") return true;
  if (step.type !== "wait") return false;
  return BRANCHES.every((name) => step[name].length > 0 && ends(step[name].at(-1)));
}
