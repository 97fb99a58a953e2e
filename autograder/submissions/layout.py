"""Whose each entry of a tree is: the outermost folder that tells students apart decides.

In order: what the instructor says with ``--layout``; a system's own naming (Canvas, Moodle,
Gradescope, nbgrader's exchange); the folder directly below the one that was named, or below a
folder of the instructor's in it (an assignment's, a section's). Whatever lies in a student's folder
is that student's, however it is called. Names of files tell people apart only where files lie
directly in a folder of the instructor's.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from autograder.errors import UsageError
from autograder.submissions import lms, words
from autograder.submissions.lms import Named
from autograder.submissions.pattern import Pattern, spelling
from autograder.submissions.roster import Roster, Whose
from autograder.submissions.tree import Entry, PassedOver, Tree, clutter, opened

_NOTHING_SAID = Named(Whose(""))


@dataclass(frozen=True)
class Claim:
    """An entry and whose it is."""

    entry: Entry
    whose: Whose
    how: str  # how that is known
    top: str  # the outermost folder or file that is theirs
    inner: tuple[str, ...] = ()  # the entry's place in that folder, as its student called it
    assignment: str = ""  # as an instructor's folder or a system says
    section: str = ""
    said: Named = _NOTHING_SAID  # what a system says of it

    @property
    def title(self) -> str:
        """The file's place, as its student called it."""
        return "/".join(self.inner)


@dataclass
class Layout:
    """What a layout was read as."""

    claims: list[Claim] = field(default_factory=list)
    passed_over: list[PassedOver] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Place:
    """A folder of the instructor's: what leads to it, and what that says."""

    parts: tuple[str, ...] = ()
    assignment: str = ""
    section: str = ""


class Reader:
    """Reads trees, knowing the names of the course's assignments and its roster."""

    def __init__(
        self, assignments: Sequence[str], roster: Roster | None, pattern: Pattern | None
    ) -> None:
        self._assignments = {_squeezed(name): name for name in assignments}
        self._own = [re.compile(_spelt(name), re.IGNORECASE) for name in assignments]
        self._roster = roster or Roster()
        self._sections = {_squeezed(p.section) for p in self._roster.people if p.section}
        self._pattern = pattern

    def read(self, tree: Tree) -> Layout:
        """Say whose everything in a tree is."""
        layout = Layout(passed_over=list(tree.passed_over))
        level = _Level(self, tree, layout)
        if self._pattern is not None:
            level.by_pattern(self._pattern)
        elif self._is_students_own(tree):
            level.give_all(Whose(tree.root.name), f"the folder {tree.root.name}", tree.entries)
        else:
            level.read(_Place(), tree.entries)
        return layout

    def holds_a_class(self, archive: Path, *, alone: bool) -> bool:
        """Whether a zip that was named holds many people's submissions, and not one student's.

        Raises:
            UsageError: of several zips one may be either.
        """
        if self._is_person(_stem(archive.name)):
            return False
        with opened(archive) as zipped:
            paths = [
                (*PurePosixPath(i.filename).parts, *("",) * i.is_dir()) for i in zipped.infolist()
            ]
        parts = [path for path in paths if path and not any(map(clutter, path))]
        while _stands_alone(parts) and not lms.of_folder(parts[0][0]):
            parts = [path[1:] for path in parts if any(path[1:])]
        by_system = any(lms.of_folder(p[0]) or (len(p) == 1 and lms.of_file(p[0])) for p in parts)
        if by_system and not alone and not self.is_section(_stem(archive.name)):
            raise UsageError(
                f"{archive}: is it one student's, or the download of a whole class? Name it alone "
                "if it is a class's; put it in a folder of its own if it is a student's."
            )
        several = alone or self.is_section(_stem(archive.name))
        return by_system or (several and self._tell_people_apart(parts))

    def _tell_people_apart(self, parts: Sequence[tuple[str, ...]]) -> bool:
        folders = {p[0] for p in parts if len(p) > 1 and not words.INNER.fullmatch(p[0])}
        files = {p[0] for p in parts if len(p) == 1 and re.search(r"\.(ipynb|zip)", p[0])}
        return len(folders | {self.own_name(file) for file in files} - {""}) > 1

    def _is_students_own(self, tree: Tree) -> bool:
        """Whether the folder that was named is one student's, as in ``submitted/ana``."""
        nbgrader = tree.root.parent.name == "submitted" and not tree.zipped
        return nbgrader or self._is_person(tree.root.name)

    def _is_person(self, name: str) -> bool:
        return self._roster.find(Whose(name)).person is not None

    def assignment(self, name: str) -> str:
        """The assignment that a folder is called after, in any spelling; empty if none."""
        return self._assignments.get(_squeezed(name), "")

    def named_in(self, title: str) -> str:
        """The assignment that a file's name holds, the longest of several; empty if none."""
        found = [name for name in self._assignments.values() if _holds(title, name)]
        return max(found, key=len, default="")

    def give_all(self, tree: Tree, layout: Layout, student: str) -> None:
        """Take everything in a tree for one student's."""
        layout.passed_over += tree.passed_over
        _Level(self, tree, layout).give_all(Whose(student), "said by who called", tree.entries)

    def spelling(self, assignment: str) -> str:
        """An assignment's name as the course spells it; one of another course stays as it is."""
        return self.assignment(assignment) or assignment

    def is_students(self, name: str) -> bool:
        """Whether a folder is a student's by the roster."""
        return self._is_person(name)

    def is_section(self, name: str) -> bool:
        """Whether a folder is called as sections are, in the roster or anywhere."""
        return _squeezed(name) in self._sections or bool(words.SECTION.fullmatch(name))

    def own_name(self, title: str) -> str:
        """What of a file's name may be a person's: not the assignment's, not "final (2)"."""
        name = _stem(title)
        for spelt in self._own:
            name = spelt.sub("", name)
        name = words.DUPLICATE.sub("", name).strip("_- .")
        return "" if words.NO_NAME.fullmatch(name) else name


def _squeezed(name: str) -> str:
    return re.sub(r"[ _.-]+", "", name).casefold()


def _spelt(name: str) -> str:
    """A pattern for an assignment's name at the start or end of a file's, in any spelling."""
    words = spelling(name)
    return rf"^{words}(?![A-Za-z0-9])|(?<![A-Za-z0-9]){words}$"


def _stands_alone(parts: Sequence[tuple[str, ...]]) -> bool:
    """Whether one folder stands around all the others."""
    return len({path[0] for path in parts}) == 1 and any(len(path) > 1 for path in parts)


def _holds(title: str, assignment: str) -> bool:
    words = rf"(?<![A-Za-z0-9]){spelling(assignment)}(?![A-Za-z0-9])"
    return bool(re.search(words, title, re.IGNORECASE))


def _stem(title: str) -> str:
    once = words.ENDING.sub("", title)
    return words.ENDING.sub("", once)


class _Level:
    """Reads one tree, folder by folder, down to where students are told apart."""

    def __init__(self, reader: Reader, tree: Tree, layout: Layout) -> None:
        self._reader = reader
        self._tree = tree
        self._layout = layout

    def read(self, place: _Place, entries: Sequence[Entry]) -> None:
        """Read a folder of the instructor's."""
        depth = len(place.parts)
        folders: defaultdict[str, list[Entry]] = defaultdict(list)
        files = []
        for entry in entries:
            if len(entry.parts) == depth + 1 and (
                entry.is_file or words.ENDING.search(entry.parts[-1])
            ):
                files.append(entry)
            else:
                folders[entry.parts[depth]].append(entry)
        left = self._files_of_systems(place, files)
        unnamed = self._folders_of_systems(place, folders, files)
        self._folders(place, unnamed, alone=len(folders) == 1 and not left)
        self._files(place, left, alone=not folders and len(left) == len(files))

    # --- what systems name ---

    def _folders_of_systems(
        self, place: _Place, folders: dict[str, list[Entry]], files: Sequence[Entry]
    ) -> dict[str, list[Entry]]:
        unnamed = {}
        groups = self._groups(files)
        for name, entries in folders.items():
            said = lms.of_folder(name)
            known = said and (said.at or self._reader.assignment(said.assignment))
            if said is None or (said.whose.system == "nbgrader" and not known):
                unnamed[name] = entries
                continue
            how = f"{lms.SYSTEMS[said.whose.system]}'s name for the folder {name}"
            group = groups.get(name)
            if group is not None:
                said = replace(said, at=group.at)
                how = f"{lms.METADATA}, folder {name}"
            for whose in group.members if group and group.members else [said.whose]:
                self.give(place, whose, how, name, entries, replace(said, whose=whose))
        return unnamed

    def _groups(self, files: Sequence[Entry]) -> dict[str, lms.Group]:
        known = [file for file in files if file.parts[-1] == lms.METADATA]
        return lms.groups(known[0].path) if known else {}

    def _files_of_systems(self, place: _Place, files: Sequence[Entry]) -> list[Entry]:
        """Files named by a system, where most are; one odd file changes nothing for the others."""
        named = {file: self._named(file) for file in files}
        by_system = [file for file in files if named[file]]
        people = [f for f in files if named[f] or not words.BESIDE.fullmatch(f.parts[-1])]
        if 2 * len(by_system) <= len(people):
            return list(files)
        for file in by_system:
            said = named[file] or _NOTHING_SAID
            how = f"{lms.SYSTEMS.get(said.whose.system, 'Canvas')}'s name for the file"
            claim = self._claim(place, said.whose, how, file, (said.title,))
            self._layout.claims.append(replace(claim, said=said))
        return [file for file in files if file not in by_system]

    def _named(self, file: Entry) -> Named | None:
        said = lms.of_file(file.parts[-1])
        return None if said and self._reader.assignment(said.whose.name) else said

    # --- folders ---

    def _folders(self, place: _Place, folders: dict[str, list[Entry]], *, alone: bool) -> None:
        sections = self._sections(place, folders)
        for name, entries in folders.items():
            assignment = "" if place.assignment else self._reader.assignment(name)
            below = replace(place, parts=(*place.parts, name))
            if self._reader.is_students(name):
                self.give(place, Whose(name), f"the folder {name}", name, entries)
            elif assignment:
                self.read(replace(below, assignment=assignment), entries)
            elif name in sections:
                self.read(replace(below, section=name), entries)
            elif alone and self._is_wrapper(place, name, entries):
                self.read(below, entries)
            else:
                self.give(place, Whose(name), f"the folder {name}", name, entries)

    def _is_wrapper(self, place: _Place, name: str, entries: Sequence[Entry]) -> bool:
        """Whether a lone folder stands around the submissions: by its name, or as zips have it."""
        within = {entry.parts[len(place.parts) + 1 :][:1] for entry in entries}
        several = len(within) > 1 or any(lms.of_folder(part) for parts in within for part in parts)
        return bool(words.WRAPPER.fullmatch(name)) or (self._tree.zipped and several)

    def _sections(self, place: _Place, folders: dict[str, list[Entry]]) -> set[str]:
        """The folders that hold one section each: by their names, or as nothing else looks."""
        if place.section:
            return set()
        depth = len(place.parts) + 1
        inner = {name: _Inner.of(entries, depth) for name, entries in folders.items()}
        if self._must_be_sections(inner):
            shown = " and ".join(sorted(folders)[:2])
            self._layout.remarks.append(
                f"{self._tree.root}: {shown} are read as sections, the folders in them as "
                "students. If they are students, say --layout '{student}/{file}'."
            )
            return set(folders)
        called = {name for name in folders if self._reader.is_section(name)}
        return {name for name in called if self._holds_people(name, inner, called)}

    def _holds_people(self, name: str, inner: dict[str, _Inner], called: set[str]) -> bool:
        """Whether what lies in a section's folder is many people's, and not one student's."""
        own = inner[name]
        if own.folders:
            return not own.files or all(map(self._reader.own_name, own.files))
        names = [self._reader.own_name(file) for each in called for file in inner[each].files]
        return bool(own.files) and all(names) and len(set(names)) == len(names)

    def _must_be_sections(self, inner: dict[str, _Inner]) -> bool:
        """Whether every folder holds several folders, and no two of these share a name.

        No single student can bring that about: the others' folders would have to look alike.
        """
        names = [name for each in inner.values() for name in each.folders]
        common = any(self._reader.assignment(name) or words.INNER.fullmatch(name) for name in names)
        several = all(len(each.folders) > 1 and not each.files for each in inner.values())
        people = any(self._reader.is_students(name) for name in inner)
        return len(inner) > 1 and several and not common and not people and _distinct(names)

    # --- files ---

    def _files(self, place: _Place, files: Sequence[Entry], *, alone: bool) -> None:
        people = []
        for file in files:
            name = file.parts[-1]
            known = self._reader.is_students(_stem(name))
            if words.BESIDE.fullmatch(name) and not known:
                self._layout.passed_over.append(PassedOver(file.shown, "no submission by its name"))
            else:
                people.append(file)
        if alone and people and self._is_one_students([file.parts[-1] for file in people]):
            self._give_folder(place, people)
            return
        for file in people:
            name = file.parts[-1]
            handle = self._reader.own_name(name) or words.DUPLICATE.sub("", _stem(name))
            whose = Whose(handle, own_words=True)
            claim = self._claim(place, whose, "the file's own name", file, (name,))
            self._layout.claims.append(claim)

    def _is_one_students(self, names: Sequence[str]) -> bool:
        """Whether files alone in a folder look like one person's: by names of no person's."""
        own = [name for name in names if self._reader.own_name(name)]
        released = any(self._reader.assignment(_stem(name)) for name in names)
        notebooks = [name for name in own if name.lower().endswith(".ipynb")]
        return not own or (released and len(notebooks) < 2)

    def _give_folder(self, place: _Place, files: Sequence[Entry]) -> None:
        """Files alone in a folder that is one student's."""
        root = self._tree.root
        folders = [name for name in place.parts if not self._reader.assignment(name)]
        if folders:
            handle = folders[-1]
        elif self._tree.bare and len(files) == 1:
            handle = _stem(files[0].parts[-1])
        elif self._reader.assignment(root.name):
            handle = root.parent.name
        else:
            handle = _stem(root.name) if self._tree.zipped else root.name
        for file in files:
            whose = Whose(handle)
            claim = self._claim(place, whose, f"the folder {handle}", file, file.parts[-1:])
            self._layout.claims.append(replace(claim, top=str(root)))

    # --- claims ---

    def give(
        self,
        place: _Place,
        whose: Whose,
        how: str,
        name: str,
        entries: Iterable[Entry],
        said: Named | None = None,
    ) -> None:
        """All in one folder is one student's."""
        depth = len(place.parts) + 1
        top = "/".join((str(self._tree.root), *place.parts, name))
        for entry in entries:
            claim = self._claim(place, whose, how, entry, entry.parts[depth:])
            known = said or Named(whose)
            assignment = claim.assignment or self._reader.spelling(known.assignment)
            self._layout.claims.append(replace(claim, top=top, said=known, assignment=assignment))

    def give_all(self, whose: Whose, how: str, entries: Iterable[Entry]) -> None:
        """The whole tree is one student's."""
        for entry in entries:
            claim = self._claim(_Place(), whose, how, entry, entry.parts)
            self._layout.claims.append(replace(claim, top=str(self._tree.root)))

    def by_pattern(self, pattern: Pattern) -> None:
        """Whose everything is as the instructor says it."""
        for entry in self._tree.entries:
            found = pattern.match(entry.parts, is_file=entry.is_file)
            if found is None:
                why = f"does not fit --layout {pattern.text}"
                self._layout.passed_over.append(PassedOver(entry.shown, why))
                continue
            assignment = self._reader.assignment(found.assignment)
            place = _Place((), assignment, found.section)
            claim = self._claim(place, Whose(found.student), "--layout", entry, found.file)
            top = "/".join((str(self._tree.root), *found.upto))
            self._layout.claims.append(replace(claim, top=top))

    def _claim(
        self, place: _Place, whose: Whose, how: str, entry: Entry, inner: tuple[str, ...]
    ) -> Claim:
        return Claim(entry, whose, how, entry.shown, inner, place.assignment, place.section)


@dataclass(frozen=True)
class _Inner:
    """What lies directly in a folder."""

    folders: frozenset[str]
    files: tuple[str, ...]

    @staticmethod
    def of(entries: Iterable[Entry], depth: int) -> _Inner:
        folders = {
            e.parts[depth] for e in entries if len(e.parts) > depth + (1 if e.is_file else 0)
        }
        files = (e.parts[depth] for e in entries if e.is_file and len(e.parts) == depth + 1)
        return _Inner(frozenset(folders), tuple(f for f in files if not words.BESIDE.fullmatch(f)))


def _distinct(names: Sequence[str]) -> bool:
    return len({name.casefold() for name in names}) == len(names)


def conflicts(claims: Iterable[tuple[str, Claim]]) -> Iterator[tuple[str, list[str]]]:
    """The students whom several folders or people would give work to, and these folders.

    A system may give one of its people several folders, one for each attempt; files that lie side
    by side may be several of one student.
    """
    tops: defaultdict[str, set[str]] = defaultdict(set)
    people: defaultdict[tuple[str, str], dict[str, str]] = defaultdict(dict)  # by system
    folders: set[str] = set()
    for student, claim in claims:
        whose = claim.said.whose
        if whose.system:
            people[student, whose.system].setdefault(whose.id or whose.handle, claim.top)
            continue
        tops[student].add(claim.top)
        if claim.top != claim.entry.shown or not claim.entry.is_file:
            folders.add(claim.top)
    for (student, _), several in people.items():
        if len(several) > 1:
            yield student, sorted(several.values())
    for student, own in tops.items():
        if len(own) > 1 and own & folders:
            yield student, sorted(own)
