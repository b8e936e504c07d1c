"""The names of the mainland's holidays for translators; it knows no day."""

from __future__ import annotations

from django.utils.translation import gettext_noop

# What the package calls its holidays, so that pages can say them in another language.
NAMES = (
    gettext_noop("元旦"),
    gettext_noop("春节"),
    gettext_noop("清明"),
    gettext_noop("劳动节"),
    gettext_noop("端午"),
    gettext_noop("国庆节"),
    gettext_noop("中秋"),
    gettext_noop("中国人民抗日战争暨世界反法西斯战争胜利70周年纪念日"),
)
