"""Seals open for us, for their purpose, and for nobody else."""

import pytest

from dxp.lib import crypto


class TestSeals:
    def test_what_is_sealed_is_read_again_and_looks_like_nothing(self):
        sealed = crypto.seal("sender", "pässword")

        assert crypto.unseal("sender", sealed) == "pässword"
        assert "ssword" not in sealed
        assert crypto.seal("sender", "pässword") != sealed

    @pytest.mark.parametrize("broken", ["", "x", "é", "gAAAAA"])
    def test_open_for_nothing_else(self, broken, settings):
        sealed = crypto.seal("sender", "password")

        for purpose, text in (
            ("other", sealed),
            ("sender", sealed[:-4] + "AAA="),
            ("sender", broken),
        ):
            with pytest.raises(crypto.BrokenSeal):
                crypto.unseal(purpose, text)

    def test_a_key_that_was_replaced_still_opens(self, settings):
        sealed = crypto.seal("sender", "password")
        settings.SECRET_KEY, old = "n" * 60, settings.SECRET_KEY

        with pytest.raises(crypto.BrokenSeal):
            crypto.unseal("sender", sealed)
        settings.SECRET_KEY_FALLBACKS = [old]
        assert crypto.unseal("sender", sealed) == "password"
