"""LaTeX as MathML, which every current browser shows without fonts or scripts from the network."""

from __future__ import annotations

import re
from functools import lru_cache
from xml.etree import ElementTree

from markupsafe import Markup, escape

_NAMESPACE = ' xmlns="http://www.w3.org/1998/Math/MathML"'
# What the converter may produce. It passes HTML inside \text through as it is, so all else is refused.
_ELEMENTS = frozenset(
    """math mrow mi mn mo mtext mspace mfrac msqrt mroot mstyle mpadded mphantom menclose
    msub msup msubsup munder mover munderover mtable mtr mtd""".split()  # noqa: SIM905
)
_FENCES = frozenset("([{|)]},.;:")


@lru_cache(maxsize=512)
def formula(latex: str, display: bool = False) -> Markup:
    """Return a formula as MathML, with its source on hover; the source alone where it cannot be converted."""
    kind = "block" if display else "inline"
    try:
        root = ElementTree.fromstring(_convert(latex, kind))
        _refuse_foreign(root)
        _space_functions(root)
    except Exception:  # the converter has no error of its own, and the source is a good second best
        return Markup('<code class="latex {}">{}</code>').format(kind, latex)
    body = Markup(ElementTree.tostring(root, encoding="unicode"))
    return Markup('<span class="math {}" title="{}">{}</span>').format(kind, latex, body)


def prose(text: str) -> Markup:
    """Return text in which ``$…$`` is mathematics and ``*…*`` emphasis, everything else escaped."""
    pieces = text.split("$")
    if len(pieces) % 2 == 0:
        return _emphasised(text)
    return Markup("").join(
        formula(piece) if index % 2 else _emphasised(piece) for index, piece in enumerate(pieces)
    )


def _emphasised(text: str) -> Markup:
    # The star of b* and of Z* follows a letter, and opens nothing.
    return Markup(re.sub(r"(?<![\w*])\*(\w(?:[^*]*\w)?)\*(?![\w*])", r"<em>\1</em>", str(escape(text))))


def _convert(latex: str, kind: str) -> str:
    # Imported here, so that a machine without the converter still gets its report, with formulas as LaTeX.
    from latex2mathml.converter import convert  # noqa: PLC0415

    # The converter knows \underset, but not the starred operator with its limit below.
    latex = re.sub(r"\\operatorname\*\{([^{}]*)\}\\?;?_\{([^{}]*)\}", r"\\underset{\2}{\\mathrm{\1}}", latex)
    converted: str = convert(latex, display=kind)
    return converted.replace(_NAMESPACE, "")


def _refuse_foreign(root: ElementTree.Element) -> None:
    for element in root.iter():
        if element.tag not in _ELEMENTS:
            raise ValueError(f"{element.tag} is not MathML")
        if "\\" in (element.text or ""):
            raise ValueError(f"{element.text} was not converted")


def _space_functions(root: ElementTree.Element) -> None:
    """Put a thin space beside log, max and the like, as TeX does: the converter leaves 'logq'."""
    for parent in list(root.iter()):
        children = list(parent)
        if parent.tag not in ("mrow", "math", "mtd"):
            continue
        for index in range(len(children) - 1, -1, -1):
            if not _is_function(children[index]):
                continue
            following = children[index + 1] if index + 1 < len(children) else None
            if following is not None and not _begins_with_fence(following):
                parent.insert(index + 1, _thin_space())
            if index > 0 and children[index - 1].tag not in ("mo", "mspace"):
                parent.insert(index, _thin_space())


def _is_function(element: ElementTree.Element) -> bool:
    if element.tag in ("munder", "msub", "msup") and len(element):
        element = element[0]
    text = element.text or ""
    return element.tag in ("mi", "mo") and len(text) > 1 and text.isalpha()


def _begins_with_fence(element: ElementTree.Element) -> bool:
    while len(element) and element.tag == "mrow":
        element = element[0]
    return element.tag == "mo" and (element.text or "") in _FENCES


def _thin_space() -> ElementTree.Element:
    return ElementTree.Element("mspace", {"width": "0.167em"})
