"""Mutants: the hand-written ones of hand.toml, and as many as one likes drawn from a seed."""

import pathlib
import random
import tomllib
from dataclasses import dataclass

import operators

FOLDER = pathlib.Path(__file__).resolve().parent
RTL = FOLDER.parents[1] / "hw" / "rtl"


@dataclass
class Mutant:
    name: str  # "hand/rne-half-up"; "drawn/017"
    file: str  # in hw/rtl
    line: int
    breaks: str  # what a designer would have got wrong
    old: str  # of hand-written ones what they replace, of drawn ones the line
    new: str
    text: str  # of the whole file

    def key(self):
        """The same for the same change, however the lines around it move."""
        return f"{self.file}: {' '.join(self.old.split())} -> {' '.join(self.new.split())}"


def by_hand():
    """Throws ValueError for an entry whose old text is not in its file exactly once: the RTL has changed."""
    found = []
    for entry in tomllib.loads((FOLDER / "hand.toml").read_text())["mutant"]:
        text = (RTL / entry["file"]).read_text()
        old, new = entry["old"].strip("\n"), entry["new"].strip("\n")
        if text.count(old) != 1:
            raise ValueError(f"hand.toml: {entry['name']}: {text.count(old)} times in {entry['file']}, not once: {old}")
        line = text.count("\n", 0, text.index(old)) + 1
        found.append(
            Mutant("hand/" + entry["name"], entry["file"], line, entry["breaks"], old, new, text.replace(old, new))
        )
    return found


def of_change(name, path, text, change):
    begin = text.rfind("\n", 0, change.begin) + 1
    end = text.find("\n", change.end)
    changed = operators.apply(text, change)
    grown = len(changed) - len(text)
    return Mutant(
        name,
        path.name,
        text.count("\n", 0, change.begin) + 1,
        change.operator,
        text[begin:end].strip(),
        changed[begin : end + grown].strip(),
        changed,
    )


def drawn(seed, count):
    """`count` different changes: each time a module, then a kind of slip that it admits, then a place, all alike likely."""
    draw = random.Random(seed)
    texts = {path: path.read_text() for path in sorted(RTL.glob("*.sv"))}
    pools = {}
    for path, text in texts.items():
        for change in operators.mutants(text):
            pools.setdefault(path, {}).setdefault(change.operator, []).append(change)
    found = []
    while len(found) < count and pools:
        path = draw.choice(list(pools))
        kind = draw.choice(list(pools[path]))
        change = pools[path][kind].pop(draw.randrange(len(pools[path][kind])))
        if not pools[path][kind]:
            del pools[path][kind]
        if not pools[path]:
            del pools[path]
        found.append(of_change(f"drawn/{len(found) + 1:03}", path, texts[path], change))
    return found
