// Makes "lesson 02, “Kernels made by hand”" in a report a link to that section.
const ROOT = new URL("../../", import.meta.url);
const NAMED = /lesson (\d\d)(?:, “([^”]+)”)?/;
const sections = fetch(new URL("_static/sections.json", ROOT)).then((answer) => answer.json());

export async function linkSections(element) {
  const known = await sections;
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walker.nextNode()) texts.push(walker.currentNode);
  for (const text of texts) {
    const found = NAMED.exec(text.data);
    const lesson = found && known[found[1]];
    if (!lesson) continue;
    const link = document.createElement("a");
    link.href = new URL(lesson.page + (lesson.sections[found[2]] ?? ""), ROOT);
    link.textContent = found[0];
    const rest = text.splitText(found.index);
    rest.data = rest.data.slice(found[0].length);
    rest.before(link);
  }
}
