import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

const OUT = resolve(import.meta.dirname, '../ws_gateway/web');
const COMPRESSIBLE = /\.(js|css|html|svg|webmanifest)$/;
const MIN_BYTES = 1000;

/** Writes a gzip file beside each large file; the gateway serves it to browsers that accept gzip. */
function gzipFiles(): Plugin {
  let out = OUT;
  return {
    name: 'gzip-files',
    apply: 'build',
    configResolved(config) {
      out = resolve(config.root, config.build.outDir);
    },
    closeBundle() {
      for (const name of readdirSync(out, { recursive: true, encoding: 'utf8' })) {
        if (!COMPRESSIBLE.test(name)) continue;
        const content = readFileSync(join(out, name));
        if (content.length > MIN_BYTES) writeFileSync(join(out, `${name}.gz`), gzipSync(content, { level: 9 }));
      }
    },
  };
}

const page = (name: string) => resolve(import.meta.dirname, name);

/** Three apps and a home page, built into the folder from which the gateway serves them. */
export default defineConfig({
  plugins: [gzipFiles()],
  build: {
    outDir: OUT,
    emptyOutDir: true,
    target: 'chrome87',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 2500,
    rollupOptions: {
      input: {
        index: page('index.html'),
        console: page('console/index.html'),
        ride: page('ride/index.html'),
        drive: page('drive/index.html'),
      },
    },
  },
  server: { proxy: { '/v1': { target: 'http://127.0.0.1:8080', ws: true }, '/pay': 'http://127.0.0.1:8080' } },
  test: { include: ['src/**/*.test.ts', 'src/**/*.test.tsx'], environment: 'node' },
} as Parameters<typeof defineConfig>[0]);
