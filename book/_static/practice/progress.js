// The table of points per unit, from what this browser keeps.
import * as storage from "./storage.js";

const ROOT = new URL("../../", import.meta.url);

export async function showProgress(place) {
  const units = await (await fetch(new URL("_static/tasks.json", ROOT))).json();
  const rows = Object.entries(units).map(([page, tasks]) => {
    const score = Object.keys(tasks).reduce((sum, task) => sum + storage.score(task), 0);
    const most = Object.values(tasks).reduce((sum, points) => sum + points, 0);
    const unit = page.slice(0, 2);
    return (
      `<tr><td><a href="${new URL(`exercises/${page}.html`, ROOT)}">${unit}</a></td><td>${score} of ${most}</td>` +
      `<td><progress max="${most}" value="${score}" aria-label="points of unit ${unit}"></progress></td></tr>`
    );
  });
  place.innerHTML =
    '<table class="table"><thead><tr><th>unit</th><th>points</th><th>share</th></tr></thead>' +
    `<tbody>${rows.join("")}</tbody></table><p>As this browser keeps them. Points from JupyterLab are counted by ` +
    "<code>cnncourse progress</code>.</p>";
}
