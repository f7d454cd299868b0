/** The check page: takes a file or a code, and shows what it proves. Nothing is sent anywhere. */

import { Breach } from "./breach.js";
import { fromBase64, hex, sha256 } from "./bytes.js";
import { parseBundle } from "./bundle.js";
import { SENTENCES } from "./data.js";
import { verifyFile } from "./file.js";
import { verifyPrinted } from "./printed.js";
import { say } from "./words.js";

const MAX_FILE = 16 * 1024 * 1024;
const MAX_BUILD = 512 * 1024 * 1024;
const MEGABYTE = 1024 * 1024;
const CHECKS = [1, 2, 3, 4, 5, 6];
const PAGE = 7;
const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];

/** Return an element with these properties and children; what is null or false is left out. */
function make(tag, properties, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== false));
  return element;
}

/** The checker inside `root`, which it fills; `trusted` are the bytes of a trust bundle or null. */
class Checker {
  constructor(root, language, trusted) {
    this.language = language;
    this.bundle = null;
    this.trusted = trusted;
    this.stopCamera = () => {};
    this.trust = make("section", { class: "check__trust", "aria-labelledby": "check-trust" });
    this.result = make("div", { class: "check__result" });
    this.status = make("p", { class: "check__status", role: "status" });
    root.replaceChildren(make("div", { class: "check__ways" }, this.fileWay(), this.codeWay()), this.status, this.result, this.trust);
    this.ready = this.trustIn(trusted);
  }

  say(key, facts) {
    return say(key, this.language, facts);
  }

  named(name) {
    const [first, second] = this.language === "zh" ? ["zh", "en"] : ["en", "zh"];
    return [name.get(first), make("span", { class: "other", lang: second }, name.get(second))];
  }

  fileWay() {
    const input = make("input", { type: "file", id: "check-file", class: "drop__input", accept: ".pdf,.hallmark,application/pdf,image/*", "aria-describedby": "check-file-hint", onchange: () => this.take(input) });
    const zone = make(
      "label",
      { class: "drop", for: "check-file" },
      input,
      make("span", { class: "drop__title" }, this.say("file.drop")),
      make("span", { class: "button drop__button" }, this.say("file.choose")),
    );
    for (const event of ["dragover", "dragleave", "drop"]) {
      zone.addEventListener(event, (dragged) => {
        dragged.preventDefault();
        zone.classList.toggle("drop--over", event === "dragover");
        if (event === "drop" && dragged.dataTransfer.files.length) this.checkFile(dragged.dataTransfer.files[0]);
      });
    }
    return make(
      "section",
      { class: "check__way" },
      make("h2", {}, this.say("file.title")),
      make("p", { id: "check-file-hint", class: "hint" }, this.say("file.hint")),
      zone,
    );
  }

  codeWay() {
    const code = make("textarea", { id: "check-code", rows: 3, spellcheck: "false", autocomplete: "off", "aria-describedby": "check-code-hint" });
    const submit = (event) => {
      event.preventDefault();
      this.checkCode(code.value.trim());
    };
    const view = make("video", { class: "camera", hidden: true, muted: true, playsinline: true, "aria-label": this.say("camera.view") });
    const camera = make("button", { type: "button", class: "button button--quiet", onclick: () => this.scan(view, camera) }, this.say("camera.start"));
    return make(
      "section",
      { class: "check__way" },
      make("h2", {}, this.say("code.title")),
      make("p", { id: "check-code-hint", class: "hint" }, this.say("code.hint")),
      make(
        "form",
        { onsubmit: submit },
        make("label", { for: "check-code" }, this.say("code.label")),
        code,
        make("p", { class: "actions" }, make("button", { class: "button" }, this.say("code.check")), "BarcodeDetector" in globalThis && camera),
        view,
      ),
    );
  }

  /** Check the file in `input`, and leave it free for the same file again. */
  take(input) {
    const [file] = input.files;
    input.value = "";
    if (file) this.checkFile(file);
  }

  async checkFile(file) {
    if (file.type.startsWith("image/") && "BarcodeDetector" in globalThis) return this.checkPicture(file);
    if (file.size > MAX_FILE) return this.tell(this.say("too.large", { limit: MAX_FILE / MEGABYTE }));
    return this.run(async (passed) => {
      const answer = await verifyFile(await read(file), this.bundle, Date.now(), { passed });
      if (answer.page) passed(PAGE);
      return answer;
    });
  }

  checkCode(code) {
    return this.run(() => verifyPrinted(code, this.bundle));
  }

  async checkPicture(file) {
    const picture = await createImageBitmap(file);
    const [found] = await new BarcodeDetector({ formats: ["qr_code"] }).detect(picture);
    return found ? this.checkCode(found.rawValue) : this.tell(this.say("code.none"));
  }

  /** Show the camera's view until a code is seen or the button is pressed again. */
  async scan(view, button) {
    if (!view.hidden) return this.stopCamera();
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      this.stopCamera = () => {
        stream.getTracks().forEach((track) => track.stop());
        view.hidden = true;
        button.textContent = this.say("camera.start");
      };
      view.srcObject = stream;
      view.hidden = false;
      button.textContent = this.say("camera.stop");
      await view.play();
      const detector = new BarcodeDetector({ formats: ["qr_code"] });
      while (!view.hidden) {
        const [found] = await detector.detect(view);
        if (found) {
          this.stopCamera();
          await this.checkCode(found.rawValue);
        }
        await new Promise(requestAnimationFrame);
      }
    } catch (error) {
      this.tell(this.say("camera.failed", { why: error.message }));
    }
  }

  tell(words) {
    this.result.replaceChildren();
    this.status.textContent = words;
  }

  /** Show what `check` answers, or the breach that it throws. */
  async run(check) {
    await this.ready;
    if (!globalThis.crypto?.subtle) return this.tell(this.say("insecure"));
    if (!this.bundle) return this.tell(this.say("bundle.none"));
    this.tell(this.say("checking"));
    const done = [];
    try {
      const answer = await check((number) => done.push(number));
      this.show(this.verdict(answer));
    } catch (error) {
      if (error instanceof Breach) this.show(this.failure(error, done));
      else this.tell(this.say("unreadable", { why: error.message }));
    }
  }

  show(section) {
    this.status.textContent = "";
    this.result.replaceChildren(section);
    section.focus({ preventScroll: true });
    section.scrollIntoView({ block: "nearest" });
  }

  /** Take `bytes` as the trust bundle, and show it. */
  async trustIn(bytes) {
    let problem = null;
    if (bytes && globalThis.crypto?.subtle) {
      try {
        this.bundle = await parseBundle(bytes);
        this.trusted = bytes;
      } catch (error) {
        if (!(error instanceof Breach)) throw error;
        problem = make("p", { class: "error", role: "alert" }, error.explain(this.language));
      }
    }
    const { bundle } = this;
    const choose = make("input", { type: "file", id: "check-bundle", accept: ".json,application/json", onchange: async () => choose.files.length && this.trustIn(await read(choose.files[0])) });
    this.trust.replaceChildren(
      make("h2", { id: "check-trust" }, this.say("bundle.title")),
      bundle ? this.facts(this.describeBundle(bundle)) : make("p", {}, this.say(bytes && !problem ? "insecure" : "bundle.none")),
      make("details", { open: !bundle }, make("summary", {}, this.say("bundle.change")), make("p", {}, make("label", { for: "check-bundle" }, this.say("bundle.choose")), choose), problem),
    );
  }

  describeBundle({ vouchers, environment, fingerprint }) {
    const names = [...vouchers.values()].map((name) => name[this.language]).join(this.language === "zh" ? "、" : ", ");
    return [
      [this.say("bundle.vouchers"), names],
      [this.say("bundle.environment"), environment],
      [this.say("bundle.fingerprint"), digest(fingerprint)],
    ];
  }

  verdict(answer) {
    const { record, status } = answer;
    const notes = [
      answer.page === false && this.say("page.unchecked"),
      answer.unchecked.length > 0 && this.say("unchecked", { names: answer.unchecked.map((name) => name[this.language]).join(", ") }),
      answer.development ? this.say("development") : answer.vouchedBy.length === 1 && this.say("single"),
    ];
    const lines = [
      answer.why?.[this.language],
      [answer.since && this.say("since", { since: answer.since }), this.say("until", { until: record.get("valid_until") })]
        .filter(Boolean)
        .join(" · "),
      answer.knownAt !== null && this.say("known", { known: this.moment(answer.knownAt), age: this.age(answer.age) }),
    ];
    return this.section(
      status,
      this.say(`verdict.${status}`),
      make("p", { class: "verdict__number" }, answer.number),
      lines.filter(Boolean).map((line) => make("p", { class: "verdict__line" }, line)),
      notes.filter(Boolean).map((note) => make("p", { class: "notice" }, note)),
      make("h3", {}, this.say("record")),
      this.facts(this.describe(answer)),
      this.builds(record.get("product").get("builds")),
      answer.knownAt === null ? null : this.checks(answer.page ? [...CHECKS, PAGE] : CHECKS, null),
    );
  }

  failure(breach, done) {
    const { family } = SENTENCES[breach.code];
    return this.section(
      family === "unavailable" ? "unknown" : "failed",
      this.say(`failed.${family}`),
      make("p", { class: "verdict__line" }, breach.explain(this.language)),
      make("p", { class: "hint" }, `${this.say("failed.code")}: `, make("code", {}, breach.code)),
      done.length ? this.checks(done, done.length + 1) : null,
    );
  }

  section(kind, title, ...children) {
    const heading = make("h2", { id: "verdict", class: "verdict__title" }, title);
    return make("section", { class: `verdict verdict--${kind}`, tabindex: "-1", "aria-labelledby": "verdict" }, heading, ...children);
  }

  facts(pairs) {
    const rows = pairs.filter(([, value]) => value).map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value)));
    return make("dl", { class: "facts" }, rows);
  }

  describe({ number, record, recordDigest }) {
    const product = record.get("product");
    const [scheme, type] = [record.get("scheme"), record.get("product_type")];
    const party = (name) => [...this.named(record.get(name).get("name")), make("span", { class: "address" }, record.get(name).get("address"))];
    const list = (items) => items.length && make("ul", { class: "plain" }, items.map((item) => make("li", {}, item)));
    return [
      [this.say("number"), make("code", {}, number)],
      [this.say("product"), this.named(product.get("name"))],
      [this.say("model"), product.get("model")],
      [this.say("version"), product.get("version")],
      [this.say("trademark"), product.get("trademark")],
      [this.say("function"), product.get("function")],
      [this.say("product_type"), [`${type.get("id")} `, ...this.named(type.get("name"))]],
      [this.say("scheme"), [...this.named(scheme.get("name")), make("span", { class: "address" }, `${scheme.get("id")} ${scheme.get("edition")} · ${scheme.get("profile")}`)]],
      ...["applicant", "manufacturer", "factory", "body"].map((name) => [this.say(name), party(name)]),
      [this.say("laboratories"), list(record.get("laboratories").map((each) => this.named(each.get("name"))))],
      [this.say("standards"), list(record.get("standards").map((each) => `${each.get("id")}-${each.get("edition")}`))],
      [this.say("dates"), this.say("granted", { granted: record.get("granted_on"), from: record.get("valid_from"), until: record.get("valid_until") })],
      [this.say("digest"), digest(recordDigest)],
    ];
  }

  builds(builds) {
    const outcome = make("p", { class: "check__status", role: "status" });
    const input = make("input", { type: "file", id: "check-build", onchange: async () => input.files.length && (outcome.textContent = await this.compare(input.files[0], builds)) });
    const items = builds.map((build) =>
      make("li", {}, make("strong", {}, build.get("name")), ` ${build.get("role")}, ${this.say("builds.size", { size: build.get("size") })}`, digest(build.get("sha256"))),
    );
    return make(
      "section",
      { "aria-labelledby": "check-builds" },
      make("h3", { id: "check-builds" }, this.say("builds")),
      make("ul", { class: "builds" }, items),
      make("p", { class: "hint" }, this.say("builds.hint")),
      make("p", {}, make("label", { for: "check-build" }, this.say("builds.compare")), input),
      outcome,
    );
  }

  async compare(file, builds) {
    if (file.size > MAX_BUILD) return this.say("too.large", { limit: MAX_BUILD / MEGABYTE });
    const found = hex(await sha256(await read(file)));
    const build = builds.find((each) => hex(each.get("sha256")) === found && each.get("size") === file.size);
    return build ? this.say("builds.same", { file: file.name, build: build.get("name") }) : this.say("builds.other", { file: file.name });
  }

  /** Return the list of checks, those in `done` passed and the one numbered `stopped` failed. */
  checks(done, stopped) {
    const all = done.includes(PAGE) || stopped === PAGE ? [...CHECKS, PAGE] : CHECKS;
    const items = all.map((number) => {
      const outcome = done.includes(number) ? "passed" : number === stopped ? "stopped" : "skipped";
      return make("li", { class: `step step--${outcome}` }, `${this.say(`checks.${number}`)} `, make("span", { class: "step__outcome" }, this.say(outcome)));
    });
    return make("section", { "aria-labelledby": "check-steps" }, make("h3", { id: "check-steps" }, this.say("checks")), make("ol", { class: "steps" }, items));
  }

  moment(at) {
    const shape = new Intl.DateTimeFormat(this.language === "zh" ? "zh-CN" : "en-GB", { dateStyle: "medium", timeStyle: "short" });
    return shape.format(new Date(at));
  }

  age(ms) {
    if (ms < 2 * HOUR) return this.say("age.minutes", { count: Math.floor(ms / MINUTE) });
    return ms < 2 * DAY ? this.say("age.hours", { count: Math.floor(ms / HOUR) }) : this.say("age.days", { count: Math.floor(ms / DAY) });
  }
}

const read = async (file) => new Uint8Array(await file.arrayBuffer());

/** Return a digest in groups of eight digits, which a person can compare. */
const digest = (bytes) => make("code", { class: "digest" }, hex(bytes).match(/.{8}/g).join(" "));

/** Fill the place for the checker on this page, if there is one, in the language of the page or of the button pressed. */
function showCheck() {
  const root = document.getElementById("check");
  if (!root) return;
  const page = document.documentElement;
  const embedded = document.getElementById("trust-bundle")?.textContent.trim();
  let checker = { trusted: embedded ? fromBase64(embedded) : null };
  const show = () => {
    checker = new Checker(root, page.lang.startsWith("zh") ? "zh" : "en", checker.trusted);
  };
  for (const button of document.querySelectorAll("button[lang]")) {
    button.addEventListener("click", () => {
      page.lang = button.lang;
      show();
    });
  }
  show();
}

if (globalThis.document) showCheck();
