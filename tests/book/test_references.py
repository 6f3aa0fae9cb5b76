"""The list of references: whole, in agreement with what lessons say, and found where a lesson cites."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools.book import pages, references
from tools.book.sources import lessons

WORKS = references.entries()
PLACES = {"Biological Cybernetics", "Distill", "JMLR", "Nature", "Neural Computation", "Proceedings of the IEEE"}
PARTS = {"Neural Networks: Tricks of the Trade", "From fully connected layers to convolutions", "backwards convolution"}


def read_more(path: Path) -> str:
    text = "\n\n".join(cell.source for cell in pages.read(path).cells if cell.cell_type == "markdown")
    return re.sub(r"\s+", " ", text.partition(references.READ_MORE)[2].partition("**Next")[0])


def test_every_work_has_its_fields_and_says_with_what_it_was_compared():
    assert len(WORKS) == references.LIST.read_text(encoding="utf-8").count("\n@")
    for key, work in WORKS.items():
        assert {"kind", "author", "title", "year", "checked"} <= set(work), key
        assert all(", " in name or name == "others" for name in work["author"].split(" and ")), key
        assert key.startswith(references.surname(work).lower().replace("é", "e")), key
        assert {"publisher", "journal", "booktitle", "eprint"} & set(work), key
        if not work["checked"].startswith("no: "):
            assert set(work["checked"].split(", ")) <= {"udl", "d2l", "lists"}, key


@pytest.mark.parametrize("path", lessons()[1:], ids=lambda path: path.stem)
def test_every_work_that_a_lesson_recommends_is_in_the_list_with_its_year_and_number(path):
    for item in re.split(r" - (?=[A-Z])", read_more(path)):
        found = references.TITLE.findall(item)
        keys = [references.find(title or book, item, WORKS, book=bool(book)) for title, _, book in found]
        names = [title or book for title, _, book in found]
        unknown = {name for name, key in zip(names, keys, strict=True) if key is None}
        assert unknown <= PLACES | PARTS
        for key in filter(None, keys):
            work = WORKS[key]
            assert references.surname(work) in item
            assert work["year"] in item or "edition" in work
        numbers = set(re.findall(r"arXiv:([\d.]+\d)", item))
        assert numbers <= {WORKS[key].get("eprint") for key in keys if key}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("as Zhang (2019) says", "Zhang (2019)"),
        ("a bell (Luo, Li, Urtasun and Zemel, 2016): it", "Luo, Li, Urtasun and Zemel, 2016"),
        ("(Sermanet and others' OverFeat, 2014)", "Sermanet and others' OverFeat, 2014"),
        ("He and others described\nin 2015: their", "He and others described\nin 2015"),
        ("Odena, Dumoulin and Olah, 2016", "Odena, Dumoulin and Olah, 2016"),
    ],
)
def test_a_citation_in_a_sentence_is_found(text, shown):
    works = {key: WORKS[key] for key in WORKS if key != "he2015delving"}
    linked, (key,) = references.cite(text, works)
    assert f">{shown}</a>" in linked
    assert re.sub("<[^>]+>", "", linked) == text
    assert references.surname(WORKS[key]) == shown.split()[0].rstrip(",")


@pytest.mark.parametrize(
    "text",
    ["Zhang and Bruce (2019)", "Jia and Zhang (2019)", "Zhang. In 2019", "`Zhang` 2019", "Zhang (20191)", "He in 1999"],
)
def test_what_is_no_citation_stays_as_it_is(text):
    assert references.cite(text, WORKS) == (text, set())


def test_a_work_that_no_lesson_names_is_refused():
    with pytest.raises(ValueError, match="no lesson names the work 'zhang2019making'"):
        references.page({"zhang2019making": WORKS["zhang2019making"]}, {})


def test_a_description_has_names_title_place_year_and_number():
    assert references.describe(WORKS["he2016identity"]) == (
        "Kaiming He, Xiangyu Zhang, Shaoqing Ren and Jian Sun: “Identity mappings in deep residual networks”, ECCV, "
        "2016b, arXiv:1603.05027."
    )
    assert references.describe(WORKS["goodfellow2016deep"]) == (
        "Ian Goodfellow, Yoshua Bengio and Aaron Courville: Deep Learning, MIT Press, 2016."
    )
