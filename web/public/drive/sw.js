/**
 * The service worker of the driver's app: it caches the page and its files, so that the app opens offline.
 *
 * Rule 1. Answers of the server (/v1) are neither cached nor served from the cache.
 * Rule 2. The page is fetched from the network if possible, so that a new version is used at once.
 * Rule 3. Files under /assets/ have a digest in their names: a cached file equals the file of the network.
 */
const CACHE = 'taxi-drive-1';
const PAGE = '/drive/';
const OTHER_FILES = ['/icon.svg', '/drive/manifest.webmanifest'];
const TIMEOUT_MS = 4000;

/** The scripts and styles that a page refers to. */
function assetsOf(html) {
  return [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map((found) => found[1]);
}

/** Caches a page with its files, and deletes the files that only the previous page needed. */
async function store(page) {
  const cache = await caches.open(CACHE);
  const files = assetsOf(await page.clone().text());
  const before = await cache.match(PAGE);
  const changed = before !== undefined && assetsOf(await before.text()).join() !== files.join();
  await cache.addAll(await missing(cache, [...files, ...OTHER_FILES]));
  await cache.put(PAGE, page);
  if (!changed) return;
  for (const request of await cache.keys()) {
    const { pathname } = new URL(request.url);
    if (pathname.startsWith('/assets/') && !files.includes(pathname)) await cache.delete(request);
  }
}

async function missing(cache, files) {
  const there = await Promise.all(files.map((file) => cache.match(file)));
  return files.filter((_, index) => there[index] === undefined);
}

async function page(event) {
  const fresh = fetch(PAGE, { cache: 'no-cache', signal: AbortSignal.timeout?.(TIMEOUT_MS) });
  try {
    const answer = await fresh;
    if (answer.ok) {
      event.waitUntil(store(answer.clone()).catch(() => undefined));
      return answer;
    }
    throw new Error(`${answer.status}`);
  } catch (error) {
    const kept = await caches.match(PAGE);
    if (kept !== undefined) return kept;
    throw error;
  }
}

async function file(request) {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(request);
  if (kept !== undefined) return kept;
  const answer = await fetch(request);
  if (answer.ok && new URL(request.url).pathname.startsWith('/assets/')) await cache.put(request, answer.clone());
  return answer;
}

self.addEventListener('install', (event) => {
  self.skipWaiting();
  event.waitUntil(fetch(PAGE, { cache: 'no-cache' }).then(store));
});

self.addEventListener('activate', (event) => {
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys())
        if (name.startsWith('taxi-drive-') && name !== CACHE) await caches.delete(name);
      await self.clients.claim();
    })(),
  );
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== self.location.origin) return;
  if (request.mode === 'navigate' && pathname === PAGE) event.respondWith(page(event));
  else if (pathname.startsWith('/assets/') || OTHER_FILES.includes(pathname)) event.respondWith(file(request));
});
