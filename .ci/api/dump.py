#!/usr/bin/env python3
"""Makes of rustdoc's JSON one line for each public item. Arguments: the JSON, the output."""

import json, sys, collections

d = json.load(open(sys.argv[1]))
idx = d["index"]
paths = d["paths"]


def get(i):
    return idx.get(str(i))


def kind(it):
    return next(iter(it["inner"]))


def gargs(a):
    if not a:
        return ""
    if "angle_bracketed" in a:
        ab = a["angle_bracketed"]
        out = []
        for x in ab["args"]:
            if x == "infer":
                out.append("_")
            elif "lifetime" in x:
                out.append(x["lifetime"])
            elif "type" in x:
                out.append(ty(x["type"]))
            elif "const" in x:
                out.append(str(x["const"].get("expr")))
        for c in ab.get("constraints", []):
            b = c["binding"]
            if "equality" in b:
                t = b["equality"]
                t = ty(t["type"]) if "type" in t else str(t.get("constant"))
                out.append(f"{c['name']} = {t}")
            else:
                out.append(f"{c['name']}: {bounds(b['constraint'])}")
        return "<" + ", ".join(out) + ">" if out else ""
    if "parenthesized" in a:
        p = a["parenthesized"]
        s = "(" + ", ".join(map(ty, p["inputs"])) + ")"
        return s + (f" -> {ty(p['output'])}" if p["output"] else "")
    return "(..)"


local_names = {
    p["path"][-1]
    for k, p in paths.items()
    if p["crate_id"] == 0 and p["kind"] in ("struct", "enum", "trait", "type_alias")
} | {"Error", "Result"}


def path(p):
    if p["path"] in ("io::Result", "crate::io::Result"):
        return "io::Result" + gargs(p.get("args"))
    n = p["path"].split("::")[-1]
    q = paths.get(str(p["id"]))
    if (
        q
        and q["crate_id"] != 0
        and n in local_names
        and q["path"][-1] == n
        and n not in ("Debug", "Future", "Result", "Display", "Clone")
    ):
        full = "::".join(q["path"])
        n = full.replace("core::", "std::", 1) if full.startswith("core::") else full
    if q and q["crate_id"] != 0 and n == "Result" and "io" in q["path"]:
        n = "io::Result"
    return n + gargs(p.get("args"))


def hr(gp):
    return "for<" + ", ".join(g["name"] for g in gp) + "> " if gp else ""


def bounds(bs):
    o = []
    for b in bs:
        if "trait_bound" in b:
            t = b["trait_bound"]
            m = {"none": "", "maybe": "?", "maybe_const": "~const "}[t["modifier"]]
            o.append(m + hr(t["generic_params"]) + path(t["trait"]))
        elif "outlives" in b:
            o.append(b["outlives"])
        elif "use" in b:
            o.append(
                "use<"
                + ", ".join(
                    str(next(iter(x.values())) if isinstance(x, dict) else x) for x in b["use"]
                )
                + ">"
            )
    return " + ".join(o)


def ty(t):
    if t is None:
        return "()"
    if t == "infer":
        return "_"
    k = next(iter(t))
    v = t[k]
    if k == "resolved_path":
        return path(v)
    if k == "dyn_trait":
        s = "dyn " + " + ".join(hr(x["generic_params"]) + path(x["trait"]) for x in v["traits"])
        return s + (" + " + v["lifetime"] if v["lifetime"] else "")
    if k in ("generic", "primitive"):
        return "!" if v == "never" else v
    if k == "function_pointer":
        s = v["sig"]
        return (
            hr(v["generic_params"])
            + "fn("
            + ", ".join(ty(a[1]) for a in s["inputs"])
            + ")"
            + (f" -> {ty(s['output'])}" if s["output"] else "")
        )
    if k == "tuple":
        return "(" + ", ".join(map(ty, v)) + ("," if len(v) == 1 else "") + ")"
    if k == "slice":
        return f"[{ty(v)}]"
    if k == "array":
        return f"[{ty(v['type'])}; {v['len']}]"
    if k == "impl_trait":
        return "impl " + bounds(v)
    if k == "raw_pointer":
        return ("*mut " if v["is_mutable"] else "*const ") + ty(v["type"])
    if k == "borrowed_ref":
        return (
            "&"
            + (v["lifetime"] + " " if v["lifetime"] else "")
            + ("mut " if v["is_mutable"] else "")
            + ty(v["type"])
        )
    if k == "qualified_path":
        tr = v.get("trait")
        if tr and tr["path"]:
            return (
                f"<{ty(v['self_type'])} as {path(tr)}>::{v['name']}"
                if "generic" not in v["self_type"]
                else f"{ty(v['self_type'])}::{v['name']}"
            )
        return f"{ty(v['self_type'])}::{v['name']}"
    return k


def gparams(g):
    o = []
    for p in g["params"]:
        k = next(iter(p["kind"]))
        v = p["kind"][k]
        if k == "lifetime":
            o.append(p["name"] + (": " + " + ".join(v["outlives"]) if v["outlives"] else ""))
        elif k == "type":
            if v.get("is_synthetic"):
                continue
            o.append(p["name"] + (": " + bounds(v["bounds"]) if v["bounds"] else ""))
        else:
            o.append(f"const {p['name']}: {ty(v['type'])}")
    return "<" + ", ".join(o) + ">" if o else ""


def where(g):
    o = []
    for w in g["where_predicates"]:
        k = next(iter(w))
        v = w[k]
        if k == "bound_predicate":
            o.append(hr(v.get("generic_params")) + ty(v["type"]) + ": " + bounds(v["bounds"]))
        elif k == "lifetime_predicate":
            o.append(v["lifetime"] + ": " + " + ".join(v["outlives"]))
        elif k == "eq_predicate":
            o.append("eq")
    return " where " + ", ".join(o) if o else ""


def selfarg(n, t):
    if n != "self":
        return f"{n}: {ty(t)}"
    s = ty(t)
    if s == "Self":
        return "self"
    if (
        s.startswith("&")
        and s.endswith("Self")
        and " " not in s.replace("&mut ", "&").rsplit("Self", 1)[0].strip().replace("&'", "&")
    ):
        return s[:-4] + "self"
    return "self: " + s


def fnsig(name, f, pub=True):
    h = f["header"]
    q = (
        ("const " if h["is_const"] else "")
        + ("async " if h["is_async"] else "")
        + ("unsafe " if h["is_unsafe"] else "")
    )
    s = f["sig"]
    out = f" -> {ty(s['output'])}" if s["output"] else ""
    return (
        ("pub " if pub else "")
        + q
        + "fn "
        + name
        + gparams(f["generics"])
        + "("
        + ", ".join(selfarg(n, t) for n, t in s["inputs"])
        + ")"
        + out
        + where(f["generics"])
    )


HID = len(sys.argv) > 3 and sys.argv[3] == "hidden"


def hidden(it):
    return (not HID) and any(
        "hidden" in str(a if isinstance(a, str) else a.get("other", a)) and "doc" in str(a)
        for a in it["attrs"]
    )


lines = []
canon = {}
reach = collections.defaultdict(list)
# pass 1: all public paths
q = collections.deque([(d["root"], ("tokio",))])
seenmod = set()


def walk(mid, mp):
    if (mid, mp) in seenmod:
        return
    seenmod.add((mid, mp))
    it = get(mid)
    for i in it["inner"]["module"]["items"]:
        c = get(i)
        if c is None or hidden(c):
            continue
        k = kind(c)
        if k == "use":
            u = c["inner"]["use"]
            t = u["id"]
            if u["is_glob"]:
                tt = get(t)
                if tt and kind(tt) == "module":
                    walk(t, mp)
                continue
            tt = get(t)
            if tt is None:
                lines.append(("::".join(mp + (u["name"],)), "reexport", f"pub use {u['source']}"))
                continue
            if tt["crate_id"] != 0 and kind(tt) not in ("proc_macro",):
                lines.append(
                    (
                        "::".join(mp + (u["name"],)),
                        "reexport",
                        f"pub use {u['source']}   // {'::'.join(paths[str(t)]['path'])}",
                    )
                )
                continue
            if kind(tt) == "module":
                reach[t].append(mp + (u["name"],))
                walk(t, mp + (u["name"],))
            else:
                reach[t].append(mp + (u["name"],))
        elif k == "impl":
            pass
        elif k == "module":
            reach[i].append(mp + (c["name"],))
            walk(i, mp + (c["name"],))
        else:
            reach[i].append(mp + (c["name"],))


walk(d["root"], ("tokio",))


def home(p):  # prefer the shortest path, then not the crate root
    return (len(p) == 2, len(p), p)


impl_done = set()


def dep(it):
    return " [deprecated]" if it.get("deprecation") else ""


def emit_impls(P, ids, selfid):
    for i in ids:
        im = get(i)
        if im is None:
            continue
        v = im["inner"]["impl"]
        if v["is_synthetic"] or v["blanket_impl"]:
            continue
        if i in impl_done:
            continue
        impl_done.add(i)
        if v["trait"] is None:
            for m in v["items"]:
                c = get(m)
                if c is None or hidden(c):
                    continue
                k = kind(c)
                if k == "function":
                    lines.append(
                        (
                            f"{P}::{c['name']}",
                            "method",
                            fnsig(c["name"], c["inner"]["function"]) + dep(c) + impl_ctx(v),
                        )
                    )
                elif k == "assoc_const":
                    lines.append(
                        (
                            f"{P}::{c['name']}",
                            "assoc_const",
                            f"pub const {c['name']}: {ty(c['inner']['assoc_const']['type'])}",
                        )
                    )
                else:
                    lines.append((f"{P}::{c['name']}", k, ""))
        else:
            if v["trait"]["path"].split("::")[-1] in ("TrivialClone", "StructuralPartialEq") or any(
                "'__pin" in g["name"] for g in v["generics"]["params"]
            ):
                continue
            neg = "!" if v["is_negative"] else ""
            lines.append(
                (
                    P,
                    "impl",
                    f"impl{gparams(v['generics'])} {neg}{path(v['trait'])} for {ty(v['for'])}{where(v['generics'])}",
                )
            )


def impl_ctx(v):
    g = gparams(v["generics"])
    w = where(v["generics"])
    s = (g if ":" in g else "") + w
    return f"   // impl{g} {ty(v['for'])}{w}" if s else ""


for tid, ps in sorted(reach.items(), key=lambda kv: home(min(kv[1], key=home))):
    it = get(tid)
    k = kind(it)
    ps = sorted(set(ps), key=home)
    p = ps[0]
    P = "::".join(p)
    v = it["inner"][k]
    for a in ps[1:]:
        lines.append(("::".join(a), "reexport", f"pub use {P}"))
    if k == "module":
        lines.append((P, "mod", f"pub mod {p[-1]}"))
    elif k == "function":
        lines.append((P, "fn", fnsig(p[-1], v) + dep(it)))
    elif k == "macro":
        lines.append((P, "macro", f"macro_rules! {p[-1]}"))
    elif k == "proc_macro":
        lines.append((P, "attr_macro" if v["kind"] == "attr" else "proc_macro", f"#[{p[-1]}]"))
    elif k == "type_alias":
        lines.append((P, "type", f"pub type {p[-1]}{gparams(v['generics'])} = {ty(v['type'])}"))
    elif k == "constant":
        lines.append((P, "const", f"pub const {p[-1]}: {ty(v['type'])}"))
    elif k in ("struct", "union"):
        lines.append(
            (
                P,
                "struct",
                f"pub struct {p[-1]}{gparams(v['generics'])}{where(v['generics'])}" + dep(it),
            )
        )
        kk = v["kind"]
        if isinstance(kk, dict):
            for f in (kk.get("plain", {}).get("fields") or []) + [
                x for x in (kk.get("tuple") or []) if x is not None
            ]:
                c = get(f)
                if c and not hidden(c):
                    lines.append(
                        (
                            f"{P}.{c['name']}",
                            "field",
                            f"pub {c['name']}: {ty(c['inner']['struct_field'])}",
                        )
                    )
        emit_impls(P, v["impls"], tid)
    elif k == "enum":
        ne = " #[non_exhaustive]" if any("non_exhaustive" in str(a) for a in it["attrs"]) else ""
        lines.append((P, "enum", f"pub enum {p[-1]}{gparams(v['generics'])}{ne}"))
        for x in v["variants"]:
            c = get(x)
            vk = c["inner"]["variant"]["kind"]
            s = c["name"]
            if isinstance(vk, dict):
                if "tuple" in vk:
                    s += (
                        "("
                        + ", ".join(
                            ty(get(f)["inner"]["struct_field"]) if f is not None and get(f) else "_"
                            for f in vk["tuple"]
                        )
                        + ")"
                    )
                else:
                    s += " {..}"
            lines.append((f"{P}::{c['name']}", "variant", s))
        emit_impls(P, v["impls"], tid)
    elif k == "trait":
        b = bounds(v["bounds"])
        lines.append(
            (P, "trait", f"pub trait {p[-1]}{gparams(v['generics'])}" + (f": {b}" if b else ""))
        )
        for m in v["items"]:
            c = get(m)
            if c is None or hidden(c):
                continue
            ck = kind(c)
            if ck == "function":
                lines.append(
                    (
                        f"{P}::{c['name']}",
                        "trait_method",
                        fnsig(c["name"], c["inner"]["function"], False)
                        + (" [provided]" if c["inner"]["function"]["has_body"] else " [required]"),
                    )
                )
            elif ck == "assoc_type":
                lines.append(
                    (
                        f"{P}::{c['name']}",
                        "assoc_type",
                        f"type {c['name']}: {bounds(c['inner']['assoc_type']['bounds'])}",
                    )
                )
            else:
                lines.append((f"{P}::{c['name']}", ck, ""))
        for i in v["implementations"]:
            im = get(i)
            if im is None or i in impl_done:
                continue
            w = im["inner"]["impl"]
            if w["is_synthetic"]:
                continue
            # impls on foreign / generic types only (others come with their type)
            f = w["for"]
            if "resolved_path" in f and f["resolved_path"]["id"] in reach:
                continue
            impl_done.add(i)
            lines.append(
                (
                    P,
                    "impl",
                    f"impl{gparams(w['generics'])} {path(w['trait'])} for {ty(w['for'])}{where(w['generics'])}",
                )
            )
    else:
        lines.append((P, k, ""))
lines = sorted(set(lines))
with open(sys.argv[2], "w") as f:
    for a, b, c in lines:
        f.write(f"{a}\t{b}\t{c}\n")
# counts
mods = sorted(
    {"::".join(p) for t, ps in reach.items() for p in ps if kind(get(t)) == "module"} | {"tokio"},
    key=len,
)
cnt = collections.defaultdict(collections.Counter)
for a, b, c in lines:
    if b == "mod":
        m = a
    else:
        m = max((x for x in mods if a == x or a.startswith(x + "::")), key=len)
    cnt[m][b] += 1
cols = [
    "struct",
    "enum",
    "trait",
    "type",
    "fn",
    "macro",
    "attr_macro",
    "const",
    "method",
    "assoc_const",
    "trait_method",
    "assoc_type",
    "variant",
    "field",
    "impl",
    "reexport",
]
print("module".ljust(30) + " ".join(c[:8].rjust(8) for c in cols) + "    total")
tot = collections.Counter()
for m in sorted(cnt):
    r = cnt[m]
    tot.update(r)
    extra = set(r) - set(cols) - {"mod"}
    print(
        m.ljust(30)
        + " ".join(str(r.get(c, 0) or ".").rjust(8) for c in cols)
        + str(sum(v for k, v in r.items() if k != "mod")).rjust(9),
        extra or "",
    )
print(
    "TOTAL".ljust(30)
    + " ".join(str(tot[c]).rjust(8) for c in cols)
    + str(sum(v for k, v in tot.items() if k != "mod")).rjust(9)
)
