// How long a hold lasts still: in minutes, and one warning two minutes before its end. The page says it without too.
"use strict";

const hold = document.querySelector("[data-hold]");

if (hold) {
  const left = hold.querySelector("[data-hold-left]");
  const said = hold.querySelector("[data-hold-said]");
  // By this device's clock only how much time has passed; what is left is the server's to say.
  const end = Date.now() + Number(hold.dataset.hold) * 1000;
  const WARNED = 2 * 60 * 1000;
  const written = new Intl.NumberFormat(document.documentElement.lang, {
    style: "unit",
    unit: "minute",
    unitDisplay: "long",
  });

  const look = () => {
    const rest = end - Date.now();
    // Of an offer there are hours or days: as the server wrote it.
    if (left && rest < 60 * 60 * 1000) left.textContent = written.format(Math.max(0, Math.ceil(rest / 60000)));
    const words = rest <= 0 ? said.dataset.over : rest <= WARNED ? said.dataset.soon : "";
    // Written once: a live region speaks whenever it changes.
    if (said.textContent !== words) said.textContent = words;
    if (rest > 0) setTimeout(look, Math.min(15000, rest > WARNED ? rest - WARNED : rest) + 50);
  };
  look();
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) look();
  });
}
