// The flow editor's form, made from the language's own schema. The text stays what is saved: after every
// change the server writes it anew from the fields. Without this script, the text alone is there.
"use strict";

(async () => {
  const box = document.querySelector("[data-flow-form]");
  if (!box) return;
  const area = document.querySelector("textarea[name=text]"), form = area.form;
  const [written, fields] = box.querySelectorAll("[role=tab]");
  const panel = document.getElementById("as-fields"), told = document.getElementById("form-problems");
  let schema, root, waiting, edits = 0, kept = 0, ids = 0;

  function make(tag, attributes = {}, ...inner) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...inner.filter((part) => part !== undefined && part !== ""));
    return element;
  }
  const said = (name) => name.replaceAll("_", " ").replace(/^./, (letter) => letter.toUpperCase());
  const plain = (words) => (words || "").replaceAll("`", "");
  const button = (words, label, act) => make("button", { type: "button", class: "quiet small", "aria-label": label, onclick: act }, words);
  const changed = (element) => element.dispatchEvent(new Event("change", { bubbles: true }));
  const enter = (element) => element.querySelector("input, select, textarea, button")?.focus();

  /// A control with its label and, below it, what it is for.
  function labelled(control, label, words) {
    const id = `f${ids++}`;
    control.id = id;
    const hint = make("small", { id: `${id}-hint` }, plain(words));
    control.setAttribute("aria-describedby", hint.id);
    return make("div", { class: "field" }, make("label", { for: id }, label, control), words ? hint : "");
  }

  // Schemas.

  /// What a reference stands for; what is said at the reference comes first.
  function resolved(part) {
    while (part.$ref) {
      const { $ref, ...own } = part;
      part = { ...$ref.slice(2).split("/").reduce((at, name) => at[name], schema), ...own };
    }
    return part;
  }
  const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
  const isPick = (part) => part.maxProperties === 1 && part.properties;

  /// The variants of a choice: words, and fields of which one is given.
  function variants(part) {
    const all = (part.properties ? [part] : part.oneOf).flatMap((one) =>
      "const" in one ? [{ name: one.const, words: one.description }]
        : Object.entries(one.properties).map(([name, { description, ...inner }]) => ({ name, inner: resolved(inner), words: description })));
    return new Map(all.map((one) => [one.name, one]));
  }

  /// What a field begins with.
  function beginning(part) {
    part = resolved(part);
    if (part.default !== undefined) return part.default;
    if (part.type === "array") return part.prefixItems ? part.prefixItems.map(beginning) : part.minItems || part.items.$ref ? [beginning(part.items)] : [];
    if (part.type === "object" && !isPick(part))
      return Object.fromEntries((part.required || []).map((name) => [name, beginning(part.properties[name])]));
    return part.type === "boolean" ? true : undefined;
  }

  // Widgets: each is an element with `read`, which tells its value; nothing for one that is not filled in.

  function widget(part, value, label) {
    part = resolved(part);
    const blank = value === undefined || value === null;
    if (part.oneOf && !part.properties || isPick(part)) {
      return blank || typeof value === "string" || isObject(value) ? choice(part, value, label) : raw(value, label);
    }
    if (part.type === "object") return blank || isObject(value) ? part.properties ? object(part, value || {}, label) : pairs(part, value || {}, label) : raw(value, label);
    if (part.type === "array") return blank || Array.isArray(value) ? (part.prefixItems ? fixed : list)(part, value || beginning(part), label) : raw(value, label);
    return typeof value === "object" && !blank ? raw(value, label) : scalar(part, value, label);
  }

  /// What the language does not have there is shown, and kept until it is taken out.
  function raw(value, label) {
    const field = labelled(make("input", { readonly: true, value: JSON.stringify(value) }), label, "This cannot be changed here; change it as written, or remove it.");
    return Object.assign(field, { read: () => value });
  }

  function select(names, value) {
    const options = [...names.keys()].map((name) => make("option", { value: name, selected: name === value }, said(name)));
    if (value !== undefined && !names.has(value)) options.unshift(make("option", { value, selected: true }, `${value} (unknown)`));
    return make("select", {}, make("option", { value: "" }, "Choose…"), ...options);
  }

  function choice(part, value, label) {
    const all = variants(part), group = make("div", { class: "choice" });
    const name = isObject(value) ? Object.keys(value)[0] : value || undefined;
    if (isObject(value) && Object.keys(value).length > 1) return raw(value, label);
    const control = select(all, name), shown = labelled(control, label, part.description || " ");
    const hint = shown.querySelector("small");
    let inner;
    const show = (name, value) => {
      const one = all.get(name);
      hint.textContent = plain(one?.words || part.description);
      inner?.remove();
      inner = one?.inner && widget(one.inner, value ?? beginning(one.inner), said(name));
      if (inner) group.append(inner);
    };
    control.addEventListener("change", () => show(control.value));
    group.append(shown);
    show(name, isObject(value) ? value[name] : undefined);
    group.read = () => control.value === "" ? undefined : inner ? { [control.value]: inner.read() ?? null } : all.has(control.value) ? control.value : value;
    return group;
  }

  function scalar(part, value, label) {
    if (part.type === "boolean") {
      if (typeof value === "string") value = /^(true|yes|on|y)$/i.test(value);
      const control = make("select", {}, ...[true, false].map((so) => make("option", { value: String(so), selected: (value ?? true) === so }, so ? "Yes" : "No")));
      return Object.assign(labelled(control, label, part.description), { read: () => control.value === "true" });
    }
    const numeric = [part.type].flat().find((kind) => kind === "number" || kind === "integer") && [part.type].flat()[0] !== "string";
    const long = part.maxLength > 200;
    const control = make(long ? "textarea" : "input", {
      placeholder: part.examples && `such as ${part.examples[0]}`, maxlength: part.maxLength,
      inputmode: numeric ? "decimal" : undefined, autocomplete: "off", spellcheck: long ? "true" : "false", rows: long ? 2 : undefined,
    });
    control.value = value ?? "";
    const read = () => {
      const text = control.value;
      if (text.trim() === "") return undefined;
      return numeric && /^-?(0|[1-9]\d{0,14})(\.\d{1,4})?$/.test(text.trim()) ? Number(text) : text;
    };
    control.addEventListener("input", () => {
      const value = read(), text = typeof value === "string";
      const wrong = text && part.pattern && !new RegExp(part.pattern, "u").test(value) || value < part.minimum || value > part.maximum;
      control.toggleAttribute("aria-invalid", Boolean(wrong));
    });
    return Object.assign(labelled(control, label, part.description), { read });
  }

  function object(part, value, label) {
    const set = make("fieldset", { class: "part" }, make("legend", {}, label)), rows = new Map();
    const needed = (name) => (part.required || []).includes(name);
    const add = make("select", { "aria-label": `Add a field to ${label}` });
    const order = Object.keys(part.properties);
    const offer = () => {
      const left = order.filter((name) => !rows.has(name));
      add.replaceChildren(make("option", { value: "" }, "Add a field…"), ...left.map((name) => make("option", { value: name }, `${said(name)} – ${plain(part.properties[name].description)}`)));
      add.hidden = left.length === 0;
    };
    const put = (name, value) => {
      const inner = part.properties[name] ? widget(part.properties[name], value, said(name)) : raw(value, name);
      const row = make("div", { class: "entry" }, inner, needed(name) ? "" : button("Remove", `Remove ${said(name)} from ${label}`, () => {
        row.remove();
        rows.delete(name);
        offer();
        changed(set);
        add.focus();
      }));
      const next = order.slice(order.indexOf(name) + 1).find((later) => rows.has(later));
      set.insertBefore(row, next ? rows.get(next).row : add);
      rows.set(name, { row, inner });
      return inner;
    };
    set.append(add);
    for (const name of order) if (needed(name) || value[name] !== undefined) put(name, value[name] ?? beginning(part.properties[name]));
    for (const name of Object.keys(value)) if (!part.properties[name]) put(name, value[name]);
    add.addEventListener("change", (event) => {
      event.stopPropagation();
      const name = add.value, inner = put(name, beginning(part.properties[name]));
      offer();
      enter(inner);
      changed(set);
    });
    offer();
    const empty = (value) => value === undefined || Array.isArray(value) && value.length === 0;
    set.read = () => Object.fromEntries([...rows].map(([name, { inner }]) => [name, inner.read()])
      .filter(([, value]) => !empty(value)).sort(([a], [b]) => order.indexOf(a) - order.indexOf(b)));
    return set;
  }

  function list(part, values, label) {
    const set = make("fieldset", { class: "part" }, make("legend", {}, label), part.description ? make("small", {}, plain(part.description)) : ""), entries = make("ol");
    const kind = part.items.$ref?.split("/").pop();
    const one = ["Stage", "Condition", "Action"].includes(kind) ? kind : label.replace(/s$/, "");
    const add = button(`Add to ${label.toLowerCase()}`, `Add to ${label}`, () => {
      enter(put(beginning(part.items)));
      changed(set);
    });
    const tidy = () => {
      [...entries.children].forEach((entry, index) => {
        const name = `${one} ${index + 1}`;
        entry.inner.querySelector("legend, label").firstChild.textContent = name;
        entry.querySelectorAll(":scope > .row button").forEach((each) => each.setAttribute("aria-label", `${each.textContent} ${name}`));
      });
      add.hidden = entries.children.length >= (part.maxItems ?? 1000);
    };
    const move = (entry, step, from) => {
      const other = step < 0 ? entry.previousElementSibling : entry.nextElementSibling;
      if (other) step < 0 ? other.before(entry) : other.after(entry);
      tidy();
      changed(set);
      from.focus();
    };
    function put(value) {
      const inner = widget(part.items, value, one), entry = make("li", { class: "entry" }, inner);
      entry.append(make("p", { class: "row" }, ...[["Up", -1], ["Down", 1]].map(([words, step]) => button(words, words, (event) => move(entry, step, event.currentTarget))),
        button("Remove", "Remove", () => (entry.remove(), tidy(), changed(set), add.focus()))));
      entry.inner = inner;
      entries.append(entry);
      tidy();
      return inner;
    }
    set.append(entries, make("p", { class: "row" }, add));
    values.forEach(put);
    tidy();
    set.read = () => [...entries.children].map((entry) => entry.inner.read()).filter((value) => value !== undefined);
    return set;
  }

  /// As many values as there are places: the two bounds of a range.
  function fixed(part, values, label) {
    const inner = part.prefixItems.map((item, index) => widget(item, values[index], index ? "And" : "Between"));
    return Object.assign(make("fieldset", { class: "part" }, make("legend", {}, label), ...inner), { read: () => inner.map((each) => each.read() ?? null) });
  }

  /// Names of one's own, each with a value.
  function pairs(part, values, label) {
    const entry = { type: "object", required: ["name", "value"], properties: { name: part.propertyNames || { type: "string" }, value: part.additionalProperties } };
    const rows = list({ items: entry, description: part.description, maxItems: part.maxProperties }, Object.entries(values).map(([name, value]) => ({ name, value })), label);
    const read = rows.read;
    return Object.assign(rows, { read: () => Object.fromEntries(read().filter(({ name }) => name).map(({ name, value }) => [name, value ?? ""])) });
  }

  // Text and fields in step.

  async function ask(body) {
    const answer = await fetch(box.dataset.flowForm, { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json", "x-csrf-token": form.elements.csrf.value } });
    if (answer.status === 401) window.location.reload();
    if (!answer.ok && answer.status !== 422) throw new Error(answer.status === 413 ? "This is too large for the form." : "The server could not be asked.");
    return answer.json();
  }
  function tell(problems) {
    told.replaceChildren(...problems.map(({ field, message }) => make("li", {}, field ? `${field}: ${message}` : message)));
    told.hidden = problems.length === 0;
  }
  async function rewrite() {
    clearTimeout(waiting);
    const edit = edits;
    try {
      const answer = await ask({ flow: root.read() });
      if (edit !== edits) return; // An answer to what has changed since.
      kept = edit;
      area.value = answer.text;
      tell(answer.problems);
    } catch (error) {
      tell([{ message: error.message }]);
      throw error;
    }
  }
  async function open(tab) {
    if (tab === fields) {
      try {
        schema ??= await (await fetch(box.dataset.schema)).json();
        const answer = await ask({ text: area.value });
        tell(answer.problems);
        document.getElementById("loses-comments").hidden = !answer.comments;
        if (!answer.flow) return;
        root = widget(schema, answer.flow, "Flow");
        panel.replaceChildren(root);
      } catch (error) {
        return tell([{ message: error.message }]);
      }
    } else if (edits !== kept) await rewrite().catch(() => {});
    for (const each of [written, fields]) {
      each.setAttribute("aria-selected", each === tab);
      each.tabIndex = each === tab ? 0 : -1;
      document.getElementById(each.getAttribute("aria-controls")).hidden = each !== tab;
    }
    tab.focus();
  }
  for (const type of ["input", "change"]) panel.addEventListener(type, () => {
    edits += 1;
    clearTimeout(waiting);
    waiting = setTimeout(() => rewrite().catch(() => {}), 400);
  });
  // Enter ends a field; it does not save the flow.
  panel.addEventListener("keydown", (event) => event.key === "Enter" && event.target.tagName === "INPUT" && event.preventDefault());
  form.addEventListener("submit", async (event) => {
    if (edits === kept) return;
    event.preventDefault();
    await rewrite().then(() => form.requestSubmit(event.submitter), () => {});
  });
  for (const tab of [written, fields]) tab.addEventListener("click", () => open(tab));
  box.addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft" || event.key === "ArrowRight") open(event.target === written ? fields : written);
  });
  box.hidden = false;
})();
