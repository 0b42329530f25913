// Counts the words that are left while an answer is written, as scoring/questions/words.py counts them.
"use strict";

const ADDRESS = /https?:\/\/[^\s<>"\u00a0]+/giu;
const CHARACTERS = /[\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3040-\u30ff\u3100-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\u{20000}-\u{3ffff}]/gu;
const LETTERS = /[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]/gu;
const WORD = /[\p{L}\p{M}\p{N}_]+(?:['\u2019.:\u00b7,][\p{L}\p{M}\p{N}_]+)*/gu;
const LETTERS_A_WORD = 4;
const LONGEST_WORD = 40;

function words(text) {
  const found = (pattern) => (text.match(pattern) || []);
  let number = found(ADDRESS).length;
  text = text.replace(ADDRESS, " ");
  number += found(CHARACTERS).length;
  text = text.replace(CHARACTERS, " ");
  number += Math.ceil(found(LETTERS).length / LETTERS_A_WORD);
  text = text.replace(LETTERS, " ");
  for (const word of found(WORD)) number += Math.ceil([...word].length / LONGEST_WORD);
  return number;
}

for (const field of document.querySelectorAll("textarea[data-words]")) {
  const said = field.parentElement.querySelector("[data-words-left]");
  const show = () => {
    const left = Number(field.dataset.words) - words(field.value);
    const pattern = left < 0 ? said.dataset.over : said.dataset.left;
    said.textContent = pattern.replace("%s", Math.abs(left).toLocaleString(document.documentElement.lang || undefined));
    said.classList.toggle("over", left < 0);
    said.hidden = false;
  };
  field.addEventListener("input", show);
  show();
}
