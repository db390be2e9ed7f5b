"""Style sheet of reports, for light and dark; colours have the same meaning in both."""

STYLE = """
:root { color-scheme: light dark; --ground: #f7f8fa; --sheet: #ffffff; --ink: #1c2430; --quiet: #667085; --line: #e3e7ee;
  --accent: #2f6fde; --soft: #e8f0fe; --good: #1a8f5a; --warn: #b7791f; --bad: #c53b3b; --heat: 47,111,222;
  --s0: #2f6fde; --s1: #e0852b; --s2: #1a8f5a; --s3: #9254c8; --s4: #c53b3b; --s5: #3aa6b9; --s6: #8a8f3c; --s7: #b04a86;
  --s8: #7a5c46; --s9: #9aa3b2; --s10: #d9b62f; --s11: #5b6ee1; }
@media (prefers-color-scheme: dark) { :root { --ground: #12161d; --sheet: #1a2029; --ink: #e6eaf0;
  --quiet: #98a2b3; --line: #2c3440;
  --accent: #7aa7ff; --soft: #22304a; --good: #4cc38a; --warn: #e0b04c; --bad: #f07c7c; --heat: 122,167,255;
  --s0: #7aa7ff; --s1: #f0a35c; --s2: #4cc38a; --s3: #bf8fe6; --s4: #f07c7c; --s5: #63c7d8; --s6: #b6bb63; --s7: #d983b4;
  --s8: #b59478; --s9: #c3c9d4; --s10: #ecd06a; --s11: #98a4f0; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.55 system-ui, "Segoe UI", Roboto, sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 28px 20px 80px; }
header h1 { font-size: 28px; line-height: 1.2; margin: 0 0 4px; }
section .decision { padding: 10px 16px; margin: 8px 0; border-radius: 10px; background: var(--soft);
  border-left: 5px solid var(--accent); }
header .decision { font-size: 17px; margin: 14px 0; padding: 14px 18px; border-radius: 10px; background: var(--soft);
  border-left: 5px solid var(--accent); }
.decision.good { border-color: var(--good); } .decision.bad { border-color: var(--bad); }
.decision.warn { border-color: var(--warn); } .decision.bad strong { color: var(--bad); }
nav { margin: 14px 0 6px; display: flex; flex-wrap: wrap; gap: 6px; }
nav a, .stage { font-size: 13px; padding: 3px 10px; border-radius: 99px; border: 1px solid var(--line); background: var(--sheet);
  color: var(--ink); text-decoration: none; } nav a:hover { border-color: var(--accent); color: var(--accent); }
.stages { display: flex; flex-wrap: wrap; gap: 5px; } .stage { font-size: 12px; color: var(--quiet); }
.stage.failed { color: var(--bad); border-color: var(--bad); font-weight: 600; }
.stage.done { color: var(--good); border-color: var(--good); } .stage.skipped { color: var(--warn); border-color: var(--warn); }
section { background: var(--sheet); border: 1px solid var(--line); border-radius: 12px; padding: 18px 22px; margin-top: 18px; }
section h2 { margin: 0 0 8px; font-size: 20px; } section h3 { margin: 18px 0 6px; font-size: 15px; }
.quiet, .line { color: var(--quiet); } p { margin: 6px 0; }
.scrolling { overflow-x: auto; } table { border-collapse: collapse; font-size: 14px; margin: 8px 0; }
th, td { padding: 5px 12px 5px 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
th { color: var(--quiet); font-weight: 600; }
.views img { display: block; width: 128px; } .views .wrong th { color: var(--bad); }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; padding-left: 12px; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); gap: 12px; margin: 12px 0; }
.card { margin: 0; border: 1px solid var(--line); border-radius: 10px; overflow: hidden; background: var(--ground); }
.card img, .no-image { width: 100%; height: 118px; object-fit: contain; background: #0b0e13; display: block; }
.no-image { display: grid; place-items: center; color: #98a2b3; font-size: 12px; }
.card figcaption { padding: 7px 10px 9px; font-size: 12.5px; line-height: 1.4; overflow-wrap: anywhere; }
.card a { color: inherit; } .card code { font-size: 11px; }
.card.control { border-color: var(--warn); } .card.wrong { border-color: var(--bad); }
.card.right { border-color: var(--good); }
.cards.wide { grid-template-columns: repeat(auto-fill, minmax(230px, 1fr)); }
.card svg.drawing { width: 100%; height: 220px; margin: 0; background: #0b0e13; }
.shape { fill: none; stroke-width: 1.5; vector-effect: non-scaling-stroke; stroke-linejoin: round; }
.shape.label { stroke: #4cc38a; } .shape.prediction { stroke: #ffb02e; stroke-dasharray: 5 3; } .shape.marked { stroke-width: 4; }
.shape.champion { stroke: #5ab0ff; stroke-dasharray: 2 3; }
.shape.filled.label { fill: rgba(76, 195, 138, .28); } .shape.filled.prediction { fill: rgba(255, 176, 46, .28); }
.plots { display: flex; flex-wrap: wrap; gap: 18px; } .plots figure { margin: 0; width: 500px; max-width: 100%; }
.plots svg { width: 100%; } .plots p { font-size: 13px; }
.pair { display: flex; flex-wrap: wrap; gap: 10px; padding: 10px 0; border-bottom: 1px solid var(--line); }
.pair .card { width: 150px; } .pair .card:first-child { border-color: var(--accent); }
svg { max-width: 100%; height: auto; display: block; margin: 8px 0; }
svg text { fill: var(--ink); font: 13px system-ui, sans-serif; }
svg .quiet { fill: var(--quiet); } svg .bar { fill: var(--accent); } svg .track { fill: var(--line); }
svg .whisker { stroke: var(--ink); stroke-width: 1.5; } svg .axis { stroke: var(--line); } svg .path { stroke: var(--accent);
  stroke-width: 2; fill: none; } svg .dot { fill: var(--accent); }
svg .zero { stroke: var(--quiet); stroke-width: 1.5; stroke-dasharray: 5 4; }
svg .path.drawn { stroke: var(--s1); } svg .dot.drawn { fill: var(--s1); } svg .whisker.drawn { stroke: var(--s1); }
svg .whisker.chosen { stroke: var(--accent); }
.s0 { fill: var(--s0); } .s1 { fill: var(--s1); } .s2 { fill: var(--s2); } .s3 { fill: var(--s3); } .s4 { fill: var(--s4); }
.s5 { fill: var(--s5); } .s6 { fill: var(--s6); } .s7 { fill: var(--s7); } .s8 { fill: var(--s8); } .s9 { fill: var(--s9); }
.s10 { fill: var(--s10); } .s11 { fill: var(--s11); }
.confusion td.cell { text-align: center; min-width: 46px; padding: 7px; border: 1px solid var(--line); }
.missing li { color: var(--quiet); }
footer { color: var(--quiet); font-size: 13px; margin-top: 24px; }
@media print { body { background: #fff; } section { break-inside: avoid; } nav { display: none; } }
"""
