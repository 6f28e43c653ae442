// Two palettes, each told apart by the color-blind and readable on its ground; shapes help as well.

export const LIGHT = {
  ground: "#ffffff",
  series: ["#1a6b74", "#5f2009", "#8b4ee1", "#826c0c", "#9b1957", "#25408e", "#426e2e", "#363535"],
};
export const DARK = {
  ground: "#262626",
  series: ["#5fc9d0", "#dd8c68", "#b182df", "#cfa809", "#f051a4", "#9dc4f5", "#9ded7d", "#e1e1e1"],
};
export const SYMBOLS = ["circle", "rect", "triangle", "diamond", "emptyCircle", "emptyRect", "emptyTriangle", "emptyDiamond"];

export function isDark() {
  const classes = document.documentElement.classList;
  if (classes.contains("w-theme-dark")) return true;
  return classes.contains("w-theme-system") && window.matchMedia("(prefers-color-scheme: dark)").matches;
}

export function mix(from, to, share) {
  const parts = [1, 3, 5].map((at) => {
    const [a, b] = [from, to].map((color) => Number.parseInt(color.slice(at, at + 2), 16));
    return Math.round(a + (b - a) * share).toString(16).padStart(2, "0");
  });
  return `#${parts.join("")}`;
}

// Which of two inks can be read on a ground.
export function inkOn(ground, dark = "#1a1a1a", light = "#ffffff") {
  const against = luminance(ground);
  const contrast = (ink) => {
    const [high, low] = [luminance(ink), against].sort((a, b) => b - a);
    return (high + 0.05) / (low + 0.05);
  };
  return contrast(dark) >= contrast(light) ? dark : light;
}

function luminance(color) {
  const [r, g, b] = [1, 3, 5]
    .map((at) => Number.parseInt(color.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
