import { resolve } from 'node:path';
import { defineConfig } from 'vite';

const page = (name: string) => resolve(import.meta.dirname, name);

/** Three apps and a page to choose one of them, built to where the gateway serves them from. */
export default defineConfig({
  build: {
    outDir: '../ws_gateway/web',
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
