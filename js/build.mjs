// Builds everything the browser loads: the widget's stub and views, and the JupyterLab plugin.
import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import * as esbuild from "esbuild";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values: options } = parseArgs({ options: { watch: { type: "boolean", default: false } } });

const common = {
  absWorkingDir: root,
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: !options.watch,
  sourcemap: options.watch ? "inline" : false,
  legalComments: "none",
  logLevel: "warning",
};

// JupyterLab loads the views when the first report or the sidebar is shown, so they stay a module of their own,
// and the lab builder, not esbuild, makes a style sheet part of the module it belongs to.
const lazyViews = {
  name: "lazy-views",
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/views$/ }, ({ kind }) =>
      kind === "dynamic-import" ? { path: "./views.js", external: true } : null,
    );
  },
};
// Views are one module without files beside it, so the layout worker travels inside as text.
const workerText = {
  name: "worker-text",
  setup({ onLoad }) {
    onLoad({ filter: /layout[\\/]worker-source\.ts$/ }, async ({ path }) => {
      const { outputFiles, metafile } = await esbuild.build({
        ...common,
        sourcemap: false,
        format: "iife",
        entryPoints: [join(dirname(path), "worker.ts")],
        write: false,
        metafile: true,
      });
      const watchFiles = Object.keys(metafile.inputs).map((file) => join(root, file));
      return { contents: `export const WORKER_SOURCE = ${JSON.stringify(outputFiles[0].text)};`, watchFiles };
    });
  },
};
const withStyle = (name) => ({ js: `import "./${name}.css";` });
const lab = { ...common, outdir: "lib", packages: "external", plugins: [lazyViews, workerText] };

const builds = [
  {
    ...common,
    entryPoints: { stub: "js/src/widget/stub.ts", views: "js/src/widget/views-entry.ts" },
    outdir: "haoline_jupyter/static",
    plugins: [workerText],
  },
  { ...lab, entryPoints: { index: "js/src/lab/index.ts" }, banner: withStyle("index") },
  { ...lab, entryPoints: { views: "js/src/lab/views.ts" }, banner: withStyle("views") },
];

async function watch() {
  const contexts = await Promise.all(builds.map((build) => esbuild.context(build)));
  await Promise.all(contexts.map((context) => context.rebuild()));
  await Promise.all(contexts.map((context) => context.watch()));
  spawn("jupyter-builder", ["watch", "."], { cwd: root, stdio: "inherit" });
}

if (options.watch) await watch();
else await Promise.all(builds.map((build) => esbuild.build(build)));
