"""A page of HTML, taken apart."""

from html.parser import HTMLParser

VOID = {"meta", "link", "br", "wbr", "img", "hr"}


class Page(HTMLParser):
    """Tags with attributes, the tables' cells, and whether every tag is closed."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.tables, self.open, self.texts = [], [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")
        elif tag == "data":
            self.tables[-1][-1][-1] = float(dict(attrs)["value"])

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)
        if self.open[-1:] in (["td"], ["th"]) or self.open[-2:] == ["td", "strong"]:
            self.tables[-1][-1][-1] += data

    def named(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]
