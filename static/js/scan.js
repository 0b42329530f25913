// Scanning on the page of a counter, where the browser can: elsewhere the phone's own camera or typing does it.
"use strict";
const scanner = document.querySelector("[data-scanner]");
const button = scanner.querySelector("[data-scan]");
const finder = scanner.querySelector("video");
const said = scanner.querySelector("[data-scan-status]");
const start = button.textContent;
let stream = null;

// A pass is an address of ours; nothing else that a code may say is opened.
function passIn(text) {
  try {
    const found = new URL(text);
    return /^\/redeem\/[A-Z2-7]{40,120}$/.test(found.pathname) ? found.pathname : null;
  } catch {
    return null;
  }
}

function stop() {
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = null;
  finder.hidden = true;
  finder.srcObject = null;
  button.textContent = start;
}

async function look(detector) {
  if (!stream) return;
  try {
    for (const code of await detector.detect(finder)) {
      const path = passIn(code.rawValue);
      if (path) {
        stop();
        location.assign(path);
        return;
      }
      said.textContent = said.dataset.strange;
    }
  } catch {
    // No picture yet.
  }
  setTimeout(look, 200, detector);
}

async function ready() {
  if (!("BarcodeDetector" in window) || !navigator.mediaDevices?.getUserMedia) return;
  if (!(await BarcodeDetector.getSupportedFormats()).includes("qr_code")) return;
  scanner.hidden = false;
  button.addEventListener("click", async () => {
    if (stream) {
      stop();
      said.textContent = "";
      return;
    }
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      finder.srcObject = stream;
      finder.hidden = false;
      await finder.play();
    } catch {
      stop();
      said.textContent = said.dataset.refused;
      return;
    }
    button.textContent = button.dataset.stop;
    said.textContent = said.dataset.looking;
    look(new BarcodeDetector({ formats: ["qr_code"] }));
  });
  addEventListener("pagehide", stop);
}
ready();
