// What the server tells about a kind of condition, applied to one. Pure: knows no page.

const RELATIVE = ["within_last", "before_last", "within_next"];
const MOMENTS = ["before", "after"];

export function get(leaf, path) {
  return path.split(".").reduce((inside, step) => inside?.[step], leaf);
}

export function put(leaf, path, value) {
  const steps = path.split(".");
  const last = steps.pop();
  let inside = leaf;
  for (const step of steps) {
    inside[step] ??= {};
    inside = inside[step];
  }
  if (value === undefined) delete inside[last];
  else inside[last] = value;
}

export function sibling(path, name) {
  return [...path.split(".").slice(0, -1), name].join(".");
}

export function isShown(field, leaf) {
  return Object.entries(field.only ?? {}).every(([key, values]) => values.includes(String(get(leaf, key))));
}

export function isEmpty(value) {
  return value === undefined || value === null || value === "" || (Array.isArray(value) && !value.length);
}

// A span beside a comparison keeps its unit in a field of its own; elsewhere it is [7, "days"].
export function isSplit(field) {
  return field?.kind === "span" && field.key.split(".").at(-1) === "value";
}

// The shape that a comparison asks of the value beside it.
export function shapeOf(cmp, type) {
  if (cmp === "set") return "known";
  if (cmp === "in") return "values";
  if (RELATIVE.includes(cmp) || cmp === "anniversary_in") return "number";
  if (cmp === "contains" || cmp === "starts") return "text";
  if (MOMENTS.includes(cmp) || type === "date") return "date";
  return type;
}

export function typed(text, type) {
  const asNumber = toNumber(text);
  return type !== "text" && asNumber !== null ? asNumber : text;
}

export function toNumber(text) {
  return String(text).trim() === "" || Number.isNaN(Number(text)) ? null : Number(text);
}

// The same value in another shape, as far as it can be kept.
export function reshaped(value, shape, type) {
  if (shape === "known") return typeof value === "boolean" ? value : true;
  if (shape === "values") {
    if (Array.isArray(value)) return value;
    return isEmpty(value) || typeof value === "boolean" ? [] : [value];
  }
  const one = Array.isArray(value) ? value[0] ?? "" : value;
  if (shape === "boolean") return typeof one === "boolean" ? one : true;
  if (typeof one === "boolean") return "";
  if (shape === "number") return toNumber(one ?? "");
  if (shape === "date") return /^\d{4}-\d\d-\d\d/.test(one ?? "") ? one : "";
  return shape === "text" ? String(one ?? "") : typed(String(one ?? ""), type);
}

const SUITS = {
  name: (value) => typeof value === "string",
  choice: (value, field) => (
    field.options.length ? field.options.some(([option]) => option === value) : typeof value === "string"
  ),
  values: (value) => Array.isArray(value),
  boolean: (value) => typeof value === "boolean",
  window: (value) => value === "all" || (typeof value === "object" && value !== null),
  span: (value, field) => (isSplit(field) ? typeof value === "number" || value === null : Array.isArray(value)),
  where: (value) => Array.isArray(value),
  steps: (value) => Array.isArray(value),
  matcher: (value) => typeof value === "object" && value !== null,
  date: (value) => typeof value === "string",
};
const FRESH = {
  name: () => "",
  choice: (field) => field.options[0]?.[0] ?? "",
  value: () => "",
  values: () => [],
  number: () => null,
  percent: () => null,
  boolean: () => true,
  date: () => "",
  window: () => ({ last: [30, "days"] }),
  span: (field) => (isSplit(field) ? 7 : [7, "days"]),
  where: () => [],
  steps: () => [{ event: "" }, { event: "" }],
  matcher: () => ({ event: "" }),
  segment: () => null,
  list: () => null,
};

// Gives a field that has just come into view something to begin with.
export function complete(leaf, form) {
  for (const field of form.fields) {
    if (isSplit(field) && isShown(field, leaf)) leaf.unit ??= "days";
    const value = get(leaf, field.key);
    const fits = value !== undefined && (SUITS[field.kind]?.(value, field) ?? !Array.isArray(value));
    if (!isShown(field, leaf) || fits) continue;
    if (field.required || field.kind === "where") put(leaf, field.key, FRESH[field.kind](field));
    else put(leaf, field.key, undefined);
  }
}

// What is saved: nothing of fields that are out of view, and nothing that was left empty.
export function plainLeaf(leaf, form) {
  const plain = structuredClone(leaf);
  const fields = form?.fields ?? [];
  for (const key of new Set(fields.map((field) => field.key))) {
    const field = fields.find((one) => one.key === key && isShown(one, plain));
    if (!field || (!field.required && isEmpty(get(plain, key)))) put(plain, key, undefined);
    if (fields.some((one) => one.key === key && isSplit(one)) && !isSplit(field)) delete plain.unit;
    if (field?.kind === "window") put(plain, key, plainWindow(get(plain, key)));
  }
  return withoutEmptyWheres(plain);
}

// A period may be open at one end.
function plainWindow(window) {
  if (!window || (isEmpty(window.from) && isEmpty(window.to))) return window;
  return Object.fromEntries(Object.entries(window).filter(([, day]) => !isEmpty(day)));
}

function withoutEmptyWheres(part) {
  if (Array.isArray(part)) return part.map(withoutEmptyWheres);
  if (typeof part !== "object" || part === null) return part;
  return Object.fromEntries(
    Object.entries(part)
      .filter(([name, value]) => !(name === "where" && isEmpty(value)))
      .map(([name, value]) => [name, withoutEmptyWheres(value)]),
  );
}
