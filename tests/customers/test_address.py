"""Two spellings of one address are one; what nobody can be reached at is none."""

from __future__ import annotations

import pytest

from benchmarks import data_email_addresses, data_phone_numbers
from customers import address, identify
from customers.models import ContactPoint, Profile
from tests.customers import people


class TestEmail:
    @pytest.mark.parametrize(
        ("written", "normal"),
        [
            (" Ana.Marić@Example.ORG\n", "ana.marić@example.org"),
            ("ana@bücher.example", "ana@xn--bcher-kva.example"),
            ("ana@BÜCHER.example", "ana@xn--bcher-kva.example"),
            ("\uff41\uff4e\uff41\uff20example\uff0eorg", "ana@example.org"),
            ("Jane.Doe+news@GMAIL.com", "jane.doe+news@gmail.com"),
        ],
    )
    def test_has_one_form(self, written, normal):
        assert address.email(written) == normal
        assert address.email(normal) == normal

    @pytest.mark.parametrize("wrong", ["", "ana", "ana@", "@example.org", "a b@example.org"])
    def test_is_refused_where_no_mail_can_go(self, wrong):
        with pytest.raises(address.BadAddress):
            address.email(wrong)

    @pytest.mark.dataset
    def test_agrees_with_isemail_but_for_what_is_on_purpose(self, dataset):
        figures = data_email_addresses.run(dataset("email_addresses"))

        assert figures["addresses"] == 164
        assert set(figures["by_policy"]) == {
            data_email_addresses.AROUND,
            data_email_addresses.NO_DOT,
        }

    def test_longer_than_a_mailbox_may_be_is_refused(self):
        # Found by the real data: 65 characters before the @ were taken.
        with pytest.raises(address.BadAddress):
            address.email(f"{'a' * 65}@example.org")


class TestPhone:
    @pytest.mark.parametrize(
        ("written", "country"),
        [
            ("+385 91 234 5678", ""),
            ("091/234-5678", "HR"),
            ("091 234 5678", "hr"),
            ("00385912345678", "HR"),
            ("tel:+385-91-234-5678", "US"),
        ],
    )
    def test_has_one_form(self, written, country):
        assert address.phone(written, country=country) == "+385912345678"

    @pytest.mark.parametrize(
        ("wrong", "country"),
        [
            ("", "HR"), ("call me", "HR"), ("091 234 5678", ""), ("12", "HR"),
            ("+385 91 234 5678 ext. 12", ""), ("9" * 300, "HR"), ("+0000000000", ""),
        ],
    )  # fmt: skip
    def test_is_refused_where_nobody_can_be_called(self, wrong, country):
        with pytest.raises(address.BadAddress):
            address.phone(wrong, country=country)

    def test_belongs_to_the_country_of_the_house_where_nobody_says_another(self, monkeypatch):
        monkeypatch.setattr(address.HOME, "country", "HR")

        assert address.phone("091 234 5678") == "+385912345678"
        assert address.phone("0664 1234567", country="AT") == "+436641234567"
        assert address.phone("091 234 5678", country="Atlantis") == "+385912345678"

    @pytest.mark.dataset
    def test_agrees_with_every_row_of_the_real_data(self, dataset):
        figures = data_phone_numbers.run(dataset("phone_numbers"))

        assert figures["rows"] == 2410
        assert figures["disagreements"] == {}


@pytest.mark.django_db
class TestContactPoints:
    def test_are_made_of_a_phone_trait_in_the_country_of_the_person(self):
        people.happened({
            "type": "identify",
            "userId": "ana",
            "traits": {"phone": "091 234 5678", "country": "HR"},
        })

        point = ContactPoint.objects.get()
        assert (point.channel, point.value, point.shown) == (
            "phone", "+385912345678", "091 234 5678",
        )  # fmt: skip
        assert point.profile == Profile.objects.get()

    def test_are_not_made_of_what_is_no_number_and_the_trait_stays(self):
        people.happened({"type": "identify", "userId": "ana", "traits": {"phone": "call me"}})

        assert not ContactPoint.objects.exists()
        assert Profile.objects.get().traits["phone"] == "call me"

    def test_are_one_for_two_spellings(self):
        ana = people.ana()
        one, two = (
            identify.ensure_contact_point(
                profile_id=ana.pk, channel="phone", address=written, at=people.NOON
            )
            for written in ("+385 91 234 5678", "tel:+385912345678")
        )

        assert one == two
