package lib.report;

/** How a report looks: light and dark, on paper with its folds open, and from 400 pixels up. */
final class Style {
    static final String CSS = """

            :root {
              color-scheme: light dark;
              --paper: #f6f6f3; --card: #ffffff; --ink: #1d2126; --soft: #565d68; --line: #e2e2dc;
              --wash: #f0f0ec; --bar: #4a7fb5; --faint: #b9c3cf; --amber: #d69a2d;
              --accent: #24598c; --good: #1b6b42; --warn: #7d5200; --bad: #a92a22;
              --good-wash: #e6f3ea; --warn-wash: #fbf0d9; --bad-wash: #fbe9e7;
              --mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
            }
            @media (prefers-color-scheme: dark) {
              :root {
                --paper: #15181c; --card: #1c2025; --ink: #e4e5e2; --soft: #a4abb6; --line: #2e343c;
                --wash: #252a31; --bar: #6ea3d8; --faint: #4b5561; --amber: #d9a441;
                --accent: #8fbdea; --good: #83cfa0; --warn: #e3b95f; --bad: #f29a92;
                --good-wash: #1d3327; --warn-wash: #372d16; --bad-wash: #402321;
              }
            }
            * { box-sizing: border-box; }
            body {
              margin: 0; background: var(--paper); color: var(--ink);
              font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
            }
            .page { max-width: 1240px; margin: 0 auto; padding: 3rem 2rem 4rem; }
            header { padding-bottom: 2rem; }
            .eyebrow { margin: 0; color: var(--soft); font-size: .9rem; }
            h1 { margin: .35rem 0 .25rem; font-size: 2.6rem; line-height: 1.15; letter-spacing: -.02em;
              font-weight: 650; overflow-wrap: anywhere; }
            h1.good { color: var(--good); } h1.warn { color: var(--warn); } h1.bad { color: var(--bad); }
            h2 { margin: 0 0 .75rem; font-size: 1.25rem; letter-spacing: -.01em; font-weight: 650; }
            h3 { margin: 0; font-size: 1rem; font-weight: 550; overflow-wrap: anywhere; }
            p { margin: .75rem 0 .4rem; overflow-wrap: anywhere; }
            .lead { margin: 0 0 1rem; color: var(--soft); }
            header .lead { font-size: 1.1rem; }
            .figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(10.4rem, 1fr)); gap: .75rem;
              margin-top: 1.5rem; }
            .figure { display: flex; flex-direction: column; padding: .8rem 1rem; background: var(--card);
              border: 1px solid var(--line); border-radius: 10px; }
            .figure .name, .figure .note { color: var(--soft); font-size: .82rem; line-height: 1.35; }
            .figure .value { font-size: 1.35rem; font-weight: 600; font-variant-numeric: tabular-nums; }
            .columns { display: grid; grid-template-columns: 11rem minmax(0, 1fr); gap: 2rem; align-items: start; }
            nav { position: sticky; top: 1.5rem; }
            nav ul { list-style: none; margin: 0; padding: 0; font-size: .92rem; }
            nav a { display: block; padding: .25rem 0; color: var(--soft); text-decoration: none; }
            nav a:hover, nav a:focus { color: var(--accent); text-decoration: underline; }
            section { margin-bottom: 1.25rem; padding: 1.5rem 1.75rem; background: var(--card);
              border: 1px solid var(--line); border-radius: 12px; scroll-margin-top: 1rem; }
            #stopped { border-color: var(--bad); }
            table { width: 100%; border-collapse: collapse; font-size: .92rem; }
            th { padding: 0 .9rem .45rem 0; text-align: left; color: var(--soft); font-weight: 500; font-size: .82rem;
              border-bottom: 1px solid var(--line); }
            td { padding: .5rem .9rem .5rem 0; vertical-align: top; border-bottom: 1px solid var(--line);
              overflow-wrap: anywhere; }
            tr:last-child td { border-bottom: 0; }
            td:last-child, th:last-child { padding-right: 0; }
            .words { white-space: pre-line; }
            .amount { font-variant-numeric: tabular-nums; white-space: nowrap; }
            code { font-family: var(--mono); font-size: .86em; overflow-wrap: anywhere; }
            pre { margin: .4rem 0 .9rem; padding: .75rem 1rem; background: var(--wash); border-radius: 8px;
              white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.45; }
            pre code { font-size: .85rem; }
            .command code::before { content: "$ "; color: var(--soft); user-select: none; }
            .badge { display: inline-block; padding: .05rem .5rem; border-radius: 6px; font-size: .8rem;
              line-height: 1.5; background: var(--wash); color: var(--ink); overflow-wrap: anywhere; }
            .badge.good { background: var(--good-wash); color: var(--good); }
            .badge.warn { background: var(--warn-wash); color: var(--warn); }
            .badge.bad { background: var(--bad-wash); color: var(--bad); }
            .stack > div + div { margin-top: .2rem; }
            .stretch { display: grid; grid-template-columns: minmax(3rem, 1fr) minmax(7.5rem, auto); gap: .7rem;
              align-items: center; }
            .track { position: relative; height: .55rem; }
            .bar { position: absolute; top: 0; bottom: 0; border-radius: 3px; background: var(--bar); }
            .bar.quiet { background: var(--faint); }
            .bar.warn { background: var(--amber); } .bar.bad { background: var(--bad); }
            .label { font-size: .82rem; color: var(--soft); font-variant-numeric: tabular-nums; }
            .timeline .column0 { width: 6rem; } .timeline .column1 { width: 7rem; }
            .timeline .column1 { color: var(--soft); font-variant-numeric: tabular-nums; }
            .timeline .track { height: .8rem; }
            .statements .column4 .stretch { grid-template-columns: minmax(2rem, 1fr) 11rem; }
            .timeline .stretch { grid-template-columns: minmax(5rem, 1fr) 5.5rem; }
            .truth .column0 { width: 7.5rem; color: var(--soft); white-space: nowrap; }
            .statements td:first-child { width: 2.2rem; color: var(--soft); }
            .statements .column3 { width: 25%; }
            .statements .column4 { width: 30%; }
            .tables .column1 { width: 36%; }
            .queries .column2 { width: 42%; }
            .gates .column0, .schema .column0, .schema .column1 { width: 6.5rem; }
            .gates .column1 { width: 12rem; }
            .entries .column1 { width: 6.5rem; }
            .item { margin: .75rem 0; padding: .8rem 1rem; border-left: 3px solid var(--faint);
              background: var(--wash); border-radius: 0 8px 8px 0; }
            .item.bad { border-color: var(--bad); } .item.warn { border-color: var(--warn); }
            .item.good { border-color: var(--good); }
            .item pre { background: var(--card); }
            .item > :last-child { margin-bottom: 0; }
            ul.points, ul.boxes { margin: .4rem 0; padding-left: 1.2rem; font-size: .94rem; }
            ul.points li, ul.boxes li { margin: .2rem 0; overflow-wrap: anywhere; }
            ul.boxes { list-style: none; padding-left: 0; }
            ul.boxes li { padding-left: 1.7rem; position: relative; }
            ul.boxes li::before { content: ""; position: absolute; left: .1rem; top: .3rem; width: .9rem;
              height: .9rem; border: 1.5px solid var(--soft); border-radius: 3px; }
            details { margin: .5rem 0; }
            summary { cursor: pointer; color: var(--accent); font-size: .94rem; }
            details > :nth-child(2) { margin-top: .6rem; }
            footer { margin-top: 2rem; color: var(--soft); font-size: .85rem; }
            @media (max-width: 900px) {
              .columns { display: block; }
              nav { display: none; }
            }
            @media (max-width: 640px) {
              .page { padding: 1.5rem .9rem 3rem; }
              h1 { font-size: 1.9rem; }
              .figures { grid-template-columns: 1fr 1fr; }
              section { padding: 1.1rem 1rem; }
              thead { display: none; }
              table, tbody, tr, td { display: block; width: auto !important; }
              tr { padding: .6rem 0; border-bottom: 1px solid var(--line); }
              tr:last-child { border-bottom: 0; }
              td { padding: .12rem 0; border: 0; white-space: normal; }
              td[data-name]:not([data-name=""])::before { content: attr(data-name); display: block;
                font-size: .78rem; color: var(--soft); }
              td.empty, td.column1[data-name="Statement"]::before { display: none !important; }
              td.amount[data-name]:not([data-name=""])::before { display: inline; margin-right: .5rem; }
              .statements td.column0 { float: left; margin-right: .6rem; line-height: 1.45; }
              .statements td.column2, .entries td { clear: left; }
              .timeline tr { display: grid; grid-template-columns: 1fr auto; }
              .timeline td::before { display: none !important; }
              .timeline .column2 { grid-column: 1 / -1; }
            }
            @media print {
              :root { --paper: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #ccc; --wash: #f4f4f4;
                --bar: #4a7fb5; --faint: #b9c3cf; --amber: #d69a2d; --accent: #000;
                --good: #1b6b42; --warn: #7d5200; --bad: #a92a22;
                --good-wash: #fff; --warn-wash: #fff; --bad-wash: #fff; }
              * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
              html { font-size: 8.5pt; }
              body { font-size: 1rem; line-height: 1.4; orphans: 3; widows: 3; }
              .page { max-width: none; padding: 0; }
              header { padding-bottom: 1.5rem; }
              h1 { font-size: 2.1rem; }
              .figures { grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); margin-top: 1rem; gap: .5rem; }
              .figure { padding: .5rem .7rem; break-inside: avoid; }
              .columns { display: block; }
              nav { display: none; }
              section { margin: 0; border: 0; padding: 0 0 1.5rem; }
              td { padding: .3rem .9rem .3rem 0; }
              h2, h3, summary, .lead, p:has(+ pre, + table, + ul) { break-after: avoid; }
              tr, pre, li, .item { break-inside: avoid; }
              .item { padding: .4rem 0 .4rem 1rem; background: none; }
              .item pre { background: var(--wash); }
              .badge.good, .badge.warn, .badge.bad { outline: 1px solid currentColor; outline-offset: -1px; }
              summary { list-style: none; color: var(--ink); font-weight: 550; }
              summary::-webkit-details-marker { display: none; }
              details::details-content { content-visibility: visible; height: auto; }
            }
            @page {
              margin: 14mm 13mm 16mm;
              @bottom-right { content: counter(page) " / " counter(pages); font: 8pt system-ui, sans-serif; }
            }
            """;

    private Style() {
    }
}
