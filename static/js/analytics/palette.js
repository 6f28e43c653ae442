// Two palettes, each told apart by the color-blind and readable on its ground; shapes help as well.

export const LIGHT = {
  ground: "#ffffff",
  series: ["#1a6b74", "#b4501a", "#6a3fa0", "#7a6200", "#b3246a", "#2f5fc4", "#4a7318", "#5c5c5c"],
};
export const DARK = {
  ground: "#262626",
  series: ["#5fc9d0", "#f2a65a", "#c9b1ff", "#e6d35a", "#ff9dc4", "#8fb8ff", "#a9d672", "#c4c4c4"],
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
