// The service worker; KNOWN is put before it by the server (klout.installable). It keeps files that are the same for
// everybody, and the page shown offline. No other page is ever kept: each may show what is one reader's alone.
"use strict";

const STORE = `klout-${KNOWN.version}`;
// A name with the hash of its content never changes.
const HASHED = /\.[0-9a-f]{12}\.[a-z0-9]+$/;

self.addEventListener("install", (event) => {
  event.waitUntil(
    (async () => {
      const store = await caches.open(STORE);
      // Without cookies: what is kept is nobody's.
      const wanted = [KNOWN.offline, ...KNOWN.kept];
      await store.addAll(wanted.map((path) => new Request(path, { credentials: "omit", cache: "reload" })));
      await self.skipWaiting();
    })(),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      const names = await caches.keys();
      const old = names.filter((name) => name.startsWith("klout-") && name !== STORE);
      await Promise.all(old.map((name) => caches.delete(name)));
      await self.clients.claim();
    })(),
  );
});

self.addEventListener("fetch", (event) => {
  const request = event.request;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate") {
    event.respondWith(page(request));
  } else if (url.pathname.startsWith(KNOWN.assets)) {
    event.respondWith(asset(request, url));
  }
});

async function page(request) {
  try {
    return await fetch(request);
  } catch (error) {
    const kept = await caches.match(KNOWN.offline);
    if (kept) return kept;
    throw error;
  }
}

async function asset(request, url) {
  const store = await caches.open(STORE);
  const kept = await store.match(request, { ignoreSearch: true });
  if (kept && HASHED.test(url.pathname)) return kept;
  try {
    const found = await fetch(request);
    if (found.ok && found.type === "basic") await store.put(request, found.clone());
    return found;
  } catch (error) {
    if (kept) return kept;
    throw error;
  }
}

// ---------------------------------------------------------------- web push
self.addEventListener("push", (event) => {
  let told = {};
  try {
    told = event.data ? event.data.json() : {};
  } catch {
    // A browser must show something for each push, whatever came.
  }
  event.waitUntil(
    self.registration.showNotification(told.title || KNOWN.site, {
      body: told.body || "",
      tag: told.tag,
      lang: told.lang,
      icon: KNOWN.icon,
      badge: KNOWN.badge,
      data: { url: ours(told.url) },
    }),
  );
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const url = ours(event.notification.data && event.notification.data.url);
  event.waitUntil(
    (async () => {
      const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
      const open = windows.find((client) => client.url === url);
      if (open) return open.focus();
      return self.clients.openWindow(url);
    })(),
  );
});

// The address of a page of this site; anything else leads to the start.
function ours(address) {
  try {
    const url = new URL(address || "/", self.location.origin);
    return url.origin === self.location.origin ? url.href : `${self.location.origin}/`;
  } catch {
    return `${self.location.origin}/`;
  }
}
