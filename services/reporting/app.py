"""Reporting's wiring: the only place that names concrete things together."""

from functools import partial

from pydantic import Field

from services.reporting.counting import count
from services.reporting.export_web import export_api
from services.reporting.figures import Figures
from services.reporting.handlers import Reporting
from services.reporting.labels import catalogue
from services.reporting.nightly import Nightly
from services.reporting.pages import FigurePages
from services.reporting.proof.proving import Prover
from services.reporting.proof_web import proof_api
from services.reporting.public.opening import Opening
from services.reporting.public.pages import OpenPages
from services.reporting.report import report_api
from services.reporting.roller import Roller
from services.reporting.scheduled import Reports
from services.reporting.web import api
from shared import municipality
from shared.contracts import (
    CaseAccepted,
    CaseAsked,
    CaseAssigned,
    CaseClosed,
    CaseForwarded,
    CaseGathered,
    CaseImported,
    CaseProgressed,
    CaseReopened,
    CaseReturned,
    CaseSeparated,
    ContactRegistered,
    Message,
    NoticeRecorded,
    SurveyAnswered,
)
from shared.mailing import LetterheadSettings, MailServer, SmtpSettings
from shared.messaging import Consumer, Service
from shared.municipality import Municipality
from shared.settings import Settings, given, read, stop

SCHEMA = "reporting"
FACTS: list[type[Message]] = [
    ContactRegistered,
    CaseAssigned,
    CaseAccepted,
    CaseForwarded,
    CaseGathered,
    CaseImported,
    CaseProgressed,
    CaseReopened,
    CaseReturned,
    CaseSeparated,
    CaseAsked,
    CaseClosed,
    NoticeRecorded,
    SurveyAnswered,
]


class ReportingSettings(Settings):
    """What reporting reads from its environment beside the common settings."""

    desk_public_url: str = Field("", description="where browsers reach the desk, whose pages of cases are linked")


def reporting() -> Service:
    """The process that counts, and serves the figures."""
    settings = read(ReportingSettings)
    place = municipality.load_for_service(settings.ilkim_municipality)
    service = Service("reporting", SCHEMA, settings)
    service.consume(Consumer("reporting", ["reporting.events"], FACTS, Reporting(place.zone).count, linger_seconds=0.2))
    service.background(Roller(service).run)
    nightly = Nightly(service, Prover(settings.database_url.get_secret_value(), partial(count, zone=place.zone), place))
    service.background(nightly.run)
    service.tell("proof", nightly.report)
    figures = Figures(service, place)
    service.web.include_router(api(figures))
    service.web.include_router(report_api(figures))
    service.web.include_router(proof_api(service))
    service.web.include_router(export_api(figures))
    pages = FigurePages(figures, place, settings.desk_public_url, service.is_stopping)
    pages.mount(service.web)
    service.on_stop(pages.close)
    if any(report.on for report in place.reports):
        send_reports(service, figures, place)
    opening = Opening(service, figures, place)
    service.background(opening.run)
    OpenPages(opening, place).mount(service.web)
    return service


def send_reports(service: Service, figures: Figures, place: Municipality) -> None:
    """Let the service mail what stands in reports.toml."""
    server = given(SmtpSettings) or stop("set SMTP_HOST: reports are to be sent by mail")
    head = read(LetterheadSettings)
    reports = Reports(service, figures, place, catalogue(), MailServer(server, head.domain), head)
    service.background(reports.run)
    service.on_stop(reports.close)
