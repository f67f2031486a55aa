"""The documents as the tests read them: their commands, code blocks, sentences and links."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
PATHS = sorted([*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/*.md")])
TEXTS = {str(path.relative_to(REPOSITORY)): path.read_text() for path in PATHS}
PICTURES = sorted(path for path in REPOSITORY.glob("docs/*") if path.suffix in (".png", ".svg"))

FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
# Begins after an empty line, as code does; what continues a list item is indented by less.
INDENTED = re.compile(r"(?<=\n\n)(?: {4}.*\n|\n(?= {4}))+")
# A program of the package with its arguments, to the end of the line or of the inline code.
PROGRAMS = "run|plan|report|compare|dashboard"
COMMAND = re.compile(rf"\b(?:python -m sweeps(?:\.(?:{PROGRAMS}))?|sweeps(?= (?:{PROGRAMS})\b))[^\n`]*")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
LIST_ITEM = re.compile(r"^\s*(?:[-*]|\d+\.)\s+", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block of a document."""

    document: str
    language: str
    source: str

    def __str__(self) -> str:
        return f"{self.document}: {self.source.splitlines()[0]}"


def blocks(*languages: str, document: str = "") -> list[Block]:
    """Return the fenced blocks in these languages, of documents whose names hold `document`."""
    return [
        Block(name, language, source)
        for name, text in TEXTS.items()
        for language, source in FENCED.findall(text)
        if language in languages and document in name
    ]


def code(text: str) -> list[str]:
    """Return the inline code."""
    return re.findall(r"`([^`\n]+)`", FENCED.sub("\n", text))


def commands(document: str = "") -> list[str]:
    """Return each command that starts a program of the package, as `sweeps` takes it, once.

    document: the one that is searched; all unless given.
    """
    texts = [TEXTS[document]] if document else TEXTS.values()
    lines = [line for text in texts for line in COMMAND.findall(text.replace("\\\n", " "))]
    return list(dict.fromkeys(map(_as_sweeps_takes_it, lines)))


def _as_sweeps_takes_it(line: str) -> str:
    first, *words = line.removeprefix("python -m ").replace("'", "").split()
    return " ".join([first.replace(".", " "), *words])


def prose(text: str) -> str:
    """Return what is left without code, tables, headings and pictures."""
    text = INDENTED.sub("\n", FENCED.sub("\n", text))
    text = re.sub(r"^(?:\||#).*$", "", text, flags=re.MULTILINE)
    text = re.sub(r"!\[[^\]]*\]\([^)]*\)", "", text)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    return re.sub(r"`[^`]*`", "code", text)


def sentences(text: str) -> Iterator[str]:
    """Yield the sentences of the paragraphs and list items."""
    for paragraph in re.split(r"\n\s*\n", LIST_ITEM.sub("\n\n", prose(text))):
        yield from re.split(r"(?<=[.!?])[\"*]*\s+", " ".join(paragraph.split()))


def count_words(sentence: str) -> int:
    """Return how many words hold a letter or digit."""
    return sum(any(character.isalnum() for character in word) for word in sentence.split())


def anchors(text: str) -> set[str]:
    """Return the anchors of the headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", FENCED.sub("", text), re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in plain}


# Shows the study of the example application, whose own test looks for this command.
APPLICATION_DASHBOARD = "dashboard --storage sqlite:///study.db"
COMMANDS = [command for command in commands() if not command.endswith(APPLICATION_DASHBOARD)]
SWEEPS = [command for command in COMMANDS if command.startswith("sweeps run ") and " -m " in command]
