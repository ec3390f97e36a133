// How the statistics page looks. Colours come with words, so that nobody depends on them; light and dark by
// the reader's own setting.
#pragma once

#include <string_view>

namespace proxyd::admin {

inline constexpr std::string_view kStatsStyle = R"css(
:root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--ink:#1b2430;--soft:#5b6675;--line:#dde2e9;--head:#eef1f5;
--up:#166534;--upb:#dcfce7;--warn:#854d0e;--warnb:#fef3c7;--down:#991b1b;--downb:#fee2e2;--drain:#1e40af;--drainb:#dbeafe;
--maint:#6b2a6e;--maintb:#f6e1f7;--link:#1d4ed8}
@media(prefers-color-scheme:dark){:root{--bg:#12161c;--card:#1a2028;--ink:#e4e8ee;--soft:#98a3b3;--line:#2c3542;
--head:#222a34;--up:#86efac;--upb:#123620;--warn:#fcd34d;--warnb:#3d2f0a;--down:#fca5a5;--downb:#431717;--drain:#93c5fd;
--drainb:#172a4d;--maint:#e9a8ec;--maintb:#3c1c3f;--link:#93b4ff}}
*{box-sizing:border-box}
body{margin:0;padding:1rem 1.25rem 2rem;background:var(--bg);color:var(--ink);font:13.5px/1.45 system-ui,sans-serif}
header{display:flex;flex-wrap:wrap;gap:.5rem 1.5rem;align-items:baseline;justify-content:space-between}
h1{font-size:1.35rem;margin:0}h2{font-size:1.05rem;margin:1.4rem 0 .4rem}
small{color:var(--soft);font-weight:400;font-size:.85em}
a{color:var(--link)}nav a{margin-left:.75rem}
.facts{display:flex;flex-wrap:wrap;gap:.35rem 1.5rem;list-style:none;padding:0;margin:.6rem 0;color:var(--soft)}
.facts b{color:var(--ink)}
.keeper{border-left:4px solid var(--drain);background:var(--card);padding:.4rem .75rem;margin:.5rem 0;max-width:60rem}
.scroll{overflow-x:auto;background:var(--card);border:1px solid var(--line);border-radius:6px}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{padding:.26rem .45rem;text-align:right;white-space:nowrap;border-bottom:1px solid var(--line)}
thead th{background:var(--head);font-weight:600;font-size:.8rem;color:var(--soft);text-align:center}
thead th[scope=colgroup]{border-left:1px solid var(--line)}
tbody th,.state{text-align:left}
tbody th{font-weight:500;position:sticky;left:0;background:var(--card);min-width:7rem}
.state{min-width:8rem}
tbody tr:last-child>*{border-bottom:0}
tbody tr:hover>*{background:var(--head)}
tr.frontend th,tr.backend th{font-weight:700}
.state span{display:inline-block;padding:0 .5em;border-radius:4px;font-weight:600;font-size:.85rem}
.up{color:var(--up);background:var(--upb)}.plain{color:var(--soft);background:var(--head)}
.falling,.rising{color:var(--warn);background:var(--warnb)}
.down{color:var(--down);background:var(--downb)}
.drain{color:var(--drain);background:var(--drainb)}
.maint{color:var(--maint);background:var(--maintb)}
footer{margin-top:1.5rem;color:var(--soft)}footer span{margin-right:1rem}
)css";

inline constexpr std::string_view kStatsLegend =
    "<footer class=\"state\"><span class=\"up\">UP, OPEN</span><span class=\"falling\">UP 1/3: going "
    "down</span>"
    "<span class=\"rising\">DOWN 1/2: coming up</span><span class=\"down\">DOWN</span>"
    "<span class=\"drain\">DRAIN: no new sessions</span><span class=\"maint\">MAINT: taken out</span>"
    "<span class=\"plain\">no check</span></footer>\n";

}  // namespace proxyd::admin
