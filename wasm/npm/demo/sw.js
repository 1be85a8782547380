// The page works offline: everything it needs is fetched once more when it is
// first visited, and what the network gives later replaces it.
const name = "hrm-page";

self.addEventListener("install", (e) => {
  e.waitUntil((async () => {
    const { files } = await (await fetch("files.json", { cache: "no-cache" })).json();
    const cache = await caches.open(name);
    await cache.addAll(files);
    await self.skipWaiting();
  })());
});

self.addEventListener("activate", (e) => e.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (e) => {
  const { method, url, mode } = e.request;
  if (method !== "GET" || new URL(url).origin !== location.origin) return;
  e.respondWith(answer(e.request, mode === "navigate"));
});

async function answer(request, isPage) {
  const cache = await caches.open(name);
  try {
    const response = await fetch(request);
    if (response.ok && await cache.match(request, { ignoreSearch: true })) await cache.put(request, response.clone());
    return response;
  } catch (error) {
    const kept = await cache.match(isPage ? "./" : request, { ignoreSearch: true });
    if (kept) return kept;
    throw error;
  }
}
