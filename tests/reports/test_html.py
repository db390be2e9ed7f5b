from pipeline_tasks.reports.html import Html, card, cards, element, image, ratio, table, together


def test_element__escapes_texts_and_attributes_and_keeps_markup() -> None:
    made = element("p", "<b> & ", Html("<i>x</i>"), 3, None, class_='a"b', title=None)
    assert made == '<p class="a&quot;b">&lt;b&gt; &amp; <i>x</i>3</p>'


def test_table__sets_numbers_apart() -> None:
    assert '<td class="number">1</td>' in table(("a", "b"), [("<x>", 1)])
    assert "&lt;x&gt;" in table(("a",), [("<x>",)])


def test_card__holds_its_image_inside_the_page() -> None:
    assert 'src="data:image/jpeg;base64,YWJj"' in card(image(b"abc", "t"), "t")
    assert "no thumbnail" in card(image(None, "t"), "t", "line", None)


def test_cards__say_how_many_are_left_out() -> None:
    assert "and 3 more picks" in cards([Html("<i></i>")], 4, "picks")
    assert "more" not in cards([], 0, "picks")


def test_ratio__of_nothing_is_a_dash() -> None:
    assert (ratio(None), ratio(0.125)) == ("–", "12.5 %")
    assert together([None, "a"]) == "a"
