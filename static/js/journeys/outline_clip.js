// Steps on their way from one place to another: in this journey, another one, another house.

const PLACE = "dxp-outline-clip";
const KIND = "dxp-journey-steps";

export function keep(steps) {
  const text = JSON.stringify({ kind: KIND, steps });
  try {
    localStorage.setItem(PLACE, text);
  } catch {
    // A browser that keeps nothing can still paste what is in its clipboard.
  }
  return text;
}

export function kept() {
  try {
    return localStorage.getItem(PLACE);
  } catch {
    return null;
  }
}

// The steps in a text, as JSON again for the server to read; nothing where it holds none.
export function read(text) {
  try {
    const told = JSON.parse(text);
    return told?.kind === KIND && Array.isArray(told.steps) ? JSON.stringify(told.steps) : null;
  } catch {
    return null;
  }
}
