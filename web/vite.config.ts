import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

const OUT = resolve(import.meta.dirname, '../ws_gateway/web');
const PACKED = /\.(js|css|html|svg|webmanifest)$/;
const WORTH_BYTES = 1000;

/** Puts a packed file beside each that is worth it: the gateway sends what the browser takes. */
function packed(): Plugin {
  let out = OUT;
  return {
    name: 'packed',
    apply: 'build',
    configResolved(config) {
      out = resolve(config.root, config.build.outDir);
    },
    closeBundle() {
      for (const name of readdirSync(out, { recursive: true, encoding: 'utf8' })) {
        if (!PACKED.test(name)) continue;
        const whole = readFileSync(join(out, name));
        if (whole.length > WORTH_BYTES) writeFileSync(join(out, `${name}.gz`), gzipSync(whole, { level: 9 }));
      }
    },
  };
}

const page = (name: string) => resolve(import.meta.dirname, name);

/** Three apps and a page to choose one of them, built to where the gateway serves them from. */
export default defineConfig({
  plugins: [packed()],
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
