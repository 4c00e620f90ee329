/// How reports look. Colours are variables, so that light, dark and paper differ in one place.
enum HTMLStyle {
    static let text = colours + layout + parts + narrow + paper

    private static let light = """
        --bg:#fafaf8;--card:#fff;--ink:#1d2329;--soft:#5a6572;--line:#e2e5e9;--tint:#f2f4f6;--bar:#4a78ad;\
        --pass:#1a7f37;--warn:#865700;--fail:#c02030;--unknown:#6639ba;--none:#66707c;\
        --pass-bg:#e8f5eb;--warn-bg:#fcf2d9;--fail-bg:#fdeaeb;--unknown-bg:#f0eafb;--none-bg:#eef0f2
        """

    private static let dark = """
        --bg:#0f1317;--card:#161b21;--ink:#e3e7eb;--soft:#9aa6b3;--line:#2a323b;--tint:#1c2229;--bar:#6f9fd6;\
        --pass:#5cc578;--warn:#dcaa4b;--fail:#ff8a82;--unknown:#bba2f5;--none:#93a0ad;\
        --pass-bg:#132a1b;--warn-bg:#2e2410;--fail-bg:#341a1c;--unknown-bg:#241b38;--none-bg:#20262d
        """

    private static let colours = """
        :root{color-scheme:light dark;\(light)}
        @media (prefers-color-scheme:dark){:root{\(dark)}}

        """

    private static let layout = """
        *{box-sizing:border-box}
        html{-webkit-text-size-adjust:100%}
        body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,\
        "Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
        main{max-width:66rem;margin:0 auto;padding:2rem 1.25rem 4rem}
        h1{font-size:1.7rem;line-height:1.2;margin:0 0 1rem;font-weight:650;letter-spacing:-.01em}
        h2{font-size:1.15rem;margin:2.5rem 0 .75rem;font-weight:650}
        h3{font-size:.95rem;margin:0;font-weight:650}
        p{margin:0 0 .75rem}a{color:inherit}code{font:.86em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
        ol,ul{margin:0;padding:0;list-style:none}sup{font-size:.68em;line-height:0;margin-left:.1em}
        sup a{color:var(--soft);text-decoration:none}sup a:hover{text-decoration:underline}
        :target{outline:2px solid var(--bar);outline-offset:4px;border-radius:4px}
        .soft,.lead{color:var(--soft)}.lead{max-width:46rem}
        .service{color:var(--soft);margin:0;font-size:.85rem;letter-spacing:.02em}
        .na{color:var(--soft);font-style:italic;border-bottom:1px dotted var(--soft)}
        .pass{--c:var(--pass);--b:var(--pass-bg)}.warn{--c:var(--warn);--b:var(--warn-bg)}
        .fail{--c:var(--fail);--b:var(--fail-bg)}.unknown{--c:var(--unknown);--b:var(--unknown-bg)}
        .none{--c:var(--none);--b:var(--none-bg)}

        """

    private static let parts = """
        .banner{display:flex;gap:.75rem;align-items:center;margin:0 0 1rem;padding:.8rem 1rem;border-radius:10px;\
        background:var(--b);font-size:1.05rem}
        .banner b,.sign{color:var(--c)}.sign{font-size:1.3rem;font-weight:700;line-height:1}
        .banner b{margin-right:.4rem}
        .facts{display:flex;flex-wrap:wrap;gap:.35rem 1.75rem;margin:0;color:var(--soft);font-size:.85rem}
        .facts div{display:flex;gap:.4rem}.facts dt{opacity:.85;flex:none}.facts dd{margin:0;color:var(--ink)}
        .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(6.5rem,1fr));gap:.6rem;margin:1.25rem 0 .6rem}
        .tile{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:.6rem .85rem}
        .tile b{display:block;font-size:1.6rem;line-height:1.15;font-weight:650}.tile.some b{color:var(--c)}
        .tile span{color:var(--soft);font-size:.85rem}
        .pill{display:inline-block;white-space:nowrap;font-size:.78rem;font-weight:650;line-height:1;padding:.28rem .5rem;\
        border-radius:99px;color:var(--c);background:var(--b)}
        .card{background:var(--card);border:1px solid var(--line);border-radius:10px}
        .checks>li+li{border-top:1px solid var(--line)}
        .check{display:grid;grid-template-columns:minmax(0,2fr) minmax(6rem,1.1fr) minmax(6rem,1.05fr) minmax(6.5rem,1.25fr) 132px;\
        gap:.1rem 1rem;align-items:center;padding:.5rem .9rem}
        .check .what{display:flex;gap:.6rem;align-items:center;min-width:0}.check .what>div{min-width:0}
        .check .pill{flex:none;min-width:5.9rem;text-align:center}
        .check .sub,.sub{display:block;color:var(--soft);font-size:.8rem;line-height:1.35}
        .check .n b{font-size:1.05rem;font-weight:650}.check .n sup,td.n sup{position:absolute;margin:.5em 0 0 .15em;line-height:1}.n{text-align:right}
        .check .why{grid-column:1/-1;margin:.3rem 0 .2rem;padding:.45rem .7rem;border-radius:8px;background:var(--b);font-size:.9rem}
        .why li+li{margin-top:.3rem}.why .advice{color:var(--soft)}.check .why .pill{min-width:0}
        svg{display:block;max-width:100%}svg text{fill:var(--soft);font-size:11px}
        .line{fill:none;stroke:var(--bar);stroke-width:1.75;stroke-linejoin:round;stroke-linecap:round}
        .dot{fill:var(--c,var(--bar))}.grid{stroke:var(--line);stroke-width:1}
        .bound{stroke:var(--c);stroke-width:1.25;stroke-dasharray:4 3}text.bound-text{fill:var(--c);paint-order:stroke;stroke:var(--card);stroke-width:3px}
        .column{fill:var(--bar)}.hole{fill:none;stroke:var(--line);stroke-dasharray:3 3}
        .area{fill:var(--c)}.gap{fill:none;stroke:var(--unknown);stroke-width:1.25}svg text.value{fill:var(--ink)}
        .share{width:100%;height:8px;border-radius:4px;overflow:hidden;background:var(--tint)}
        .charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,19rem),1fr));gap:.9rem}
        .chart{padding:.8rem .9rem;margin:0}.chart svg{width:100%;height:auto;margin:.4rem 0}
        .chart figcaption{font-size:.85rem}
        .strip{padding:.8rem .9rem}.strip+.strip{border-top:1px solid var(--line)}
        .strip h3 small{font-weight:400;color:var(--soft);font-size:.82rem;margin-left:.4rem}
        .days{display:grid;grid-template-columns:repeat(8,minmax(0,1fr));gap:.3rem;margin-top:.5rem}
        .day{border-radius:7px;background:var(--b);color:var(--c);text-align:center;padding:.3rem .1rem;font-weight:650;\
        min-height:3.1rem}
        .day .sub{font-weight:400;font-size:.72rem}.day .sub b{font-weight:400}.day.empty{background:none;border:1px dashed var(--line);color:var(--soft);\
        font-weight:400}.day.missed{border:1px dashed var(--fail)}.day.today{outline:1px solid var(--line);outline-offset:2px}
        table{border-collapse:collapse;width:100%;font-size:.92rem;background:var(--card)}
        caption{text-align:left;color:var(--soft);font-size:.85rem;padding:.2rem 0}
        th,td{text-align:left;vertical-align:top;padding:.5rem .75rem;border-bottom:1px solid var(--line)}
        th{color:var(--soft);font-size:.8rem;font-weight:600}td.n,th.n{text-align:right;white-space:nowrap}
        td{overflow-wrap:break-word}td.wide,.figure td{overflow-wrap:anywhere}tbody tr:last-child td{border-bottom:0}.card>table{border-radius:10px;overflow:hidden}
        .figure{padding:.9rem;margin:0 0 .9rem}.figure table{margin-top:.5rem}.figure th,.figure td{padding:.35rem .6rem}
        .stats{display:flex;flex-wrap:wrap;gap:.5rem 2rem;margin:.6rem 0 0}.stats b{display:block;font-size:1.35rem;font-weight:650}
        .notes>li{padding:.5rem 0 .5rem 2.2rem;border-top:1px solid var(--line);font-size:.85rem;position:relative}
        .notes{counter-reset:n}.notes>li::before{counter-increment:n;content:counter(n);position:absolute;left:0;color:var(--soft)}
        .notes ul li{margin:.15rem 0}.rank{font-weight:650}.bars td.n{position:relative}
        .timeline li{display:grid;grid-template-columns:minmax(6rem,14rem) 1fr;gap:.75rem;align-items:center;font-size:.85rem;\
        padding:.12rem 0}.timeline span{text-align:right;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
        .timeline{margin-bottom:1rem}.timeline svg{width:100%;height:14px;background:var(--tint);border-radius:3px}\
        .timeline .ends{display:flex;justify-content:space-between;color:var(--soft);font-size:.78rem}\
        .stats.small b{font-size:1rem}.looks{margin-top:.6rem;font-size:.85rem}.looks li{margin:.2rem 0}.timeline rect{fill:var(--c)}

        """

    private static let narrow = """
        @media (max-width:46rem){
        main{padding:1.25rem .9rem 3rem}h1{font-size:1.35rem}\
        .tiles{grid-template-columns:repeat(auto-fit,minmax(4.1rem,1fr));gap:.4rem}.tile{padding:.45rem .6rem}\
        td.n sup,.check .n sup{position:static;margin:0 0 0 .1em}
        .check{grid-template-columns:minmax(0,1fr) minmax(0,1fr);gap:.25rem .75rem}
        .check .what{grid-column:1/-1}.check .n{text-align:left}.check .spark{justify-self:end}
        .stack thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
        .stack,.stack tbody,.stack tr,.stack td,.stack caption{display:block;width:100%}
        .stack tr{padding:.5rem .75rem;border-bottom:1px solid var(--line)}.stack tr:last-child{border-bottom:0}
        .stack td,.stack td.n{border:0;padding:.12rem 0;display:flex;justify-content:space-between;gap:1rem;text-align:right;\
        white-space:normal}
        .stack td::before{content:attr(data-label);color:var(--soft);font-size:.8rem;text-align:left;flex:none;max-width:45%}
        .stack td>*{min-width:0;overflow-wrap:anywhere}.stack td[data-label=""]::before{content:none}
        .stack td.wide{display:block;text-align:left;padding:.2rem 0}.stack td.wide::before{content:none}\
        .day{min-height:2.6rem}.days{gap:.15rem}.day .sub{font-size:.6rem;letter-spacing:-.02em;overflow-wrap:normal}\
        .strip{padding:.7rem .5rem}.strip h3 small{display:block;margin:0}.day .sub b{display:block}
        }

        """

    private static let paper = """
        @media print{:root{color-scheme:light;\(light);--bg:#fff}
        body{font-size:10pt}main{max-width:none;padding:0}.card,.check,.figure,.strip,tr,.notes>li{break-inside:avoid}
        h2{break-after:avoid}*{-webkit-print-color-adjust:exact;print-color-adjust:exact}
        @page{margin:14mm}}
        """
}
