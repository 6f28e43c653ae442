// Bundles each entry of this folder into static/dist, which git ignores.
import { build } from "esbuild";
import { readdirSync } from "node:fs";

const here = new URL(".", import.meta.url).pathname;
const entries = readdirSync(here).filter((name) => name.endsWith(".js"));

await build({
  entryPoints: entries.map((name) => here + name),
  outdir: here + "../dist",
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  legalComments: "linked",
});
