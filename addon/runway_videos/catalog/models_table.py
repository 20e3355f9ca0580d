"""The table of models in MODELS.md, made from the catalog by the same run that makes the catalog."""

from __future__ import annotations

from typing import Any

from runway_videos.catalog.price_list import PriceList, resolution_of

BEGIN, END = "<!-- models:begin -->", "<!-- models:end -->"
_HEAD = ("mode", "model", "sizes", "seconds", "audio", "seed", "credits a second")
_FEW = 4  # sizes that are listed one by one; of more, only those of the usual shape


def with_table(readme: str, catalog: dict[str, Any], prices: PriceList) -> str:
    """The README with a fresh table between the two marker comments; unchanged without them."""
    if BEGIN not in readme or END not in readme:
        return readme
    before, rest = readme.split(BEGIN, 1)
    _, after = rest.split(END, 1)
    return f"{before}{BEGIN}\n{table(catalog, prices)}\n{END}{after}"


def table(catalog: dict[str, Any], prices: PriceList) -> str:
    lines = [_HEAD, ("---",) * len(_HEAD)]
    for mode, rows in catalog["modes"].items():
        for model, row in rows.items():
            takes = row["schema"]["properties"]
            flags = tuple("yes" if name in takes else "" for name in ("audio", "seed"))
            cells = (mode.replace("_", " "), f"`{model}`", _sizes(row, mode), _seconds(row))
            lines.append((*cells, *flags, _credits(model, row["size"], prices)))
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _sizes(row: dict[str, Any], mode: str) -> str:
    size = row["size"]
    follows = "" if mode == "text_to_video" else ", shape as the input"
    if size["how"] == "ratio":
        values = [value.replace(":", "x") for value in size["values"]]
        if len(values) > _FEW:
            wide = ", ".join(value for value in values if _is_wide(value))
            return f"{len(values)} sizes; 16:9 is {wide}"
        return ", ".join(values)
    if size["how"] == "aspect":
        return f"{', '.join(size['values'])}; {' or '.join(size['tiers'])}"
    if size["how"] == "resolution":
        return " or ".join(size["tiers"]) + follows
    if size["how"] == "auto":
        return " or ".join(value.removeprefix("auto_") for value in size["auto"]) + follows
    return "as the input"


def _is_wide(size: str) -> bool:
    width, height = map(int, size.split("x"))
    return abs(width / height - 16 / 9) < 0.05


def _seconds(row: dict[str, Any]) -> str:
    durations = row["durations"]
    if durations is None:
        return "as the input" if row["video"] else "fixed"
    if "values" in durations:
        text = ", ".join(map(str, durations["values"]))
    elif "max" in durations:
        text = f"{'about ' * durations.get('advisory', False)}{durations['min']}–{durations['max']}"
    else:
        text = f"{durations['min']} and more"
    return text + (" or auto" if durations.get("auto") else "")


def _credits(model: str, size: dict[str, Any], prices: PriceList) -> str:
    """`36` or, where it is not one price, `480p, 720p: 36; 1080p: 40`; empty where it is not known."""
    told = (*size.get("tiers", ()), *size.get("auto", ()), *size.get("values", ()))
    names = dict.fromkeys(name for each in told if (name := resolution_of(each))) or {"": None}
    priced = {name: price for name in names if (price := prices.credits_per_second(model, name)) is not None}
    if len(priced) == len(names) and len(set(priced.values())) == 1:
        return f"{next(iter(priced.values())):g}"
    by_price: dict[float, list[str]] = {}
    for name, price in priced.items():
        by_price.setdefault(price, []).append(name)
    return "; ".join(f"{', '.join(of_price)}: {price:g}" for price, of_price in by_price.items())
