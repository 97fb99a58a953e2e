"""Whose each entry of a tree is: the outermost folder that tells students apart decides.

In order: what the instructor says with ``--layout``; a system's own naming (Canvas, Moodle,
Gradescope, nbgrader's exchange, in which nothing else counts); the folder directly below the one
that was named, or below a folder of the instructor's in it (an assignment's, a section's). Whatever
lies in a student's folder is that student's, however it is called. Names of files tell people apart
only where files lie directly in a folder of the instructor's.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from autograder.errors import UsageError
from autograder.submissions import lms, readings, words
from autograder.submissions.lms import Named
from autograder.submissions.pattern import Pattern, spelling
from autograder.submissions.roster import Roster, Whose
from autograder.submissions.tree import (
    SUBMITTED,
    Entry,
    PassedOver,
    Tree,
    bytes_of_list,
    clutter,
    is_folder,
    is_zip,
    members,
    opened,
)

_NOTHING_SAID = Named(Whose(""))
_NOT_EXCHANGED = (
    "lies beside the folders of nbgrader's exchange, where all may write. If it is somebody's, put "
    "it elsewhere"
)
_INBOUND = "inbound"  # what nbgrader calls the folder in which all students write
_LONGEST_LIST = 5 << 20  # bytes of a zip's list of entries: 50,000 of them and more


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
        people = self._roster.people
        self._sections = {_squeezed(one) for p in people for one in (p.section, *p.sections)} - {""}
        self._pattern = pattern

    def read(self, tree: Tree) -> Layout:
        """Say whose everything in a tree is."""
        layout = Layout(passed_over=list(tree.passed_over))
        level = _Level(self, tree, layout)
        if self._pattern is not None:
            level.by_pattern(self._pattern)
        elif self.is_person(tree.root.name):
            level.give_all(Whose(tree.root.name), f"the folder {tree.root.name}", tree.entries)
        else:
            name = tree.root.name
            section = name if self.is_section(name) else ""
            level.read(_Place((), self.assignment(name), section), tree.entries)
        return layout

    def class_zips(self, paths: Sequence[Path]) -> set[Path]:
        """Those of the paths that are zips of many people's submissions, and not one student's.

        A student's zip may hold anything: beside other submissions a zip is taken for a class's
        only if everything that was named is one, by the names in it or by its own.
        """
        zips = [path for path in paths if is_zip(path)]
        if len(zips) == len(paths) == 1 or (
            len(zips) == len(paths) and all(map(self._is_called_as_a_class, zips))
        ):
            return {path for path in zips if self.holds_a_class(path)}
        return set()

    def _is_called_as_a_class(self, archive: Path) -> bool:
        name = _stem(archive.name)
        called = self.is_section(name) or words.WRAPPER.fullmatch(name)
        return bool(called) or self._is_download(archive, _outermost(archive))

    def holds_a_class(self, archive: Path) -> bool:
        """Whether a zip, by what lies in it, holds many people's submissions."""
        name = _stem(archive.name)
        if self.is_person(name) or self.owner_of(name) or lms.of_file(archive.name):
            return False
        return self.may_hold_a_class(archive)

    def may_hold_a_class(self, archive: Path) -> bool:
        """Whether a zip holds what looks as many people's submissions, whatever its name says."""
        parts = _outermost(archive)
        return self._is_download(archive, parts) or self._tell_people_apart(parts)

    def _is_download(self, archive: Path, parts: Sequence[tuple[str, ...]]) -> bool:
        """Whether a system has made it of a class's submissions."""
        by_system = any(lms.of_folder(p[0]) or (len(p) == 1 and lms.of_file(p[0])) for p in parts)
        return by_system and not lms.of_file(archive.name)

    def _tell_people_apart(self, parts: Sequence[tuple[str, ...]]) -> bool:
        folders = {p[0] for p in parts if len(p) > 1 and not words.INNER.fullmatch(p[0])}
        files = {p[0] for p in parts if len(p) == 1 and re.search(r"\.(ipynb|zip)", p[0])}
        return len(folders | {self.own_name(file) for file in files} - {""}) > 1

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
        _Level(self, tree, layout).give_all(
            Whose(student), "the tool that handed it over", tree.entries
        )

    def spelling(self, assignment: str) -> str:
        """An assignment's name as the course spells it; one of another course stays as it is."""
        return self.assignment(assignment) or assignment

    def is_person(self, name: str) -> bool:
        """Whether a folder is called as somebody of the roster is."""
        return self.knows(Whose(name))

    def knows(self, whose: Whose) -> bool:
        """Whether the roster knows this person."""
        return self._roster.find(whose).person is not None

    def is_section(self, name: str) -> bool:
        """Whether a folder is called as sections are, in the roster or anywhere."""
        return self.is_known_section(name) or bool(words.SECTION.fullmatch(name))

    def is_known_section(self, name: str) -> bool:
        """Whether the roster has a section of this name."""
        return _squeezed(name) in self._sections

    def owner_of(self, name: str) -> str:
        """Whose repository a zip or the folder in it is by its name; empty where it is no one's.

        That is one that GitHub has packed, or one that is called after somebody of the roster.
        """
        bare = words.DUPLICATE.sub("", name)
        repository = words.BRANCH.sub("", bare)
        whose = self.own_name(repository)
        if self.is_person(whose):
            return whose
        of_class = words.WRAPPER.fullmatch(repository) or self.is_section(repository)
        return "" if repository == bare or of_class else whose or repository

    def may_be_student(self, name: str) -> bool:
        """Whether a folder of this name is read as one person's, and its name as a handle."""
        if not name or self.is_person(name):
            return bool(name)
        return not (self.assignment(name) or self.is_section(name) or lms.of_folder(name))

    def own_name(self, title: str) -> str:
        """What of a file's name may be a person's: not the assignment's, not "final (2)"."""
        name = _stem(title)
        if title.lower().endswith(".zip"):
            name = words.BRANCH.sub("", words.DUPLICATE.sub("", name))
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


def _outermost(archive: Path) -> list[tuple[str, ...]]:
    """The names in a zip without the folders that stand around all of them; "" ends a folder."""
    with opened(archive) as zipped:
        paths = [(*PurePosixPath(i.filename).parts, *("",) * is_folder(i)) for i in members(zipped)]
    parts = [path for path in paths if path and not any(map(clutter, path))]
    while _stands_alone(parts) and not lms.of_folder(parts[0][0]):
        parts = [path[1:] for path in parts if any(path[1:])]
    return parts


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
        nothing = [entry for entry in entries if len(entry.parts) == depth]  # the folder itself
        self._layout.passed_over += (PassedOver(e.shown, "nothing in it") for e in nothing)
        for entry in (entry for entry in entries if len(entry.parts) > depth):
            if len(entry.parts) == depth + 1 and (
                entry.is_file or words.ENDING.search(entry.parts[-1])
            ):
                files.append(entry)
            else:
                folders[entry.parts[depth]].append(entry)
        odd = self._names_of_clutter(place, folders)
        if self._is_exchange(folders):
            self._leave_out_others(folders, [*files, *odd])
            files, odd = [], []
        left = [e for e in self._files_of_systems(place, [*files, *odd]) if e not in odd]
        unnamed = self._folders_of_systems(place, folders, files)
        self._folders(place, unnamed, alone=len(folders) == 1 and not left)
        self._files(place, left, alone=not folders and len(left) == len(files))

    def _is_exchange(self, folders: Iterable[str]) -> bool:
        """Whether nbgrader's students submit there: by its name, or by those of most folders."""
        made = [self._is_exchanged(name) for name in folders]
        most = len(made) / 2 if self._tree.root.name != _INBOUND else 0
        return sum(made) > most

    def _is_exchanged(self, name: str) -> bool:
        said = lms.of_folder(name)
        return bool(said and said.whose.system == "nbgrader" and said.at)

    def _leave_out_others(self, folders: dict[str, list[Entry]], files: Sequence[Entry]) -> None:
        """Leave out what nbgrader has not made: all may write there, and name it after anybody."""
        others = [name for name in folders if not self._is_exchanged(name)]
        entries = [*files, *(entry for name in others for entry in folders.pop(name))]
        self._layout.passed_over += (PassedOver(e.shown, _NOT_EXCHANGED) for e in entries)

    def _names_of_clutter(self, place: _Place, folders: dict[str, list[Entry]]) -> list[Entry]:
        """What is called as tools call things, and yet by a system, or as somebody of the roster.

        These folders are added to the others, and these files returned: nobody is lost by a name.
        """
        files = []
        for entry, work in list(self._tree.clutter.items()):
            name = entry.parts[-1]
            if entry.parts[:-1] != place.parts:
                continue
            if lms.of_folder(name) or self._reader.is_person(name):
                folders.setdefault(name, []).append(entry)
            elif self._readings(entry):
                files.append(entry)
            elif work or self._is_copy_of_one(name, folders):
                why = "called as what tools leave behind. If it is somebody's, rename it"
                self._layout.passed_over.append(PassedOver(entry.shown, why))
        return files

    def _is_copy_of_one(self, name: str, folders: dict[str, list[Entry]]) -> bool:
        """Whether an editor may have made it of the work of somebody, which is not there itself."""
        bare = _stem(name.strip("~.$"))
        if bare in folders or not self._reader.is_person(bare):
            return False
        return not any(e.is_file and _stem(e.parts[-1]) == bare for e in self._tree.entries)

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
        every = {file.parts[-1]: self._readings(file) for file in files}
        said = readings.likely(every, self._reader.knows)
        by_system = [file for file in files if said[file.parts[-1]]]
        people = [f for f in files if every[f.parts[-1]] or not words.BESIDE.fullmatch(f.parts[-1])]
        if 2 * len(by_system) <= len(people):
            return list(files)
        whole = {said[file.parts[-1]][0].whose.id for file in by_system if file.is_file}
        for file in by_system:
            if not file.is_file and said[file.parts[-1]][0].whose.id in whole:
                continue  # an editor's copy of what is there as well
            one = self._settled(file, said[file.parts[-1]])
            how = f"{lms.SYSTEMS.get(one.whose.system, 'Canvas')}'s name for the file"
            claim = self._claim(place, one.whose, how, file, (one.title,))
            self._layout.claims.append(replace(claim, said=one))
        return [file for file in files if file not in by_system]

    def _readings(self, file: Entry) -> list[Named]:
        found = lms.readings(file.parts[-1])
        return [] if found and self._reader.assignment(found[0].whose.name) else found

    def _settled(self, file: Entry, left: Sequence[Named]) -> Named:
        """The one reading that is left; of several none."""
        if len(left) == 1:
            return left[0]
        self._layout.remarks.append(
            f"{file.shown}: can be read in two ways, as {left[0].whose.handle}'s and as "
            f"{left[-1].whose.handle}'s. It is given to neither; say --layout, or rename it."
        )
        title = left[-1].title
        handle = file.parts[-1].removesuffix(title).rstrip("_")
        return Named(Whose(handle, own_words=True), title)

    # --- folders ---

    def _folders(self, place: _Place, folders: dict[str, list[Entry]], *, alone: bool) -> None:
        if SUBMITTED in folders and words.NBGRADER & folders.keys():
            self._nbgraders(place, folders)
            return
        sections = self._sections(place, folders)
        for name, entries in folders.items():
            assignment = "" if place.assignment else self._reader.assignment(name)
            below = replace(place, parts=(*place.parts, name))
            if self._reader.is_person(name):
                self.give(place, Whose(name), f"the folder {name}", name, entries)
            elif assignment:
                self.read(replace(below, assignment=assignment), entries)
            elif name in sections:
                self.read(replace(below, section=name), entries)
            elif alone and self._is_wrapper(place, name, entries):
                self.read(below, entries)
            elif alone and self._tree.zipped and (owner := self._reader.owner_of(name)):
                self.give(place, Whose(owner), f"the folder {name}", name, entries)
            else:
                self.give(place, Whose(name), f"the folder {name}", name, entries)

    def _nbgraders(self, place: _Place, folders: dict[str, list[Entry]]) -> None:
        """A course folder of nbgrader's: what was submitted, and nothing else."""
        self.read(replace(place, parts=(*place.parts, SUBMITTED)), folders.pop(SUBMITTED))
        self._layout.passed_over += [
            PassedOver(entry.shown, "nbgrader's own", clutter=True)
            for entries in folders.values()
            for entry in entries
        ]

    def _is_wrapper(self, place: _Place, name: str, entries: Sequence[Entry]) -> bool:
        """Whether a lone folder stands around the submissions: by its name, or as zips have it.

        A zip's own folder has its name; any other is a person's, unless systems name what it holds.
        """
        if words.WRAPPER.fullmatch(name):
            return True
        if not self._tree.zipped or self._reader.owner_of(name):
            return False
        within = {part for entry in entries for part in entry.parts[len(place.parts) + 1 :][:1]}
        archive = words.DUPLICATE.sub("", _stem(self._tree.root.name))
        own = _squeezed(name) == _squeezed(archive) or any(map(lms.of_file, within))
        return (own and len(within) > 1) or any(map(lms.of_folder, within))

    def _sections(self, place: _Place, folders: dict[str, list[Entry]]) -> set[str]:
        """The folders that hold one section each: by their names, or by whom the roster knows."""
        if place.section:
            return set()
        depth = len(place.parts) + 1
        inner = {name: _Inner.of(entries, depth) for name, entries in folders.items()}
        called = {name for name in folders if self._is_called_as_one(name)}
        sections = {name for name in called if self._holds_people(name, inner, called)}
        known = {name for name in folders if self._holds_known_people(name, inner[name])}
        among = [name for name in folders if not self._reader.assignment(name)]
        doubtful = self._doubtful(
            sections, known, folders, depth, most=2 * len(called) > len(among)
        )
        sections -= doubtful
        if len(known) > 1 and 2 * len(known) >= len(folders):
            sections |= known
        self._remark_on({name: inner[name] for name in folders if name not in sections}, doubtful)
        return sections

    def _doubtful(
        self, sections: set[str], known: set[str], folders: dict[str, list[Entry]], depth: int,
        *, most: bool,
    ) -> set[str]:  # fmt: skip
        """Those that are called as sections, but are a person's: among people, or by a tree."""
        called = (name for name in sections if not self._reader.is_known_section(name))
        if most:
            return {name for name in called if self._is_tree_of_one(folders[name], depth)}
        return set(called) - known

    def _is_called_as_one(self, name: str) -> bool:
        return self._reader.is_section(name) and not self._reader.is_person(name)

    def _is_tree_of_one(self, entries: Sequence[Entry], depth: int) -> bool:
        """Whether a folder holds what nbgrader keeps of one student: a file of each assignment."""
        own = _Inner.of(entries, depth)
        if own.files or not all(map(self._reader.assignment, own.folders)):
            return False
        below = [e for e in entries if len(e.parts) > depth]
        each = [
            _Inner.of([e for e in below if e.parts[depth] == name], depth + 1)
            for name in own.folders
        ]
        return all(len(i.files) < 2 and all(map(words.INNER.fullmatch, i.folders)) for i in each)

    def _holds_known_people(self, name: str, own: _Inner) -> bool:
        """Whether the roster knows everybody in a folder, and nobody of the folder's name."""
        inside = own.folders and all(map(self._reader.is_person, own.folders))
        return bool(inside) and not self._reader.is_person(name)

    def _remark_on(self, inner: dict[str, _Inner], doubtful: set[str]) -> None:
        """Say it where most folders look as sections do: several folders of people in each.

        And of each that is called as a section, and yet read as a person's.
        """
        alike = [name for name, own in inner.items() if self._looks_like_a_section(name, own)]
        names = [folder.casefold() for name in alike for folder in inner[name].folders]
        most = len(alike) > 1 and 2 * len(alike) >= len(inner) and len(set(names)) == len(names)
        told = sorted(doubtful) or (sorted(alike)[:2] if most else [])
        if told:
            self._layout.remarks.append(
                f"{self._tree.root}: {' and '.join(told)} are read as students. If "
                "they are sections, say --layout '{section}/{student}/{file}'."
            )

    def _looks_like_a_section(self, name: str, own: _Inner) -> bool:
        of_one = [f for f in own.folders if self._reader.assignment(f) or words.INNER.fullmatch(f)]
        person = self._reader.is_person(name) or self._reader.assignment(name)
        return len(own.folders) > 1 and not (own.files or of_one or person)

    def _holds_people(self, name: str, inner: dict[str, _Inner], called: set[str]) -> bool:
        """Whether what lies in a section's folder is many people's, and not one student's."""
        own = inner[name]
        if own.folders and 2 * sum(map(_is_inner, own.folders)) >= len(own.folders):
            return False  # a team's own folders: notebooks, data
        if own.folders:
            return not own.files or all(map(self._reader.own_name, own.files))
        names = [self._reader.own_name(file) for each in called for file in inner[each].files]
        return bool(own.files) and all(names) and len(set(names)) == len(names)

    # --- files ---

    def _files(self, place: _Place, files: Sequence[Entry], *, alone: bool) -> None:
        people = []
        for file in files:
            name = file.parts[-1]
            known = self._reader.is_person(_stem(name))
            if words.BESIDE.fullmatch(name) and not known:
                listed = name == lms.METADATA
                why = "read: who submitted what" if listed else "no submission by its name"
                self._layout.passed_over.append(PassedOver(file.shown, why, clutter=listed))
            else:
                people.append(file)
        for file in people:
            if file.parts[-1].lower().endswith(".zip"):
                self._remark_on_zip(file)
        if alone and people and self._is_one_students([file.parts[-1] for file in people]):
            self._give_folder(place, people)
            return
        if alone and len(people) == 1 and not (place.parts or self._tree.bare):
            self._remark_on_lone(people[0])
        for file in people:
            name = file.parts[-1]
            handle = self._reader.own_name(name) or words.DUPLICATE.sub("", _stem(name))
            whose = Whose(handle, own_words=True)
            claim = self._claim(place, whose, "the file's own name", file, (name,))
            self._layout.claims.append(claim)

    def _remark_on_lone(self, file: Entry) -> None:
        """One file in a folder that was named: the folder's name may be meant as well."""
        name = file.parts[-1]
        if not self._reader.named_in(name):
            self._layout.remarks.append(
                f"{file.shown}: read as {self._reader.own_name(name)}'s, by its name. If "
                f"{self._tree.root.name} is the student, name the folder above it."
            )

    def _remark_on_zip(self, file: Entry) -> None:
        """One student's zip may be meant as a class's."""
        owner = self._reader.owner_of(_stem(file.parts[-1]))
        holds = self._reader.may_hold_a_class if owner else self._reader.holds_a_class
        if self._reader.is_person(owner) or not self._seems(file, holds):
            return
        do = "rename it, such as submissions.zip" if owner else "name it alone"
        self._layout.remarks.append(
            f"{file.shown}: seems to hold several people's work and is read as one student's. "
            f"If it is a class's, {do}."
        )

    def _seems(self, file: Entry, holds: Callable[[Path], bool]) -> bool:
        try:
            return 0 < bytes_of_list(file.path) <= _LONGEST_LIST and holds(file.path)
        except (UsageError, OSError):
            return False  # damaged: its reader will say so

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
        for entry in [*self._tree.entries, *self._people_by_pattern(pattern)]:
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

    def _people_by_pattern(self, pattern: Pattern) -> Iterator[Entry]:
        """What is called as tools call things, and is in the place of somebody of the roster."""
        for entry in self._tree.clutter:
            found = pattern.match(entry.parts, is_file=False)
            if found and found.upto == entry.parts and self._reader.is_person(found.student):
                yield entry

    def _claim(
        self, place: _Place, whose: Whose, how: str, entry: Entry, inner: tuple[str, ...]
    ) -> Claim:
        return Claim(entry, whose, how, entry.shown, inner, place.assignment, place.section)


def _is_inner(name: str) -> bool:
    """Whether students call folders so in which they keep their work."""
    return bool(words.INNER.fullmatch(name))


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
