"""A page as a real browser lays it out: measured by a script in a copy of it."""

import html
import json
import re
import shutil
import subprocess

CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
# A window of headless Chromium is at least some 500 px wide, a frame may be narrower.
_WRAPPER = """<!DOCTYPE html><meta charset="utf-8"><body style="margin:0">
<script>addEventListener("message", (event) => {{
  const found = document.createElement("pre");
  found.id = "measured";
  found.textContent = event.data;
  document.body.append(found);
}});</script>
<iframe src="{name}" style="border:0" width="{width}" height="{height}"></iframe>"""

_SCRIPT = r"""
const wide = [], overlaps = [], split = [], faint = [];
const said = (node) => node.textContent.trim().slice(0, 60);
const named = (node) => `${node.tagName}.${node.getAttribute("class") || ""} ${said(node)}`;
const shown = (node) => node.checkVisibility({contentVisibilityAuto: true});

for (const node of document.querySelectorAll("main *")) {
  const inside = node.closest("svg") || (!PRINTED && node.parentElement.closest(".scroll"));
  const box = node.getBoundingClientRect();
  if (!inside && shown(node) && box.width && (box.right > innerWidth + 1 || box.left < -1))
    wide.push(`${named(node)}: ${box.left} to ${box.right}`);
}
if (document.documentElement.scrollWidth > innerWidth)
  wide.push(`the page: ${document.documentElement.scrollWidth} of ${innerWidth}`);

for (const svg of document.querySelectorAll("svg")) {
  const texts = [...svg.querySelectorAll("text")].filter((text) => text.textContent.trim());
  const boxes = texts.map((text) => text.getBoundingClientRect());
  boxes.forEach((a, i) => boxes.slice(0, i).forEach((b, j) => {
    const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (across > 1 && down > 0.25 * Math.min(a.height, b.height))  // glyphs fill no box
      overlaps.push(`${said(svg.querySelector("title"))}: ${said(texts[i])} | ${said(texts[j])}`);
  }));
}

const luminance = (colour) => {
  const [r, g, b] = colour.match(/[\d.]+/g).slice(0, 3).map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const behind = (node) => {
  for (; node; node = node.parentElement) {
    const colour = getComputedStyle(node).backgroundColor;
    if (!/, 0\)$/.test(colour)) return colour;
  }
  return "rgb(255, 255, 255)";
};
const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
for (let text; (text = walker.nextNode());) {
  const node = text.parentElement;
  if (!text.textContent.trim() || !shown(node) || /^(title|desc)$/.test(node.tagName)) continue;
  const svg = node.closest("svg"), style = getComputedStyle(node);
  if (!svg || svg.closest(".wide")) {  // others have text on areas of their own
    const pair = [luminance(svg ? style.fill : style.color), luminance(behind(node))];
    const contrast = (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
    if (contrast < 4.5) faint.push(`${named(node)}: ${contrast.toFixed(2)}`);
  }
  if (!node.closest(".card, .claim, td, th")) continue;
  for (const word of text.textContent.matchAll(/[^\s-]+/g)) {
    if (word[0].length > 30) continue;  // a checksum
    const range = document.createRange();
    range.setStart(text, word.index);
    range.setEnd(text, word.index + word[0].length);
    const tops = new Set([...range.getClientRects()].map((box) => Math.round(box.top)));
    if (tops.size > 1) split.push(`${word[0]} in ${named(node)}`);
  }
}
const bottom = (what) => {
  const node = document.querySelector(what);
  return node ? node.getBoundingClientRect().bottom : null;
};
parent.postMessage(JSON.stringify({
  wide, overlaps, split, faint, width: innerWidth,
  bottoms: {title: bottom("h1"), cards: bottom(".cards"), figure: bottom("figure.wide svg")},
}), "*");
"""


def measured(page, folder, *, width=1280, height=900, dark=False, printed=False):
    """Return what the script finds on the page in a frame of this size.

    Args:
        page: HTML.
        folder: for the copies.
        width, height: of the frame, in CSS pixels.
        dark: as who prefers dark pages sees it.
        printed: by the rules for paper.
    """
    copy = page.replace("<details>", "<details open>")
    copy = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", copy)
    if dark:
        copy = copy.replace("(prefers-color-scheme: dark)", "all")
    if printed:
        copy = copy.replace("@media print", "@media all")
    script = f"<script>const PRINTED = {str(printed).lower()};{_SCRIPT}</script></body>"
    (folder / "copy.html").write_text(copy.replace("</body>", script))
    wrapper = folder / "wrapper.html"
    wrapper.write_text(_WRAPPER.format(name="copy.html", width=width, height=height))
    done = subprocess.run(
        [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=20000",
         f"--user-data-dir={folder / 'user'}", f"--window-size={width + 20},{height + 20}",
         "--dump-dom", wrapper.as_uri()],
        capture_output=True, text=True, check=True, timeout=300,
    )  # fmt: skip
    found = re.search('<pre id="measured">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found is not None, done.stderr[-2000:]
    return json.loads(html.unescape(found[1]))
