"""Reading a page in tests as a browser would: its elements, its text and its policy."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "br", "img", "link", "input", "hr"}
INLINE = {"a", "b", "bdi", "strong", "span", "svg", "use", "code"}


@dataclass
class Page(HTMLParser):
    """The tags with their attributes, and the text outside of style and script."""

    html: str
    tags: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    style: str = ""
    open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.feed(self.html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in INLINE:
            self.texts.append(" ")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Leave a tag, which must be the one that is open."""
        assert self.open.pop() == tag, f"</{tag}> closes another element"

    def handle_data(self, data: str) -> None:
        """Note text."""
        if self.open and self.open[-1] == "style":
            self.style += data
        elif not self.open or self.open[-1] != "script":
            self.texts.append(data)

    @property
    def text(self) -> str:
        """All text on one line."""
        return re.sub(r"\s+", " ", "".join(self.texts))

    @property
    def policy(self) -> str:
        """The content security policy."""
        metas = [attrs for tag, attrs in self.tags if tag == "meta"]
        return next(one["content"] for one in metas if "http-equiv" in one)

    def named(self, tag: str) -> list[dict[str, str]]:
        """The attributes of all elements of a kind."""
        return [attrs for name, attrs in self.tags if name == tag]
