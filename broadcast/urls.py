"""Every address of the house; the upper apps are named as strings."""

from __future__ import annotations

from django.urls import include, path
from django.views.decorators.cache import cache_control
from django.views.i18n import JSONCatalog

from broadcast.views import (
    account,
    account_data,
    account_guardian,
    account_partner,
    account_social,
    health,
    pages,
    second_step,
    security,
    sources,
    staff,
)

_account = (
    [
        path("login", account.login, name="login"),
        path("logout", account.logout, name="logout"),
        path("phone", account.phone, name="phone"),
        path("phone/code", account.phone_code, name="phone-code"),
        path("consent", account.consent, name="consent"),
        path("guardian", account_guardian.guardian, name="guardian"),
        path("partner", account_partner.enter, name="partner"),
        path("social/<str:way>/start", account_social.start, name="social-start"),
        path("social/<str:way>/link", account_social.link, name="social-link"),
        path("social/<str:way>/back", account_social.back, name="social-back"),
        path("social/<str:provider>/unlink", account_social.unlink, name="social-unlink"),
        path("renew", account.renew, name="renew"),
        path("language", account.language, name="language"),
        path("elder", account.elder, name="elder"),
        path("data", account_data.data, name="data"),
        path("data/file", account_data.file, name="data-file"),
        path("data/erase", account_data.erase, name="data-erase"),
        path("data/keep", account_data.keep, name="data-keep"),
        path("second", second_step.step, name="second"),
        path("second/passkey", second_step.passkey_question, name="second-passkey"),
        path("second/passkey/answer", second_step.passkey_answer, name="second-passkey-answer"),
        path("confirm", security.confirm, name="confirm"),
        path("invitation/<int:pk>/<str:token>", security.invitation, name="invitation"),
        path("security", security.show, name="security"),
        path("security/app", security.app, name="app"),
        path("security/app/remove", security.app_remove, name="app-remove"),
        path("security/codes", security.codes, name="codes"),
        path("security/passkeys", security.passkey_options, name="passkey-options"),
        path("security/passkeys/add", security.passkey_add, name="passkey-add"),
        path("security/passkeys/<int:pk>/remove", security.passkey_remove, name="passkey-remove"),
        path("security/logins/end", security.logins_end, name="logins-end"),
        path("security/logins/<int:pk>/end", security.login_end, name="login-end"),
        path("security/password", security.password, name="password"),
    ],
    "account",
)

urlpatterns = [
    path("", pages.home, name="home"),
    path("programmes/", pages.programmes, name="programmes"),
    path("programmes/<slug:slug>/", pages.programme, name="programme"),
    path("about/privacy", pages.privacy, name="privacy"),
    path("about/agreement", pages.agreement, name="agreement"),
    path("q/<slug:code>", sources.scan, name="source"),
    path("account/", include(_account)),
    path("staff/", include((staff.urlpatterns, "staff"))),
    path(
        "i18n.json", cache_control(public=True, max_age=300)(JSONCatalog.as_view(packages=["broadcast"])), name="i18n"
    ),
    path("healthz", health.healthz, name="healthz"),
    path("staff/recordings/", include("archive.recording_urls")),
    path("staff/imports/", include("archive.importing.pages")),
    path("staff/uploads/", include("archive.uploads.tus")),
    path("staff/keeping/", include("archive.keeping.page")),
    path("staff/airings/", include("archive.transcripts.urls")),
    path("invitations/", include("scheduling.views.invitation")),
    path("search", include("archive.search.urls")),
    path("", include("live.urls")),
    path("", include("scheduling.urls")),
    path("clips/", include("archive.clipping.urls")),
    path("media/", include("archive.urls")),
    path("", include(("archive.podcasts.views", "podcasts"))),
]

handler404 = "broadcast.views.refusals.not_found"
handler500 = "broadcast.views.refusals.server_error"
