/**
 * The driver's app opens without a connection: its page and scripts are kept here, and nothing else.
 *
 * Rule 1. What the server says (/v1) is never kept, nor answered from here.
 * Rule 2. The page comes from the network where there is one, so that a new version is used at once.
 * Rule 3. Files under /assets/ bear a digest in their name: what is kept is what would be fetched.
 */
const KEPT = 'taxi-drive-1';
const PAGE = '/drive/';
const BESIDE = ['/icon.svg', '/drive/manifest.webmanifest'];
const SLOW_MS = 4000;

/** The scripts and styles that a page names. */
function named(html) {
  return [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map((found) => found[1]);
}

/** Keep a page with what it names; files that only the page before it named go. */
async function keep(page) {
  const cache = await caches.open(KEPT);
  const files = named(await page.clone().text());
  const before = await cache.match(PAGE);
  const changed = before !== undefined && named(await before.text()).join() !== files.join();
  await cache.addAll(await missing(cache, [...files, ...BESIDE]));
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
  const fresh = fetch(PAGE, { cache: 'no-cache', signal: AbortSignal.timeout?.(SLOW_MS) });
  try {
    const answer = await fresh;
    if (answer.ok) {
      event.waitUntil(keep(answer.clone()).catch(() => undefined));
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
  const cache = await caches.open(KEPT);
  const kept = await cache.match(request);
  if (kept !== undefined) return kept;
  const answer = await fetch(request);
  if (answer.ok && new URL(request.url).pathname.startsWith('/assets/')) await cache.put(request, answer.clone());
  return answer;
}

self.addEventListener('install', (event) => {
  self.skipWaiting();
  event.waitUntil(fetch(PAGE, { cache: 'no-cache' }).then(keep));
});

self.addEventListener('activate', (event) => {
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys())
        if (name.startsWith('taxi-drive-') && name !== KEPT) await caches.delete(name);
      await self.clients.claim();
    })(),
  );
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== self.location.origin) return;
  if (request.mode === 'navigate' && pathname === PAGE) event.respondWith(page(event));
  else if (pathname.startsWith('/assets/') || BESIDE.includes(pathname)) event.respondWith(file(request));
});
