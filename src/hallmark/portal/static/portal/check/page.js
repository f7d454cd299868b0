/** The check page: takes a file or a code, and shows what it proves. Nothing is sent anywhere. */

import { Breach } from "./breach.js";
import { fromBase64 } from "./bytes.js";
import { parseBundle } from "./bundle.js";
import { verifyFile } from "./file.js";
import { verifyPrinted } from "./printed.js";
import { chooser, digest, facts, make, PAGE, read, showAnswer, showBreach } from "./verdict.js";
import { say } from "./words.js";

const MEGABYTE = 1024 * 1024;
const MAX_FILE = 16 * MEGABYTE;
const ACCEPTED = ".pdf,.hallmark,application/pdf,image/*";

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
    const ways = make("div", { class: "check__ways" }, this.fileWay(), this.codeWay());
    root.replaceChildren(ways, this.status, this.result, this.trust);
    this.ready = this.trustIn(trusted);
  }

  say(key, given) {
    return say(key, this.language, given);
  }

  fileWay() {
    const input = make("input", {
      type: "file",
      id: "check-file",
      class: "drop__input",
      accept: ACCEPTED,
      "aria-describedby": "check-file-hint",
      onchange: () => this.take(input),
    });
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
    const hint = make("p", { id: "check-file-hint", class: "hint" }, this.say("file.hint"));
    return make("section", { class: "check__way" }, make("h2", {}, this.say("file.title")), hint, zone);
  }

  codeWay() {
    const code = make("textarea", {
      id: "check-code",
      rows: 3,
      spellcheck: "false",
      autocomplete: "off",
      "aria-describedby": "check-code-hint",
    });
    const submit = (event) => {
      event.preventDefault();
      this.checkCode(code.value.trim());
    };
    const start = make("button", { class: "button" }, this.say("code.check"));
    const form = make(
      "form",
      { onsubmit: submit },
      make("label", { for: "check-code" }, this.say("code.label")),
      code,
      make("p", { class: "actions" }, start),
      "BarcodeDetector" in globalThis && this.cameraWay(),
    );
    const hint = make("p", { id: "check-code-hint", class: "hint" }, this.say("code.hint"));
    return make("section", { class: "check__way" }, make("h2", {}, this.say("code.title")), hint, form);
  }

  cameraWay() {
    const label = this.say("camera.view");
    const view = make("video", { class: "camera", hidden: true, muted: true, playsinline: true, "aria-label": label });
    const start = { type: "button", class: "button button--quiet", onclick: () => this.scan(view, button) };
    const button = make("button", start, this.say("camera.start"));
    return make("div", {}, button, view);
  }

  /** Check the file in `input`, and leave it free for the same file again. */
  take(input) {
    const [file] = input.files;
    if (file) this.checkFile(file).finally(() => (input.value = ""));
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
          return this.checkCode(found.rawValue);
        }
        await new Promise(requestAnimationFrame);
      }
    } catch (error) {
      this.stopCamera();
      this.tell(this.say("camera.failed", { why: error.message }));
    }
    return null;
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
      return this.show(showAnswer(await check((number) => done.push(number)), this.language));
    } catch (error) {
      if (error instanceof Breach) return this.show(showBreach(error, done, this.language));
      return this.tell(this.say("unreadable", { why: error.message }));
    }
  }

  show(section) {
    this.status.textContent = "";
    this.result.replaceChildren(section);
    section.focus({ preventScroll: true });
    section.scrollIntoView({ block: "nearest" });
  }

  /** Take `bytes` as the trust bundle, and show it; where they are none, say so and keep the one there was. */
  async trustIn(bytes) {
    let problem = null;
    const isSecure = Boolean(globalThis.crypto?.subtle);
    if (bytes && isSecure) {
      try {
        this.bundle = await parseBundle(bytes);
        this.trusted = bytes;
      } catch (error) {
        if (!(error instanceof Breach)) throw error;
        problem = make("p", { class: "error", role: "alert" }, error.explain(this.language));
      }
    }
    const change = async ({ target }) => {
      if (target.files.length) await this.trustIn(await read(target.files[0]));
    };
    const button = chooser("check-bundle", this.say("bundle.choose"), { accept: ".json", onchange: change });
    const field = make("p", {}, button);
    const summary = make("summary", {}, this.say("bundle.change"));
    this.trust.replaceChildren(
      make("h2", { id: "check-trust" }, this.say("bundle.title")),
      this.bundle ? this.describeBundle() : make("p", {}, this.say(isSecure ? "bundle.none" : "insecure")),
      make("details", { open: !this.bundle || problem !== null }, summary, field, problem),
    );
  }

  describeBundle() {
    const { vouchers, environment, fingerprint } = this.bundle;
    const names = [...new Set([...vouchers.values()].map((name) => name[this.language]))];
    return facts([
      [this.say("bundle.vouchers"), names.join(this.say("comma"))],
      [this.say("bundle.environment"), environment],
      [this.say("bundle.fingerprint"), digest(fingerprint)],
    ]);
  }
}

/** Fill the place for the checker, if this page has one, in the language of the page or of the button pressed. */
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
