"""People name the one class that an image shows."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any
from xml.sax.saxutils import quoteattr


class ClassKind:
    """Classification: one class an image."""

    def control_xml(self, class_names: Sequence[str]) -> str:
        """One button a class; the keys 1 to 9 press the first nine."""
        choices = "".join(f"<Choice value={quoteattr(name)}/>" for name in class_names)
        return f'<Choices name="class" toName="picture" choice="single-radio" showInline="true">{choices}</Choices>'

    def things(self, result: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """One thing for each different name chosen, in the order of choosing, whether we know the name or not."""
        chosen = [name for part in result for name in _choices(part)]
        return [{"label_kind": "class", "class_name": name} for name in dict.fromkeys(chosen)]

    def vote(self, things: Sequence[Mapping[str, Any]], class_names: Sequence[str]) -> Hashable | None:
        """The class named; several classes are a vote for that very mixture, which can never win.

        An answer with a name that is not among the classes (any more) does not vote: it was given to another question.
        """
        names = tuple(sorted(str(thing["class_name"]) for thing in things))
        return names if set(names) <= set(class_names) else None

    def things_of_vote(self, vote: Hashable) -> list[Mapping[str, Any]]:
        """One class; a mixture is no label, so it has no things."""
        assert isinstance(vote, tuple)
        return [{"label_kind": "class", "class_name": name} for name in vote] if len(vote) == 1 else []


def _choices(part: Mapping[str, Any]) -> list[str]:
    """The names in one part of an answer; parts of another form (text, stars) hold none."""
    value = part.get("value")
    names = value.get("choices") if part.get("type") == "choices" and isinstance(value, Mapping) else None
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []
