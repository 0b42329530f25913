/* Passkeys: asks the browser for one and sends its answer with the form. Without this script the forms stay hidden. */
"use strict";

(() => {
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));

  const words = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer)))
      .replace(/\+/g, "-")
      .replace(/\//g, "_")
      .replace(/=+$/, "");

  const known = (keys) => (keys || []).map((key) => ({ ...key, id: bytes(key.id) }));

  const toMake = (options, alone) => ({
    ...options,
    challenge: bytes(options.challenge),
    user: { ...options.user, id: bytes(options.user.id) },
    excludeCredentials: known(options.excludeCredentials),
    // What opens the door alone lives in the device, and wants to know whose finger it is.
    authenticatorSelection: {
      ...options.authenticatorSelection,
      residentKey: alone ? "required" : "discouraged",
      requireResidentKey: alone,
      ...(alone ? { userVerification: "required" } : {}),
    },
  });

  const toUse = (options) => ({
    ...options,
    challenge: bytes(options.challenge),
    allowCredentials: known(options.allowCredentials),
  });

  const told = (credential) => {
    const { response } = credential;
    const answer = { clientDataJSON: words(response.clientDataJSON) };
    for (const part of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (response[part]) answer[part] = words(response[part]);
    }
    if (response.getTransports) answer.transports = response.getTransports();
    return {
      id: credential.id,
      rawId: words(credential.rawId),
      type: credential.type,
      authenticatorAttachment: credential.authenticatorAttachment,
      clientExtensionResults: credential.getClientExtensionResults(),
      response: answer,
    };
  };

  const ask = async (form) => {
    if (form.dataset.passkey === "make") {
      const { creation_options: options } = JSON.parse(form.dataset.options);
      const alone = form.elements.passwordless ? form.elements.passwordless.checked : false;
      return navigator.credentials.create({ publicKey: toMake(options.publicKey, alone) });
    }
    let options = form.dataset.options && JSON.parse(form.dataset.options).request_options;
    if (!options) {
      const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(String(answer.status));
      options = (await answer.json()).request_options;
    }
    return navigator.credentials.get({ publicKey: toUse(options.publicKey) });
  };

  if (!window.PublicKeyCredential || !navigator.credentials) {
    for (const notice of document.querySelectorAll("[data-no-passkeys]")) notice.hidden = false;
    return;
  }
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const trouble = form.querySelector(".passkey-trouble");
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      trouble.textContent = "";
      try {
        form.elements.credential.value = JSON.stringify(told(await ask(form)));
      } catch {
        trouble.textContent = trouble.dataset.failed;
        return;
      }
      form.submit();
    });
  }
})();
