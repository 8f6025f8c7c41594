import pytest

from courier.routing import choose_van, label, price


def test_fragile_parcels_are_laid_on_springs():
    assert choose_van(2, fragile=True) == "soft"


def test_heavy_parcels_take_a_truck():
    assert choose_van(31, fragile=False) == "truck"
    assert choose_van(30, fragile=False) == "van"


def test_nothing_weighs_nothing():
    with pytest.raises(ValueError):
        choose_van(0, fragile=False)


def test_a_price_grows_with_the_way():
    assert price(10, 5) == 6
    assert price(40, 5) == 22


def test_a_label_names_the_van():
    assert label("s1", "van") == "s1/van"
