"""Medians over rounds, as a table in Markdown."""
import statistics


def number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def times(value):
    return f"{value:.0f}x" if value >= 10 else f"{value:.1f}x"


def lines(figures, results, names):
    """`results[name][run]` is a list of what each round measured. Yields the table's lines."""
    yield f"| | {' | '.join(names)} | ratio | target |"
    yield "| --- |" + " ---: |" * (len(names) + 2)
    for figure in figures:
        if not all(figure.run in results[name] for name in names):
            continue
        values = [statistics.median(r[figure.key] for r in results[name][figure.run]) for name in names]
        cells = [f"{number(value)} {figure.unit}" for value in values]
        ratio = figure.ratio(*values) if len(values) == 2 else None
        cells.append(times(ratio) if ratio else "")
        cells.append("" if figure.target is None else times(figure.target)
                     + (" missed" if ratio and ratio < figure.target else ""))
        yield f"| {figure.text} | {' | '.join(cells)} |"
