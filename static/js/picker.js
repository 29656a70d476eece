// Choosing a county by three taps: province, city, county.
(() => {
  "use strict";
  const dialog = document.getElementById("place-picker");
  if (!dialog) return;
  const list = dialog.querySelector("[data-picker-list]"), title = dialog.querySelector("[data-picker-title]");
  const back = dialog.querySelector("[data-picker-back]");
  let target = null, trail = [];
  const show = async (parent, name) => {
    const answer = await fetch(`${dialog.dataset.url}?parent=${parent}`);
    if (!answer.ok) return;
    const { items } = await answer.json();
    title.textContent = name;
    back.hidden = trail.length < 2;
    list.replaceChildren(...items.map((item) => {
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: item.name });
      button.addEventListener("click", () => {
        if (!item.leaf) { trail.push([item.code, item.full]); show(item.code, item.full); return; }
        target.value = item.full;
        target.dispatchEvent(new Event("change", { bubbles: true }));
        dialog.close(); target.focus();
      });
      const line = document.createElement("li");
      line.append(button);
      return line;
    }));
    list.scrollTop = 0;
  };
  document.addEventListener("click", (e) => {
    const opener = e.target.closest("[data-pick-place]");
    if (opener) {
      target = document.getElementById(opener.dataset.pickPlace);
      trail = [["", "选择省份"]];
      dialog.showModal(); show("", "选择省份");
    }
    if (e.target.closest("[data-picker-close]") || e.target === dialog) dialog.close();
    if (e.target.closest("[data-picker-back]")) { trail.pop(); show(...trail.at(-1)); }
  });
})();
