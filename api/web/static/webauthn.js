// Asks the browser for a passkey and sends the form with its answer.
// A form says what it wants: data-passkey "create" or "get", data-options the server's JSON, a hidden
// field "answer", and an element .no-passkey to show when nothing came of it. /enrol#CODE fills the code.
"use strict";

async function answerOf(form) {
  const options = JSON.parse(form.dataset.options);
  const made = form.dataset.passkey === "create"
    ? await navigator.credentials.create({
        publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
    : await navigator.credentials.get({
        publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
  return JSON.stringify(made.toJSON());
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const none = form.querySelector(".no-passkey");
    none.hidden = true;
    try {
      form.elements.answer.value = await answerOf(form);
      form.submit();
    } catch {
      none.hidden = false;
    }
  });
}

const code = document.querySelector("input[data-from-address]");
if (code && location.hash.length > 1) {
  code.value = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
}
