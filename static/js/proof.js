// Exchanges the picture or sum of a proof without sending the form, so that typed passwords stay.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[name=proof_another]");
  if (!button) return;
  event.preventDefault();
  const frame = button.closest(".proof-picture");
  const answer = await fetch(`${frame.dataset.another}?kind=${button.value}`, { credentials: "same-origin" });
  if (!answer.ok) { // the page that comes back says why there is none
    button.form.requestSubmit(button);
    return;
  }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelector(".proof-picture");
  const input = frame.parentElement.querySelector("input[type=text]");
  frame.replaceWith(fresh);
  input.value = "";
  input.focus();
});
