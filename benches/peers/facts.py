"""What a domainCapabilities document says, as pairs of path and value; both scripts beside this use it."""

from lxml import etree


def facts(document):
    """Each attribute and each text of a document, with the path of its element.

    An element that has a name, or is a CPU model, has it in brackets in its path; members of an enum are
    facts of their own. The attributes of a document's root, which say what it is of, are left out.
    """
    found = []
    root = etree.fromstring(document)
    for child in root.iterchildren(tag=etree.Element):
        walk(child, "", found)
    return found


def walk(element, above, found):
    text = (element.text or "").strip()
    attributes = dict(element.attrib)
    key = attributes.pop("name", None)
    if key is None and element.tag == "model" and text:
        key = text
    path = f"{above}{element.tag}[{key}]" if key else f"{above}{element.tag}"
    for name, value in attributes.items():
        found.append((f"{path}@{name}", value))
    if text or not (attributes or len(element)):
        found.append((path, text))
    below = path + "."
    for child in element.iterchildren(tag=etree.Element):
        walk(child, below, found)
