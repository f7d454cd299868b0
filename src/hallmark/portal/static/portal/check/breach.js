/** What can go wrong, under the codes and with the sentences of the server's own verifier. */

import { SENTENCES } from "./data.js";

const inLanguage = (fact, language) => (fact !== null && typeof fact === "object" ? fact[language] : String(fact));

/** A breach: its code and the facts that fill its sentence, each a value or the words for it in both languages. */
export class Breach extends Error {
  constructor(code, facts = {}) {
    super(code);
    this.code = code;
    this.facts = facts;
  }

  /** Return what happened, why and what to do next, followed by the article where there is one. */
  explain(language) {
    const { [language]: pattern, article } = SENTENCES[this.code];
    const sentence = pattern.replace(/\{([a-z_]+)\}/g, (_, name) =>
      name in this.facts ? inLanguage(this.facts[name], language) : "?",
    );
    return article ? `${sentence} [${article}]` : sentence;
  }
}

/** Return words in both languages. */
export const text = (zh, en) => ({ zh, en });
