"""Can each template be filled in and imported as it is?"""

import pytest

from data.templates import GUIDE, template_book, template_columns
from gis.ingest import KINDS, read_kind


def fill(path, kind, rows=1):
    """Save the template with its own examples, as a person types them."""
    book = template_book(kind)
    table = book.worksheets[0]
    point = "point" in KINDS[kind].shapes
    for row in range(2, 2 + rows):
        for number, (header, field, _, _, example) in enumerate(template_columns(KINDS[kind]), 1):
            if header == "图形" and point:  # the other way to say where it is
                continue
            value = float(example) if field is not None and field.type in {"integer", "number"} else example or None
            table.cell(row, number, value)
    book.save(path)
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_a_filled_in_template_is_taken_without_a_map(tmp_path, kind):
    batch = read_kind(kind, [fill(tmp_path / "book.xlsx", kind)])
    assert len(batch.frame) == 1
    assert not [r for r in batch.report.remarks if r.severity == "error"]
    assert "columns_unused" not in batch.report.tally()
    told = next(r.message for r in batch.report.remarks if r.rule == "reading")
    columns = template_columns(KINDS[kind])
    for header, field, _, _, example in columns:
        if field is not None and example:
            assert f"{header} -> {field.name}" in told
    assert batch.frame.geometry.notna().all() == bool(KINDS[kind].shapes)
    assert f"other sheets not read: {GUIDE}" in told


@pytest.mark.parametrize("kind", KINDS)
def test_every_word_to_choose_is_understood_and_fits_into_a_list(kind):
    book = template_book(kind)
    lists = {str(v.sqref).split("2:")[0]: v.formula1 for v in book.worksheets[0].data_validations.dataValidation}
    with_words = [f for f in KINDS[kind].fields if f.about and f.choices]
    assert len(lists) == len(with_words)
    for field in with_words:
        assert {field.words[c] for c in field.choices} == set(field.words.values()) - {None}
        assert f'"{",".join(field.choices)}"' in lists.values()
        assert len(",".join(field.choices)) <= 255
    assert [row[0].value for row in book[GUIDE].iter_rows(min_row=2)] == [c[0] for c in template_columns(KINDS[kind])]


def test_columns_of_codes_are_text():
    table = template_book("buildings").worksheets[0]
    head = {cell.value: cell.column_letter for cell in table[1]}
    assert table.column_dimensions[head["楼栋编码"]].number_format == "@"
    assert table.column_dimensions[head["统计日期"]].number_format == "yyyy-mm-dd"
    assert table.cell(1, 1).font.bold
