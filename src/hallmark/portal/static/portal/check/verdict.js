/** What a person is shown of an answer or a breach, in one language. */

import { hex, sha256 } from "./bytes.js";
import { SENTENCES } from "./data.js";
import { say } from "./words.js";

const MEGABYTE = 1024 * 1024;
const MAX_BUILD = 512 * MEGABYTE;
const CHECKS = [1, 2, 3, 4, 5, 6];
const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];

/** The number of the check of a page, which follows those of its content. */
export const PAGE = 7;

/** Return an element with these properties and children; what is null or false is left out. */
export function make(tag, properties, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== false));
  return element;
}

/** Return a button that chooses a file, in the words of the page and not of the browser. */
export function chooser(id, words, properties) {
  const input = make("input", { type: "file", id, ...properties });
  return make("label", { class: "button button--quiet chooser", for: id }, words, input);
}

/** Return the bytes of a file. */
export const read = async (file) => new Uint8Array(await file.arrayBuffer());

/** Return a digest in groups of eight digits, which a person can compare. */
export const digest = (bytes) => make("code", { class: "digest" }, hex(bytes).match(/.{8}/g).join(" "));

/** Return a list of [title, value] pairs, without those that have no value. */
export function facts(pairs) {
  const row = ([title, value]) => make("div", {}, make("dt", {}, title), make("dd", {}, value));
  return make("dl", { class: "facts" }, pairs.filter(([, value]) => value).map(row));
}

/** Return what an answer means, as a section. */
export function showAnswer(answer, language) {
  const { record, status, knownAt } = answer;
  const told = (key, given) => say(key, language, given);
  const until = told("until", { until: record.get("valid_until") });
  const period = [answer.since && told("since", { since: answer.since }), until];
  const known = knownAt !== null && { known: moment(knownAt, language), age: age(answer.age, language) };
  const unseen = answer.page === false;
  const lines = [unseen && told(`verdict.${status}`), answer.why?.[language], period.filter(Boolean).join(" · "), known && told("known", known)];
  const unchecked = answer.unchecked.map((name) => name[language]).join(", ");
  const isAlone = answer.vouchedBy.length === 1;
  const notes = [
    unchecked && told("unchecked", { names: unchecked }),
    answer.development && told(isAlone ? "development" : "development.consortium"),
    !answer.development && isAlone && told("single"),
  ];
  return section(
    unseen ? "unknown" : status,
    told(unseen ? "verdict.page" : `verdict.${status}`),
    unseen && make("p", { class: "notice" }, told("page.unchecked")),
    make("p", { class: "verdict__number" }, answer.number),
    lines.filter(Boolean).map((line) => make("p", { class: "verdict__line" }, line)),
    notes.filter(Boolean).map((note) => make("p", { class: "notice" }, note)),
    make("h3", {}, told("record")),
    facts(describe(answer, language)),
    showBuilds(record.get("product").get("builds"), language),
    knownAt !== null && showChecks(answer.page ? [...CHECKS, PAGE] : CHECKS, null, language),
  );
}

/** Return what a breach means, as a section; `done` are the numbers of the checks that held before it. */
export function showBreach(breach, done, language) {
  const { family } = SENTENCES[breach.code];
  return section(
    family === "unavailable" ? "unknown" : "failed",
    say(`failed.${family}`, language),
    make("p", { class: "verdict__line" }, breach.explain(language)),
    make("p", { class: "hint" }, `${say("failed.code", language)}: `, make("code", {}, breach.code)),
    done.length > 0 && showChecks(done, done.length + 1, language),
  );
}

function section(kind, title, ...children) {
  const properties = { class: `verdict verdict--${kind}`, tabindex: "-1", "aria-labelledby": "verdict" };
  return make("section", properties, make("h2", { id: "verdict", class: "verdict__title" }, title), ...children);
}

/** Return in words which of the nodes are attested: by what, accepted by how many, and when; nothing where none vouch. */
function describeNodes({ attested, development }, language) {
  const groups = new Map();
  for (const [name, how] of attested) {
    const told = how ? describeHow(how, development, language) : say("attested.not", language);
    groups.set(told, [...(groups.get(told) ?? []), name]);
  }
  const [open, close, next] = language === "zh" ? ["（", "）", "；"] : [" (", ")", "; "];
  return [...groups].map(([how, names]) => join(names, language) + open + how + close).join(next);
}

function describeHow({ family, acceptedBy, at }, development, language) {
  const selfReported = development ? "attested.software" : "attested.tpm";
  const what = family === "tpm" ? say(selfReported, language) : family; // what it quotes, the node itself measured
  const day = new Date(at).toISOString().slice(0, 10);
  return say(acceptedBy === 1 ? "attested.one" : "attested.how", language, { what, count: acceptedBy, day });
}

const join = (names, language) => names.map((name) => name[language]).join(say("comma", language));

function describe(answer, language) {
  const { number, record, recordDigest } = answer;
  const told = (key, given) => [say(key, language, given)];
  const product = record.get("product");
  const [scheme, type] = [record.get("scheme"), record.get("product_type")];
  const aside = (words) => make("span", { class: "address" }, words);
  const named = (holder) => [...inBoth(holder.get("name"), language)];
  const party = (role) => [...told(role), [...named(record.get(role)), aside(record.get(role).get("address"))]];
  const list = (items) => items.length > 0 && make("ul", { class: "plain" }, items.map((item) => make("li", {}, item)));
  const edition = `${scheme.get("id")} ${scheme.get("edition")} · ${scheme.get("profile")}`;
  const dates = { granted: record.get("granted_on"), from: record.get("valid_from"), until: record.get("valid_until") };
  return [
    [...told("number"), make("code", {}, number)],
    [...told("product"), named(product)],
    ...["model", "version", "trademark", "function"].map((name) => [...told(name), product.get(name)]),
    [...told("product_type"), [`${type.get("id")} `, ...named(type)]],
    [...told("level"), type.has("level") && named(type.get("level"))],
    [...told("scheme"), [...named(scheme), aside(edition)]],
    ...["applicant", "manufacturer", "factory", "body"].map(party),
    [...told("laboratories"), list(record.get("laboratories").map(named))],
    [...told("standards"), list(record.get("standards").map((each) => [...each.values()].join("-")))],
    [...told("dates"), say("granted", language, dates)],
    [...told("vouched"), join(answer.vouchedBy, language)],
    [...told("attested"), describeNodes(answer, language)],
    [...told("digest"), digest(recordDigest)],
  ];
}

/** Return a name in the language of the page, followed by the other. */
function inBoth(name, language) {
  const other = language === "zh" ? "en" : "zh";
  return [name.get(language), " ", make("span", { class: "other", lang: other }, name.get(other))];
}

/** Return the certified builds, and a field that compares a file with them. */
function showBuilds(builds, language) {
  const outcome = make("p", { class: "check__status", role: "status" });
  const compare = async ({ target }) => {
    if (target.files.length) outcome.textContent = await compareBuild(target.files[0], builds, language);
  };
  const items = builds.map((build) => {
    const size = say("builds.size", language, { size: build.get("size") });
    const name = make("strong", {}, build.get("name"));
    return make("li", {}, name, ` ${build.get("role")}, ${size}`, digest(build.get("sha256")));
  });
  return make(
    "section",
    { "aria-labelledby": "check-builds" },
    make("h3", { id: "check-builds" }, say("builds", language)),
    make("ul", { class: "builds" }, items),
    make("p", { class: "hint" }, say("builds.hint", language)),
    make("p", {}, chooser("check-build", say("builds.compare", language), { onchange: compare })),
    outcome,
  );
}

async function compareBuild(file, builds, language) {
  if (file.size > MAX_BUILD) return say("too.large", language, { limit: MAX_BUILD / MEGABYTE });
  const found = hex(await sha256(await read(file)));
  const build = builds.find((each) => hex(each.get("sha256")) === found && each.get("size") === file.size);
  return build
    ? say("builds.same", language, { file: file.name, build: build.get("name") })
    : say("builds.other", language, { file: file.name });
}

/** Return the list of checks, those in `done` passed and the one numbered `stopped` failed. */
function showChecks(done, stopped, language) {
  const all = [...done, stopped].includes(PAGE) ? [...CHECKS, PAGE] : CHECKS;
  const items = all.map((number) => {
    const outcome = done.includes(number) ? "passed" : number === stopped ? "stopped" : "skipped";
    const shown = make("span", { class: "step__outcome" }, say(outcome, language));
    return make("li", { class: `step step--${outcome}` }, `${say(`checks.${number}`, language)} `, shown);
  });
  const title = make("h3", { id: "check-steps" }, say("checks", language));
  return make("section", { "aria-labelledby": "check-steps" }, title, make("ol", { class: "steps" }, items));
}

function moment(at, language) {
  const day = { year: "numeric", month: "short", day: "numeric" };
  const shape = { ...day, hour: "2-digit", minute: "2-digit", timeZoneName: "short" };
  return new Intl.DateTimeFormat(language === "zh" ? "zh-CN" : "en-GB", shape).format(new Date(at));
}

function age(ms, language) {
  const [unit, size] = ms < 2 * HOUR ? ["minutes", MINUTE] : ms < 2 * DAY ? ["hours", HOUR] : ["days", DAY];
  return say(`age.${unit}`, language, { count: Math.floor(ms / size) });
}
