// The recruiter's form: saved as it is typed, known units fill it in.
(() => {
  "use strict";
  const form = document.querySelector("[data-autosave]");
  if (!form) return;
  const said = form.querySelector("[data-saved]");
  let timer, busy = false, typed = 0, saved = 0;
  const say = (words, wrong) => { said.textContent = words; said.className = wrong ? "error" : "soft small"; };
  // Only what the server has confirmed is called saved. A lost line is tried again until it is back.
  const save = async () => {
    clearTimeout(timer);
    if (busy) return;
    busy = true;
    const at = typed, data = new FormData();
    for (const [key, value] of new FormData(form)) if (typeof value === "string") data.append(key, value);
    let again = 300;
    try {
      const answer = await fetch(form.dataset.autosave, { method: "POST", body: data, keepalive: true });
      if (answer.ok) {
        saved = at;
        if (saved === typed) say(`已保存于 ${new Date().toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit", hour12: false })}。`);
      } else if (answer.status < 500) {
        again = 0;
        say("尚未保存：页面已过期或邀约已发出，请刷新页面。", true);
      } else throw new Error();
    } catch {
      again = 5000;
      say("尚未保存：网络中断，恢复后自动保存，请不要关闭页面。", true);
    }
    busy = false;
    if (saved !== typed && again) timer = setTimeout(save, again);
  };
  const changed = (wait) => { typed += 1; say("尚未保存…"); clearTimeout(timer); timer = setTimeout(save, wait); };
  form.addEventListener("input", (e) => { if (e.target.type !== "file") changed(800); });
  form.addEventListener("change", (e) => { if (e.target.type !== "file") changed(0); });
  addEventListener("online", () => { if (saved !== typed) save(); });
  let sending = false;
  form.addEventListener("submit", () => { sending = true; });
  addEventListener("beforeunload", (e) => { if (saved !== typed && !sending) e.preventDefault(); });

  // Units known by name or code: choosing one fills in what is still empty.
  const name = form.querySelector("#id_unit_name"), code = form.querySelector("#id_unit_code");
  if (!name) return;
  const list = document.createElement("datalist");
  list.id = "known-units"; form.append(list); name.setAttribute("list", list.id);
  let known = [];
  const fill = (unit) => {
    for (const [key, value] of Object.entries(unit)) {
      const field = form.querySelector(`#id_${key}`);
      if (field && !field.value && value) field.value = value;
    }
    changed(0);
  };
  const look = async (typed) => {
    if (typed.length < 2) return;
    const answer = await fetch(`${form.dataset.units}?q=${encodeURIComponent(typed)}`);
    if (!answer.ok) return;
    known = (await answer.json()).items;
    list.replaceChildren(...known.map((u) => Object.assign(document.createElement("option"), { value: u.unit_name, label: u.unit_code })));
    const exact = known.find((u) => u.unit_name === typed || u.unit_code === typed);
    if (exact) fill(exact);
  };
  let pause;
  for (const field of [name, code]) field.addEventListener("input", () => { clearTimeout(pause); pause = setTimeout(() => look(field.value.trim()), 250); });
})();
