// On every page: registers the service worker, once the page has what it needs itself.
"use strict";

if ("serviceWorker" in navigator) {
  window.addEventListener("load", () => {
    navigator.serviceWorker.register("/sw.js", { updateViaCache: "none" }).catch(() => {
      // Private windows may refuse; the site works without.
    });
  });
}

// What unfolds over the page goes away by Escape, with the focus back where it was opened, and by a look elsewhere.
document.addEventListener("keydown", (event) => {
  const open = event.key === "Escape" && document.querySelector("details.unfold[open]");
  if (open) {
    const held = open.contains(document.activeElement);
    open.open = false;
    if (held) open.querySelector("summary").focus();
  }
});
for (const happening of ["click", "focusin"]) {
  document.addEventListener(happening, (event) => {
    for (const open of document.querySelectorAll("details.unfold[open]")) {
      if (!open.contains(event.target)) open.open = false;
    }
  });
}
