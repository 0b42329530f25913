// The pass: a new code each minute while it is looked at, and at once when somebody comes back to it. The screen stays on.
"use strict";
const box = () => document.getElementById("pass");
const every = Number(box().dataset.anew) * 1000;
let made = Date.now();
let asking = false;

function settle() {
  for (const words of document.querySelectorAll("[data-script]")) words.hidden = false;
}

async function anew() {
  if (asking || document.hidden || Date.now() - made < every) return;
  asking = true;
  try {
    const response = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
    if (response.ok && !response.redirected) {
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const fresh = page.getElementById("pass");
      if (fresh) {
        made = Date.now();
        // What has the focus keeps it: only what changed is put in.
        const pairs = [".plate", ".typed", "[data-fresh]"].map((part) => [fresh.querySelector(part), box().querySelector(part)]);
        if ("anew" in fresh.dataset && pairs.every(([now, before]) => !now === !before)) {
          for (const [now, before] of pairs) before?.replaceWith(now);
        } else {
          box().replaceWith(fresh);
          const news = document.querySelector("[data-news]");
          if (!("anew" in fresh.dataset)) {
            news.textContent = news.dataset.used;
            clearInterval(timer);
          }
        }
        settle();
      }
    }
  } catch {
    // The network is away for a moment: the code that is shown stays, and says until when it is good.
  }
  asking = false;
}

async function stayOn() {
  try {
    await navigator.wakeLock?.request("screen");
  } catch {
    // A battery that is low comes first.
  }
}

const timer = setInterval(anew, 1000);
document.addEventListener("visibilitychange", () => {
  anew();
  if (!document.hidden) stayOn();
});
settle();
stayOn();
