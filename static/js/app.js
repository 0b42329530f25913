// On every page: registers the service worker, once the page has what it needs itself.
"use strict";

if ("serviceWorker" in navigator) {
  window.addEventListener("load", () => {
    navigator.serviceWorker.register("/sw.js", { updateViaCache: "none" }).catch(() => {
      // Private windows may refuse; the site works without.
    });
  });
}
